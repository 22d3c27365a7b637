"""`./paybill` finds a Python that runs, installs once, and hands over."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.local.conftest import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]
PATH = "/usr/bin:/bin"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with an empty lock, in a folder with a space in its name."""
    folder = tmp_path / "my clone"
    (folder / "paybill_site" / "local").mkdir(parents=True)
    shutil.copy(ROOT / "paybill", folder)
    terraform = "paybill_site/local/terraform.py"
    shutil.copy(ROOT / terraform, folder / terraform)
    (folder / "requirements.lock").write_text("")
    (folder / "manage.py").write_text("import sys; print('manage', sys.argv[1:])")
    return folder


@pytest.fixture
def run(clone: Path, tmp_path: Path) -> Run:
    """A function that runs the script on a machine with what the test puts there."""

    def script(
        *words: str, path: str = PATH, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        home = {"PATH": path, "HOME": str(tmp_path / "home")}
        return subprocess.run(
            [str(clone / "paybill"), *words],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**home, **extra},
        )

    return script


def shim(folder: Path, name: str, body: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def installed(clone: Path) -> None:
    """Make the clone look installed, which takes seconds otherwise."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    shutil.copy(clone / "requirements.lock", clone / ".venv/requirements.installed")


def test_it_installs_once_and_hands_over(run: Run, clone: Path) -> None:
    first = run("some_command", "--with", "a b", PAYBILL_PYTHON=sys.executable)
    assert "manage ['some_command', '--with', 'a b']" in first.stdout
    assert "installing into" in first.stderr
    second = run("some_command", PAYBILL_PYTHON="/nowhere")
    assert "installing" not in second.stderr
    assert second.returncode == 0


@pytest.mark.slow
def test_another_lock_is_installed_afresh(run: Run, clone: Path) -> None:
    run("some_command", PAYBILL_PYTHON=sys.executable)
    (clone / "requirements.lock").write_text("# nothing, but something else\n")
    again = run("some_command", PAYBILL_PYTHON=sys.executable)
    assert "installing into" in again.stderr


@pytest.mark.slow
def test_a_package_without_its_hash_is_refused(run: Run, clone: Path) -> None:
    (clone / "requirements.lock").write_text("idna==3.20\n")
    done = run("some_command", PAYBILL_PYTHON=sys.executable)
    assert done.returncode != 0
    assert "hash" in done.stderr.lower()
    assert "manage" not in done.stdout


@pytest.mark.slow
def test_a_python_that_is_only_a_shim_is_passed_over(run: Run, tmp_path: Path) -> None:
    shim(tmp_path / "bin", "python3.13", "echo 'not installed' >&2; exit 127")
    versions = tmp_path / "home" / ".pyenv" / "versions" / "3.13.9" / "bin"
    shim(versions, "python3", f'exec "{sys.executable}" "$@"')
    for old in ("python3.12", "python3.14", "python3", "python"):
        shim(tmp_path / "bin", old, "exit 1")
    done = run("some_command", path=f"{tmp_path / 'bin'}:{PATH}")
    assert "manage ['some_command']" in done.stdout


def test_without_any_python_it_says_what_to_do(run: Run, tmp_path: Path) -> None:
    names = ("python3.12", "python3.13", "python3.14", "python3", "python", "uv")
    for name in names:
        shim(tmp_path / "bin", name, "exit 127")
    done = run("some_command", path=f"{tmp_path / 'bin'}:{PATH}")
    assert done.returncode == 1
    assert "PAYBILL_PYTHON=/path/to/python3" in done.stderr


def test_without_terraform_it_goes_on(run: Run, clone: Path) -> None:
    installed(clone)
    done = run("some_command", PAYBILL_PYTHON=sys.executable)
    assert done.returncode == 0
    if not shutil.which("terraform", path=PATH):
        assert "bridge and silo plans are off" in done.stderr


def test_help_needs_no_installation(run: Run, clone: Path) -> None:
    done = run("help")
    assert "./paybill up" in done.stdout
    assert not (clone / ".venv").exists()


def test_the_script_is_posix_shell() -> None:
    text = (ROOT / "paybill").read_text()
    assert text.startswith("#!/bin/sh\n")
    assert "[[" not in text
    assert os.access(ROOT / "paybill", os.X_OK)
    subprocess.run(["/bin/sh", "-n", str(ROOT / "paybill")], check=True)
