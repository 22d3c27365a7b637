"""A whole installation by ``./paybill up``, in a folder of its own, for slow tests."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from django.conf import settings

from paybill_site.local import services
from paybill_site.local.places import Places

ROOT = Path(settings.BASE_DIR)
READY = "Ctrl-C stops everything."


def environment(local: Path) -> dict[str, str]:
    """What a developer's shell has, pointed at a folder of the test's own."""
    unset = {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "DJANGO_SETTINGS_MODULE"}
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return {**kept, "PAYBILL_LOCAL": str(local)}


class Instance:
    """One run of ``./paybill up``: what it printed, and where it is."""

    def __init__(self, local: Path, log: Path) -> None:
        self.local, self.log = local, log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [str(ROOT / "paybill"), "up"],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=environment(local),
                start_new_session=True,
            )
        self._wait_for(READY, 180)

    @property
    def lines(self) -> str:
        return self.log.read_text("utf-8", "replace")

    @property
    def base(self) -> str:
        """The portal's address, without the slash."""
        return self.printed("portal").rstrip("/")

    def printed(self, words: str) -> str:
        """The address or value that was printed behind these words."""
        found = re.search(rf"^\s*{words}:?\s+(\S+)$", self.lines, re.M)
        if found is None:
            pytest.fail(f"no {words!r} in:\n{self.lines[-3000:]}")
        return found[1]

    def stop(self) -> int:
        """Press Ctrl-C; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(90)

    def destroy(self) -> None:
        """Leave nothing behind, whatever happened before."""
        try:
            self.stop()
        finally:
            services.destroy(Places(self.local))

    def _wait_for(self, text: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        while text not in self.lines:
            if time.monotonic() > until or self.process.poll() is not None:
                self.process.kill()
                pytest.fail(f"no {text!r} in:\n{self.lines[-3000:]}")
            time.sleep(0.1)
