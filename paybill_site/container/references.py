"""Secrets of which the container is told where they are, not what they say.

Where the stack may not know a secret, ``NAME_REFERENCE`` stands in for ``NAME``.
Paybill puts the handover there after the apply that started this container, so it is
asked for until it is there, in the version that the stack told.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping

from paybill_site.container import vaults, waiting
from paybill_site.environ import read

HANDOVER, MASTER = "PAYBILL_HANDOVER", "PAYBILL_DATABASE_MASTER"
# Seconds: what follows the container in the apply, and how long Paybill tries after.
PATIENCE, PAUSE = 3600.0, 5.0


class NotThereYet(RuntimeError):
    """Nothing was put where the container looks for its secrets."""


def resolved(given: Mapping[str, str], port: int) -> dict[str, str]:
    """The environment with what its references name. Raises NotThereYet.

    While it waits it answers on ``port`` that it is alive and not ready.
    """
    wanted = [
        (name, reference)
        for name in ENOUGH
        if (reference := read(given, f"{name}_REFERENCE")) and not read(given, name)
    ]
    if not wanted:
        return dict(given)
    found = _looked_for(wanted, given)
    if len(found) < len(wanted):
        with waiting.answered(port):
            found = _awaited(wanted, given)
    return {**given, **found}


def _awaited(wanted: list[tuple[str, str]], given: Mapping[str, str]) -> dict[str, str]:
    until = time.monotonic() + PATIENCE
    while len(found := _looked_for(wanted, given)) < len(wanted):
        if time.monotonic() > until:
            missing = ", ".join(name for name, _ in wanted if name not in found)
            raise NotThereYet(f"nothing is where it should be for {missing}")
        time.sleep(PAUSE)
    return found


def _looked_for(
    wanted: list[tuple[str, str]], given: Mapping[str, str]
) -> dict[str, str]:
    looked = {name: _looked(reference, given) for name, reference in wanted}
    return {name: text for name, text in looked.items() if ENOUGH[name](text, given)}


def _looked(reference: str, given: Mapping[str, str]) -> str:
    """What is there now; "" while nobody may look, and why is said."""
    try:
        return vaults.read_secret(reference, given)
    except vaults.Closed as refusal:
        print(f"container: {refusal}", file=sys.stderr, flush=True)  # noqa: T201
        return ""


def _version(text: str) -> int:
    """The version that a handover carries; 0 for what is none yet."""
    try:
        return int(json.loads(text).get("version", 0))
    except (ValueError, TypeError, AttributeError):
        return 0


def _is_new_enough(text: str, given: Mapping[str, str]) -> bool:
    return _version(text) >= int(read(given, f"{HANDOVER}_VERSION", "1"))


def _is_there(text: str, given: Mapping[str, str]) -> bool:
    return bool(text)


ENOUGH = {HANDOVER: _is_new_enough, MASTER: _is_there}
