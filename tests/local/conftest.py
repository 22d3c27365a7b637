"""An embedded installation of its own for each test that starts one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paybill_site.local import services
from paybill_site.local.places import Places

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    """Places of a fresh installation, in a folder whose name has a space."""
    found = Places(tmp_path / "a clone" / ".local")
    yield found
    services.destroy(found)


class Supervised:
    """A supervisor in a process of its own, and the lines it printed."""

    def __init__(self, places: Places, log: Path, mode: str) -> None:
        self.log = log
        words = [sys.executable, "-m", "tests.local.supervised", str(places.local)]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*words, mode], stdout=output, stderr=subprocess.STDOUT, cwd=ROOT
            )
        self.wait_for(f"{'===':<10} | ready")

    @property
    def lines(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str, seconds: float = 30.0) -> None:
        """Return when the text was printed."""
        until = time.monotonic() + seconds
        while text not in self.lines:
            if time.monotonic() > until or self.process.poll() not in (None, 0):
                pytest.fail(f"no {text!r} in:\n{self.lines[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> int:
        """Ask it to stop; its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(30)

    def kill(self) -> None:
        """Kill it as the system does when memory runs out."""
        self.process.kill()
        self.process.wait(10)


Start = Callable[..., Supervised]


@pytest.fixture
def supervise(places: Places, tmp_path: Path) -> Iterator[Start]:
    """A function that starts a supervisor; all are stopped afterwards."""
    started: list[Supervised] = []

    def start(mode: str = "sleepers") -> Supervised:
        log = tmp_path / f"supervisor-{len(started)}.log"
        started.append(Supervised(places, log, mode))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="module")
def shared_units(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """A supervisor that takes units, for tests that add none."""
    folder = tmp_path_factory.mktemp("shared")
    places = Places(folder / ".local")
    running = Supervised(places, folder / "supervisor.log", "units")
    yield places
    running.stop()
    services.destroy(places)
