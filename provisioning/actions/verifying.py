"""Noting what was looked at before a run was called done."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from paybill_site.kernel.actions import Action
from paybill_site.kernel.actors import Actor
from provisioning.actions.advancing import HeldInput, check_fence
from provisioning.models import Run


class NoteChecksInput(HeldInput):
    checks: list[dict[str, Any]] = Field(max_length=100)
    report_key: str = Field(default="", max_length=60)


class NoteChecks(Action[Run, NoteChecksInput, Run]):
    """Keep what was verified after an apply, passed or not; the audit tells it too."""

    model = Run
    Input = NoteChecksInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: NoteChecksInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        target.checks = data.checks
        target.save(update_fields=["checks"])
        if data.report_key:
            target.deployment.report_key = data.report_key
            target.deployment.save(update_fields=["report_key"])
        return target
