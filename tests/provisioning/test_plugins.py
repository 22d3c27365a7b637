"""Plugins are found here, named by their content, and never fetched by a run."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from paybill_site.local.terraform import this_platform
from provisioning import stacks
from provisioning.errors import PluginMissing, TerraformFailed
from provisioning.models import StackVersion
from provisioning.plugins import fetching, hashing, locks, mirrors

PLATFORM = this_platform()
NULL = {"example/null": ">= 1.0.0"}
ADDRESS = "registry.terraform.io/example/null"


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """A machine without any mirror."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    for name in ("PAYBILL_TF_MIRROR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(mirrors, "OPTIONAL", tmp_path / "opt")
    settings.PAYBILL_LOCAL = tmp_path / "local"


def plugin(mirror: Path, version: str = "1.0.0", text: str = "#!/bin/sh\n") -> Path:
    """A plugin that does nothing, unpacked in a mirror."""
    folder = mirror / ADDRESS / version / PLATFORM
    folder.mkdir(parents=True)
    program = folder / f"terraform-provider-null_v{version}"
    program.write_text(text)
    program.chmod(0o755)
    return program


def stack(text: str, name: str = "test/bridge") -> StackVersion:
    """A stack that is not on disk."""
    files = {"main.tf": text}
    admitted = stacks.admitted(files)
    return StackVersion(
        name=name, files=files, digest=stacks.digest(files), providers=admitted
    )


NEEDS_NULL = """
terraform {
  required_providers {
    null = {
      source  = "example/null"
      version = ">= 1.0.0, < 3.0.0"
    }
  }
}
"""


def test_mirrors_are_found_in_order_and_no_path_is_fixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, again = tmp_path / "named", tmp_path / "again"
    implied = tmp_path / "home" / ".terraform.d" / "plugins"
    optional = tmp_path / "opt" / "anything"
    for folder in (named, again, mirrors.own(), implied, optional):
        plugin(folder)
    (tmp_path / "opt" / "no-mirror" / "bin").mkdir(parents=True)
    monkeypatch.setenv("PAYBILL_TF_MIRROR", os.pathsep.join(map(str, (named, again))))
    found = [named, again, mirrors.own(), implied, optional]
    assert mirrors.folders() == found


def test_several_mirrors_serve_each_its_own_providers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    plugin(first, "1.0.0")
    plugin(second, "2.0.0")
    other = second / "registry.terraform.io/Example/Other/3.0.0" / PLATFORM
    other.mkdir(parents=True)
    monkeypatch.setenv("PAYBILL_TF_MIRROR", f"{first}{os.pathsep}{second}")
    served = mirrors.serve(stacks.sources(["example/null", "Example/Other"]))
    chosen = {p.source: p.version for _, found in served.plugins for p in found}
    assert chosen == {ADDRESS: "1.0.0", "registry.terraform.io/example/other": "3.0.0"}
    assert served.config().count("filesystem_mirror") == 2
    assert 'exclude = ["*/*/*"]' in served.config()


def test_a_digest_follows_the_content_and_not_the_place(tmp_path: Path) -> None:
    program = plugin(mirrors.own())
    before = mirrors.serve([ADDRESS]).digest()
    mirrors.own().rename(tmp_path / "moved")
    (tmp_path / "opt").mkdir()
    (tmp_path / "moved").rename(tmp_path / "opt" / "plugins")
    assert mirrors.serve([ADDRESS]).digest() == before
    program = tmp_path / "opt" / "plugins" / program.relative_to(mirrors.own())
    program.write_text("#!/bin/sh\nexit 1\n")
    assert mirrors.serve([ADDRESS]).digest() != before


def test_a_large_plugin_is_hashed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = plugin(mirrors.own(), text="x" * hashing.LARGE)
    first = hashing.of_package(program.parent)
    monkeypatch.setattr("hashlib.file_digest", lambda *_: pytest.fail("hashed again"))
    assert hashing.of_package(program.parent) == first
    monkeypatch.undo()
    os.utime(program, ns=(1, 1))
    program.write_text("y" * hashing.LARGE)
    assert hashing.of_package(program.parent) != first


def test_a_packed_plugin_is_found_too() -> None:
    folder = mirrors.own() / ADDRESS
    folder.mkdir(parents=True)
    packed = folder / f"terraform-provider-null_1.2.0_{PLATFORM}.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("terraform-provider-null_v1.2.0", "#!/bin/sh\n")
    ((_, (found,)),) = mirrors.serve([ADDRESS]).plugins
    assert (found.version, found.path) == ("1.2.0", packed)
    assert hashing.of_package(packed).startswith("zh:")


def test_terraform_locks_what_is_here_with_the_hash_that_we_find() -> None:
    program = plugin(mirrors.own(), "2.1.0")
    lock = locks.of(stack(NEEDS_NULL))
    (chosen,) = lock.selections()
    assert (chosen["source"], chosen["version"]) == (ADDRESS, "2.1.0")
    assert chosen["hashes"] == [hashing.of_package(program.parent)]
    (kept,) = locks.folder().iterdir()
    assert kept.name == f"{lock.stack_digest}-{lock.mirror_digest}.lock.hcl"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert locks.of(stack(NEEDS_NULL)) == lock


def test_another_plugin_is_another_lock() -> None:
    plugin(mirrors.own(), "1.0.0")
    before = locks.of(stack(NEEDS_NULL))
    plugin(mirrors.own(), "2.0.0")
    after = locks.of(stack(NEEDS_NULL))
    assert after.mirror_digest != before.mirror_digest
    assert after.sha256 != before.sha256
    assert len(list(locks.folder().iterdir())) == 2


def test_what_is_in_no_mirror_is_named_with_what_to_do() -> None:
    with pytest.raises(PluginMissing, match=rf"{ADDRESS}.*stacks mirror"):
        locks.of(stack(NEEDS_NULL))


def test_a_version_that_no_mirror_has_is_terraforms_refusal() -> None:
    plugin(mirrors.own(), "4.0.0")
    with pytest.raises(TerraformFailed, match="no available releases match"):
        locks.of(stack(NEEDS_NULL))


def test_nothing_is_asked_of_the_network_for_what_is_not_in_a_mirror(
    tmp_path: Path,
) -> None:
    """Not even the registry: Terraform says at once that it is in no place."""
    (tmp_path / "main.tf").write_text(NEEDS_NULL)
    (tmp_path / "terraform.rc").write_text(mirrors.serve([]).config())
    with pytest.raises(TerraformFailed, match=r"not\s+found\s+in\s+any"):
        locks.bare("init", "-no-color", folder=tmp_path)


def test_a_stack_without_providers_needs_no_lock() -> None:
    lock = locks.of(stack('terraform {\n  backend "http" {}\n}\n'))
    assert (lock.text, lock.selections()) == ("", [])
    assert not locks.folder().exists()


def test_without_a_registry_the_mirror_command_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("provisioning.plugins.fetching.SECONDS", 20)
    address = {"registry.invalid/example/null": [">= 1.0.0"]}
    with pytest.raises(PluginMissing, match="PAYBILL_TF_MIRROR"):
        fetching.fetch(address)


def test_admitted_versions_are_read_from_the_stack() -> None:
    assert stacks.admitted({"versions.tf": NEEDS_NULL}) == {
        "example/null": ">= 1.0.0, < 3.0.0"
    }
    for one in stacks.every():
        for source in stacks.admitted(one.files()):
            assert source in stacks.tested(), "tested with is said of every provider"
