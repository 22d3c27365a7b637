"""All twelve stacks are asked the same questions and give the same answers."""

from __future__ import annotations

import re
import subprocess

import pytest

from provisioning import stacks, terraform
from provisioning.clouds.facts import problem_with_detail
from tests.provisioning.stacks.inputs import (
    ACCOUNTS,
    CLOUDS,
    HANDOVER,
    KINDS,
    SIMULATED,
    inputs,
)
from tests.provisioning.stacks.reading import declared, resources, text
from tests.provisioning.stacks.test_lifecycle import OUTPUTS

EVERY = [f"{cloud}/{kind}" for cloud in CLOUDS for kind in KINDS]
every = pytest.mark.parametrize("name", EVERY)
in_a_cloud = pytest.mark.parametrize(
    "name", [n for n in EVERY if not n.startswith("local")]
)
TYPES = {
    "protection": "bool",
    "asleep": "bool",
    "generation": "number",
    "retention_days": "number",
    "handover_version": "number",
    "account": "map(string)",
}
PREFIXES = {
    "aws": "aws_",
    "azure": "azurerm_",
    "google": "google_",
    "oracle": "oci_",
    "ibm": "ibm_",
}
NAMES = re.compile(r"\$\{local\.name\}|= +local\.name$|replace\(local\.name", re.M)


def test_these_are_all_that_there_are() -> None:
    assert [stack.name for stack in stacks.every()] == sorted(EVERY)


@every
def test_it_takes_the_same_variables(name: str) -> None:
    variables = declared(name, "variable")
    assert variables == declared(EVERY[0], "variable")
    assert {one.name for one in variables} == {*inputs(name), "handover"}
    for one in variables:
        assert one.type == TYPES.get(one.name, "string")
        assert one.description.endswith(".")
        assert one.handed == (one.name == "handover")


@every
def test_it_gives_the_same_outputs(name: str) -> None:
    outputs = declared(name, "output")
    assert {one.name for one in outputs} == OUTPUTS
    assert outputs == declared(EVERY[0], "output")


@every
def test_it_is_written_in_the_one_form(name: str) -> None:
    folder = stacks.Stack(name).folder
    done = subprocess.run(
        [terraform.binary(), "fmt", "-check", "-diff", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


@every
def test_it_asks_for_a_terraform_that_knows_write_only_arguments(name: str) -> None:
    assert 'required_version = ">= 1.11.0"' in text(name)
    assert 'backend "http" {}' in text(name)


@every
def test_no_lock_file_is_kept(name: str) -> None:
    """Paybill keeps one per stack and mirror; one kept here would bind all mirrors."""
    assert not (stacks.Stack(name).folder / ".terraform.lock.hcl").exists()


@in_a_cloud
def test_a_cloud_stack_does_nothing_beside_the_cloud(name: str) -> None:
    """No provisioner, no program, no random values: the cloud's own provider only."""
    prefix = PREFIXES[name.split("/", maxsplit=1)[0]]
    types = re.findall(r'^(?:resource|data) "(\w+)"', text(name), re.M)
    assert [kind for kind in types if not kind.startswith(prefix)] == []
    assert 'provisioner "' not in text(name)


@in_a_cloud
def test_it_was_tested_with_a_version_that_it_admits(name: str) -> None:
    cloud, kind = name.split("/")
    # One provider, and no other.
    ((source, admitted),) = stacks.admitted(stacks.find(cloud, kind).files()).items()
    tested = stacks.tested()[source]["version"]
    lowest, bound = re.findall(r"(?:>=|<) ([\d.]+)", admitted)
    assert number(lowest) <= number(tested) < number(bound)


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@pytest.mark.parametrize("name", [n for n in EVERY if n.split("/")[0] in SIMULATED])
def test_what_has_a_name_in_the_cloud_has_the_generation_in_it(name: str) -> None:
    """Of every type at least one name does; the rest is inside of what does."""
    assert re.search(r'name = "pb-\$\{substr\(sha256\(.*\)\}-g\$\{', text(name))
    assert sum(bool(NAMES.search(body)) for _, body in resources(name)) >= 2


@in_a_cloud
def test_what_is_handed_over_goes_into_write_only_arguments(name: str) -> None:
    """Terraform itself refuses it elsewhere; here is where it may be named at all."""
    lines = [line for line in text(name).splitlines() if "var.handover" in line]
    plain = [line for line in lines if not re.search(r"_wo\b|_version|password", line)]
    assert plain == []
    assert HANDOVER.keys() >= set(re.findall(r"handover\)\.(\w+)", text(name)))


@pytest.mark.parametrize("name", sorted(ACCOUNTS))
def test_an_account_may_keep_what_the_stack_asks_for(name: str) -> None:
    """Details are kept in the open: what looks like a secret is refused there."""
    told = {key: problem_with_detail(key, fact) for key, fact in ACCOUNTS[name].items()}
    assert {key: why for key, why in told.items() if why} == {}
