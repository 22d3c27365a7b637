"""The image, as far as it can be tried without an engine that builds it.

What the Dockerfile copies is laid out by hand, read-only and started in both modes.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.conf import settings

from paybill_site.container.__main__ import COMMANDS
from paybill_site.local.environment import rehearsal
from tests.container.conftest import Managed
from tests.container.test_tenant import wait_until
from tests.services import any_port

ROOT = Path(settings.BASE_DIR)
FOLDER = ROOT / "paybill_site" / "container"


def instructions() -> list[list[str]]:
    """The Dockerfile's instructions, each as its words."""
    text = (FOLDER / "Dockerfile").read_text()
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.M).replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line.strip()]


def copied() -> Iterator[tuple[Path, str]]:
    """What the last stage takes from the clone, and where it puts it in ``/app``."""
    words = instructions()
    last = max(i for i, line in enumerate(words) if line[0] == "FROM")
    for line in words[last:]:
        if line[0] == "COPY" and not line[1].startswith("--from"):
            *sources, target = line[1:]
            for source in sources:
                yield ROOT / source, source if target == "./" else target


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """``/app`` of the image: what is copied, without what is ignored, read-only."""
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text().split("\n")
    names = [line.removeprefix("**/") for line in ignored if line.startswith("**/")]

    def skip(folder: str, found: list[str]) -> list[str]:
        return [n for n in found if any(fnmatch.fnmatch(n, name) for name in names)]

    app = tmp_path / "app"
    app.mkdir()
    for source, target in copied():
        if source.is_dir():
            shutil.copytree(source, app / target, ignore=skip)
        else:
            shutil.copy(source, app / target)
    subprocess.run(["chmod", "-R", "a-w,a+rX", str(app)], check=True)
    return app


def run(app: Path, *words: str, **environment: str) -> subprocess.Popen[bytes]:
    """The entry point with nothing but what is given, and with no power of root's.

    The interpreter of this test may be out of another user's reach, so root stays root
    and loses what lets it write where it may not.
    """
    powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    return subprocess.Popen(
        [*(powerless if os.geteuid() == 0 else []), sys.executable, *words],
        cwd=app,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": "/nonexistent",
            **environment,
        },
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def test_what_is_copied_is_there() -> None:
    missing = [str(source) for source, _ in copied() if not source.exists()]
    assert not missing
    assert ROOT / "paybill_site" in {source for source, _ in copied()}


def test_nothing_private_or_made_gets_in(image: Path) -> None:
    names = {path.name for path in image.rglob("*")}
    assert not names & {".local", ".git", ".venv", "__pycache__", "tests"}
    assert not list(image.rglob("*.tfstate*"))


def test_python_and_terraform_are_those_of_the_code() -> None:
    text = (FOLDER / "Dockerfile").read_text()
    versions = set(re.findall(r"FROM python:([\d.]+)-slim", text))
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest = tuple(map(int, wanted["requires-python"].removeprefix(">=").split(".")))
    assert len(versions) == 1
    assert tuple(map(int, versions.pop().split("."))) >= oldest
    # Release and SHA-256 stand in one place: the image fetches by that very file.
    assert "paybill_site/local/terraform.py --fetch" in text


def test_what_is_developed_with_is_taken_out() -> None:
    """The line of the Dockerfile that names it, run here."""
    (line,) = [" ".join(words) for words in instructions() if "uninstall" in words]
    found = re.search(r'-c "(.*)"\)', line)
    assert found
    program = found[1].replace("/build/", f"{ROOT}/")
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"mypy", "ruff", "pytest", "hypothesis", "tf"} <= {
        name.partition("[")[0] for name in said
    } | {"mypy"}
    assert "django" not in said


def test_it_starts_as_an_ordinary_user_and_by_our_entry_point() -> None:
    words = instructions()
    (user,) = [line[1] for line in words if line[0] == "USER"]
    assert int(user) > 0, "by number: clouds check it without looking into the image"
    (made,) = [" ".join(words) for words in instructions() if "useradd" in words]
    assert f"--uid {user} " in made
    (entry,) = [" ".join(line[1:]) for line in words if line[0] == "ENTRYPOINT"]
    assert entry == '["python", "-m", "paybill_site.container"]'
    (default,) = [line[1] for line in words if line[0] == "CMD"]
    assert default.strip('[]"') in COMMANDS
    check = " ".join(next(line for line in words if line[0] == "HEALTHCHECK"))
    assert "/health/live" in check


def test_without_a_name_it_says_which_there_are(image: Path) -> None:
    process = run(image, "-m", "paybill_site.container", "nothing")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"web, worker, runner, care, hooks, beat, migrate, tenant" in said


@pytest.mark.slow
def test_static_files_can_be_collected(image: Path, tmp_path: Path) -> None:
    target, local = tmp_path / "static", tmp_path / "local"
    for folder in (target, local):
        folder.mkdir()
    places = {"PAYBILL_STATIC_ROOT": str(target), "PAYBILL_LOCAL": str(local)}
    process = run(image, "manage.py", "collectstatic", "--noinput", **places)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said.decode()[-2000:]
    assert any(target.rglob("*.css"))


@pytest.mark.slow
def test_the_control_plane_starts_from_it(image: Path) -> None:
    port = any_port()
    words = ["-m", "paybill_site.container", "web"]
    process = run(image, *words, PORT=str(port), **rehearsal())
    wait_until(port, process, 60)
    line = HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("GET", "/", headers={"Host": "paybill.example"})
    assert line.getresponse().status == 301  # to https, whatever a probe may ask
    line.close()
    process.terminate()
    process.communicate(timeout=60)


@pytest.mark.slow
def test_a_tenants_own_server_starts_from_it(
    image: Path, managed: Managed, handed: dict[str, str]
) -> None:
    sockets = Path(handed["PAYBILL_DATABASE_HOST"])
    if os.geteuid() == 0:  # without root's powers others' folders are closed
        sockets.chmod(0o711)
        for socket in sockets.iterdir():
            socket.chmod(0o777)
    port = any_port()
    words = ["-m", "paybill_site.container", "tenant"]
    process = run(image, *words, PORT=str(port), **handed)
    wait_until(port, process, 120)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_shell_lines_are_whole() -> None:
    for words in instructions():
        if words[0] == "RUN":
            shell = " ".join(words[1:])
            subprocess.run(["sh", "-n", "-c", shell], check=True)
            assert shlex.split(shell, posix=True)
