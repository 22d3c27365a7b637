"""Stacks are kept as they were: a deployment stays on its own until it is moved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command

from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Forbidden
from paybill_site.kernel.planes import Place
from provisioning import obstacles, stacks, terraform
from provisioning.actions import ArchiveStack, CancelRun
from provisioning.models import Deployment, StackVersion
from provisioning.plugins import mirrors
from provisioning.system import PROVISIONING
from tests.cast import LogIn
from tests.provisioning.conftest import OPERATOR, Entitle, queue

type Edit = Callable[[str], None]


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edit:
    """Change the bridge stack on disk."""
    folder = tmp_path / "local" / "bridge"
    folder.mkdir(parents=True)
    monkeypatch.setattr(stacks, "FOLDER", tmp_path)

    def write(text: str) -> None:
        (folder / "main.tf").write_text(text)

    write("# first\n")
    return write


def test_a_deployment_stays_on_its_stack_and_a_new_one_gets_the_newest(
    edit: Edit, entitle: Entitle
) -> None:
    old = queue(entitle(slug="old"))
    edit("# second\n")
    new = queue(entitle(slug="new"))
    perform(CancelRun, old, actor=OPERATOR)
    again = queue(old.deployment)
    assert again.stack_version == old.stack_version
    assert new.stack_version != old.stack_version
    assert again.stack_version is not None
    assert stacks.contents(again.stack_version) == {"main.tf": "# first\n"}


def test_a_deployment_that_was_moved_runs_on_the_other_stack(
    edit: Edit, deployment: Deployment
) -> None:
    first = queue(deployment)
    perform(CancelRun, first, actor=OPERATOR)
    edit("# second\n")
    named = {"cloud": "local", "kind": "bridge"}
    second = perform(ArchiveStack, None, named, actor=PROVISIONING).result
    assert perform(ArchiveStack, None, named, actor=PROVISIONING).result == second
    Deployment.objects.update(stack_version=second)
    assert queue(Deployment.objects.get()).stack_digest == second.digest


def test_who_may_not_archive_is_refused(edit: Edit, control: Place) -> None:
    named = {"cloud": "local", "kind": "bridge"}
    with pytest.raises(Forbidden):
        perform(ArchiveStack, None, named, actor=OPERATOR)


def test_operators_read_files_and_what_was_tested_apart_from_what_is_admitted(
    control: Place, log_in: LogIn, operator_user: User
) -> None:
    named = {"cloud": "aws", "kind": "bridge"}
    version = perform(ArchiveStack, None, named, actor=PROVISIONING).result
    browser = log_in(operator_user)
    listed = browser.get("/operators/provisioning/stackversion/").content.decode()
    assert version.digest[:12] in listed
    address = f"/operators/provisioning/stackversion/{version.pk}/change/"
    page = browser.get(address).content.decode()
    assert "hashicorp/aws: 5.100.0, the real provider" in page
    assert "hashicorp/aws: &gt;= 5.100.0" in page
    assert "aws_db_instance" in page
    rows = browser.get("/api/stacks").json()["results"]
    assert [row["digest"] for row in rows] == [version.digest]


def test_what_this_machine_can_not_build_is_said_before_it_is_sold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert obstacles.tools("pooled", "local", "") == ""
    assert obstacles.tools("bridge", "local", "") == ""
    assert "no stack for bridge on nowhere" in obstacles.tools("bridge", "nowhere", "")
    monkeypatch.setattr(mirrors, "folders", list)
    why = obstacles.tools("silo", "aws", "")
    assert "registry.terraform.io/hashicorp/aws is not on this machine" in why
    monkeypatch.setenv("TERRAFORM_BIN", str(tmp_path / "nothing"))
    assert "Terraform is missing" in obstacles.tools("bridge", "local", "")


def test_opentofu_is_pinned_as_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that says it is OpenTofu; no run of a real one was tried."""
    tofu = tmp_path / "tofu"
    tofu.write_text("#!/bin/sh\necho OpenTofu v1.11.2\n")
    tofu.chmod(0o755)
    monkeypatch.setenv("TERRAFORM_BIN", str(tofu))
    assert terraform.version() == "OpenTofu 1.11.2"
    assert stacks.sources(["hashicorp/aws"]) == ["registry.opentofu.org/hashicorp/aws"]


def test_the_stacks_command_lists_and_locks(
    control: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "folders", list)
    call_command("stacks", "list")
    call_command("stacks", "lock")
    said = capsys.readouterr().out
    assert "tested with 5.100.0" in said
    assert "local/bridge: " in said
    assert "no mirror here has registry.terraform.io/hashicorp/aws" in said
    assert StackVersion.objects.filter(name="local/bridge").count() == 1
