"""Terraform is found, or fetched and checked, or its absence is explained."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from paybill_site.local import terraform

PROGRAM = "#!/bin/sh\necho '{product} v{version}'\necho 'on this_machine'\n"


def program(path: Path, version: str, product: str = "Terraform") -> Path:
    """A program that says it is Terraform, or OpenTofu."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PROGRAM.format(version=version, product=product))
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No Terraform anywhere, and the network leads nowhere."""
    monkeypatch.delenv("TERRAFORM_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PAYBILL_LOCAL", str(tmp_path / ".local"))
    monkeypatch.setenv("PAYBILL_TERRAFORM_BASE", (tmp_path / "site").as_uri())


def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site that offers a release, and its digest pinned."""
    name = terraform.this_platform()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(
            "terraform", PROGRAM.format(version=terraform.PINNED, product="Terraform")
        )
    file = f"{terraform.PINNED}/terraform_{terraform.PINNED}_{name}.zip"
    target = tmp_path / "site" / file
    target.parent.mkdir(parents=True)
    target.write_bytes(content.getvalue())
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    monkeypatch.setitem(terraform.DIGESTS, name, digest)
    return target


def test_the_named_program_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = program(tmp_path / "own folder" / "tf", "1.12.2")
    monkeypatch.setenv("TERRAFORM_BIN", str(named))
    program(tmp_path / "bin" / "terraform", "1.13.0")
    assert terraform.find() == named


def test_opentofu_is_taken_when_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that introduces itself as OpenTofu does; a real one was not tried."""
    tofu = program(tmp_path / "tofu", "1.11.0", "OpenTofu")
    monkeypatch.setenv("TERRAFORM_BIN", str(tofu))
    assert terraform.find() == tofu
    assert terraform.introduced(tofu) == ("OpenTofu", (1, 11, 0))


@pytest.mark.parametrize("version", ["1.10.9", "0.14.0"])
def test_a_named_program_that_is_too_old_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    named = program(tmp_path / "tf", version)
    monkeypatch.setenv("TERRAFORM_BIN", str(named))
    with pytest.raises(terraform.NoTerraform, match=r"older than 1\.11"):
        terraform.find()


def test_a_program_on_path_is_taken(tmp_path: Path) -> None:
    there = program(tmp_path / "bin" / "terraform", "1.11.0")
    assert terraform.find() == there


def test_a_shim_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    shim = tmp_path / "bin" / "terraform"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    with pytest.raises(terraform.NoTerraform, match="set TERRAFORM_BIN"):
        terraform.find()


def test_the_pinned_release_is_fetched_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = release(tmp_path, monkeypatch)
    found = terraform.find(fetch=True)
    assert terraform.version(found) == (1, 14, 0)
    site.unlink()
    assert terraform.find() == found


def test_a_release_with_another_digest_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = release(tmp_path, monkeypatch)
    site.write_bytes(site.read_bytes() + b"one byte more")
    with pytest.raises(terraform.NoTerraform, match="not the pinned release"):
        terraform.find(fetch=True)
    assert not list((tmp_path / ".local").rglob("terraform"))


def test_without_network_the_absence_is_explained() -> None:
    with pytest.raises(terraform.NoTerraform, match="could not fetch"):
        terraform.find(fetch=True)
