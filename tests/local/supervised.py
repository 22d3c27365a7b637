"""A supervisor for the tests: `python -m tests.local.supervised LOCAL MODE`."""

from __future__ import annotations

import sys
from pathlib import Path

from paybill_site.local import parts, services
from paybill_site.local.control import Control
from paybill_site.local.places import Places
from paybill_site.local.postgres import Server
from paybill_site.local.process import Part
from paybill_site.local.supervisor import Supervisor

SLEEPER = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(600)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); " + SLEEPER
CRASHER = "import sys; print('about to end', flush=True); sys.exit(3)"
SCRIPTS = {"one": SLEEPER, "two": SLEEPER, "deaf": DEAF, "crasher": CRASHER}
MODES = {
    "sleepers": ("one", "two"),
    "deaf": ("one", "deaf"),
    "crash": ("one", "crasher"),
}


def main(local: Path, mode: str) -> None:
    """Supervise small scripts, or PostgreSQL, Redis and further units."""
    with Supervisor(Places(local)) as supervisor:
        if mode == "units":
            with_units(supervisor)
            return
        for name in MODES[mode]:
            words = [sys.executable, "-c", SCRIPTS[name]]
            supervisor.start(Part(name, words, grace=1.0))
        supervisor.say("===", "ready")
        supervisor.run()


def with_units(supervisor: Supervisor) -> None:
    """Run what further units need."""
    server, control = Server(supervisor.places), Control(supervisor)
    server.initialise()
    supervisor.start(parts.postgres(server))
    supervisor.start(parts.redis(supervisor.places))
    services.prepare(server)
    control.open()
    control.restore()
    supervisor.say("===", "ready")
    supervisor.run()
    control.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
