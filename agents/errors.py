"""Why an agent is refused. ``rule`` in a problem document names the same thing."""

from __future__ import annotations

from paybill_site.kernel.errors import PaybillError


class UnknownTool(PaybillError):
    """There is no such tool here."""

    status = 404


class NotGranted(PaybillError):
    """The agent holds no grant for this."""

    status = 403


class KeyNeeded(PaybillError):
    """A tool that acts needs an Idempotency-Key: 1 to 200 visible ASCII characters."""


class TooLarge(PaybillError):
    """The request is larger than a call may be."""

    status = 413


class TooSlow(PaybillError):
    """The question takes too long to answer; narrow it."""

    status = 422


class NotGrantable(PaybillError):
    """This permission can not be given to an agent."""

    status = 422


class OutOfWorkflow(PaybillError):
    """This is a step of a workflow: start a run, and take the step in its place."""

    status = 409


class RuleBroken(PaybillError):
    """A rule of the workflow does not hold."""

    status = 409


class ApprovalNeeded(PaybillError):
    """A person has to agree to this first."""

    status = 409


class NotApproved(PaybillError):
    """The approval does not allow this call, or not any more."""

    status = 409


class FourEyes(PaybillError):
    """Somebody else has to decide this."""

    status = 403


class BlastRadius(PaybillError):
    """The call would change more rows than it may."""

    status = 403


class NotListed(PaybillError):
    """The call names an address outside that is on no list."""

    status = 403
