"""Before a plan that follows an apply that ended badly: what exists, and is it known?

1. Nothing of an earlier run works any more: on this host its processes are looked
   for, for another host a grace is waited.
2. The cloud is asked what carries the deployment's tags. While it does not answer
   nothing is planned; it is asked again, by one at a time and less and less often.
3. Each thing is looked for in the state. What is in it is fine. What has a place in
   the stack and is not in the state is taken up by the run (``Run.imports``). What has
   no place freezes the deployment, by name.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Conflict, IllegalMove, PaybillError
from provisioning import queue, state, statediff
from provisioning.actions import PutOffRun, SettleRun
from provisioning.clouds import inventory
from provisioning.clouds.inventory import Found
from provisioning.errors import CloudFailed
from provisioning.models import Deployment, Run
from provisioning.runner import remains
from provisioning.runner.lease import host
from provisioning.runner.workdir import WorkDir
from provisioning.states import FINAL, Operation
from provisioning.system import REAPER

log = logging.getLogger(__name__)

# For hosts where nobody here can look.
GRACE = timedelta(seconds=settings.PAYBILL_RUN_LEASE_SECONDS * 4 / 3)
PAUSE, LONGEST = 30.0, 600.0  # seconds between two questions; doubled each time
# What a resource can be called; tags come from outside, so they are not believed.
ADDRESS = re.compile(r'[a-z][a-z0-9_]*\.[A-Za-z_][\w-]*(\[(\d+|"[\w./:@-]+")\])?')
DECLARED = re.compile(r'^\s*resource\s+"([a-z0-9_]+)"\s+"([\w-]+)"', re.MULTILINE)


def recover() -> int:
    """Settle every run that waits for it; return how many can be planned now."""
    return sum(_recover(run) for run in queue.unsettled())


def _recover(run: Run) -> bool:
    if _may_live(run.deployment) or not _asks(run):
        return False
    try:
        findings = compare(run)
        perform(SettleRun, run, findings.as_input(), actor=REAPER)
    except CloudFailed as away:
        log.warning("%s is not planned yet: %s", run.public_id, away.detail)
        _put_off(run, f"It is not known yet what exists: {away.detail}")
        return False
    except (Conflict, IllegalMove) as quicker:
        log.info("%s: another was quicker: %s", run.public_id, quicker.detail)
        return False
    except PaybillError as refusal:
        log.error("%s can not be settled: %s", run.public_id, refusal.detail)
        _put_off(run, f"What exists can not be noted: {refusal.detail}")
        return False
    except Exception as error:  # one cloud's odd answer does not hold the others up
        log.exception("%s could not be compared", run.public_id)
        _put_off(run, f"It could not be compared ({type(error).__name__}).")
        return False
    return not findings.unplaced


def _asks(run: Run) -> bool:
    """Take the question on: nobody else asks meanwhile, and nobody soon again."""
    pause = timedelta(seconds=min(PAUSE * 2.0 ** min(run.asked, 9), LONGEST))
    mine = queue.unsettled().filter(pk=run.pk)
    after = timezone.now() + pause
    return bool(mine.update(asked=F("asked") + 1, ask_after=after))


def _put_off(run: Run, why: str) -> None:
    """Say it on the run, once; it is asked again after a pause."""
    if run.explanation != why[:1000]:
        with suppress(PaybillError):
            perform(PutOffRun, run, {"why": why[:1000]}, actor=REAPER)


@dataclass(slots=True)
class Findings:
    """What a run has to take up, and what has no place."""

    imports: list[dict[str, str]] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)

    def as_input(self) -> dict[str, Any]:
        return {"imports": self.imports, "unplaced": self.unplaced}


def compare(run: Run) -> Findings:
    """Ask the cloud and compare. Raises CloudFailed."""
    asked, findings = inventory.of(run.deployment), Findings()
    if asked is None:  # nobody to ask: names that are made once are all there is
        return findings
    there = defaultdict[str, list[Found]](list)
    for found in asked.listed(run.deployment):
        if not found.ends and not _made_again(asked, found, run):
            there[found.address].append(found)
    known, declared = _known(run.deployment), _declared(run)
    for address in sorted(there):
        _place(findings, there[address], known.get(address, []), declared)
    return findings


def _place(
    findings: Findings,
    things: list[Found],
    instances: list[Mapping[str, Any]],
    declared: frozenset[str],
) -> None:
    """Decide about all that carries one address."""
    address = things[0].address
    new = [one for one in things if not any(_is(one, each) for each in instances)]
    why = ""
    if not new:
        return
    if instances:
        why = f"the state knows another {address}"
    elif len(new) > 1:
        why = f"there are {len(new)} for the address {address or 'that is empty'}"
    elif not ADDRESS.fullmatch(address) or address.partition("[")[0] not in declared:
        why = f"the stack has no {address[:200]}" if address else "it has no address"
    elif not new[0].id or "${" in new[0].id or "%{" in new[0].id:
        why = f"no import takes it ({address})"
    if why:
        findings.unplaced += [f"{one.name[:300]}: {why}" for one in new]
    else:
        findings.imports.append({"address": address, "id": new[0].id})


def _is(found: Found, instance: Mapping[str, Any]) -> bool:
    """Whether a thing is the one that the state holds, by any name it has there."""
    attributes = instance.get("attributes") or {}
    names = set(_texts(attributes))
    own = str(attributes.get("id") or "")
    ends = bool(own) and found.name.endswith((f"/{own}", f":{own}"))
    return ends or found.name in names or bool(found.id and found.id in names)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _known(deployment: Deployment) -> dict[str, list[Mapping[str, Any]]]:
    """What the state in force holds, by address; also what it is about to delete."""
    known = defaultdict[str, list[Mapping[str, Any]]](list)
    version = state.current(deployment)
    for address, instance in statediff.instances(version.content if version else b"{}"):
        known[address].append(instance)
    return known


def _declared(run: Run) -> frozenset[str]:
    """Addresses of the resources that the run's stack declares, without a key."""
    files: Iterable[str] = (
        run.stack_version.files if run.stack_version else {}
    ).values()
    return frozenset(
        f"{kind}.{name}" for text in files for kind, name in DECLARED.findall(text)
    )


def _made_again(asked: inventory.Inventory, found: Found, run: Run) -> bool:
    """Where making a thing again finds the one that is there, an apply does that."""
    return bool(getattr(asked, "repeats", False)) and not (
        run.operation == Operation.DESTROY and found.address
    )


def _may_live(deployment: Deployment) -> bool:
    """Whether something of an earlier run may still be at work."""
    for run in deployment.runs.filter(state__in=FINAL).order_by("-id")[:5]:
        if remains.living(WorkDir.of(run).path):
            return True
        if run.holder and not run.holder.startswith(f"{host()} "):
            ended = run.ended_at or timezone.now()
            if ended + GRACE > timezone.now():
                return True
    return False


def missing(run: Run) -> list[dict[str, str]]:
    """Those of the run's imports that its state does not hold yet."""
    known = _known(run.deployment)
    return [one for one in run.imports if one["address"] not in known]
