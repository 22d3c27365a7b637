"""What happens to runs and approvals, and what is to be looked at later."""

from __future__ import annotations

from datetime import datetime

from paybill_site.kernel.events import Event


class _OfRun(Event):
    """Events of one run keep their order."""

    run: str

    @property
    def stream(self) -> str:
        return self.run


class RunStarted(_OfRun):
    """A run of a workflow was opened. ``subject`` is the public id of its row."""

    workflow: str
    subject: str


class RunEnded(_OfRun):
    """A run came to its end. ``status`` is a RunStatus: done, cancelled or failed."""

    workflow: str
    status: str


class RunReady(_OfRun):
    """A run stands where the system takes the next step, after ``taken`` others."""

    taken: int


class RunUndoing(_OfRun):
    """A run that ends early is to be compensated, step by step."""


class RunDue(Event):
    """At ``at`` somebody has to look whether a run is over its time."""

    run: str
    at: datetime

    @property
    def due(self) -> datetime:
        return self.at


class _OfApproval(Event):
    """Events of one approval keep their order."""

    approval: str

    @property
    def stream(self) -> str:
        return self.approval


class ApprovalAsked(_OfApproval):
    """An agent wants to do something that a person has to agree to."""

    tool: str


class ApprovalGranted(_OfApproval):
    """A person agreed; the call is made as the agent, if it is still the same."""


class ApprovalEnded(_OfApproval):
    """An approval was used, refused, withdrawn, or lost its force: ``state``."""

    state: str


class ApprovalDue(Event):
    """At ``at`` somebody has to look whether an approval is over its time."""

    approval: str
    at: datetime

    @property
    def due(self) -> datetime:
        return self.at


class SwitchMoved(Event):
    """The installation's switch for all agents was thrown, or taken back."""

    @property
    def stream(self) -> str:
        return "agents.switch"
