"""A supervisor without the usual parts, for the units of the tests' installation."""

from __future__ import annotations

import os
from pathlib import Path

from paybill_site.local import supervisor as supervising
from paybill_site.local.control import Control
from paybill_site.local.places import Places
from paybill_site.local.supervisor import Supervisor


def main() -> None:
    # The services that run here are the tests' own, not an earlier supervisor's.
    vars(supervising)["end_leftovers"] = lambda pids: []
    with Supervisor(Places(Path(os.environ["PAYBILL_LOCAL"]))) as supervisor:
        control = Control(supervisor)
        control.open()
        control.restore()
        supervisor.run()
        control.close()


if __name__ == "__main__":
    main()
