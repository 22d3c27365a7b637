"""Attempts at one thing: each is a run of its own, named after the one before."""

from __future__ import annotations

from provisioning.models import Run


def trigger(run: Run) -> str:
    """What asks for the attempt after ``run``; asked twice, it is the same run."""
    return f"retry:{run.public_id}"


def following(run: Run) -> Run | None:
    """The attempt after ``run``, where there is one."""
    return Run.objects.filter(trigger=trigger(run)).first()


def newest(run: Run) -> Run:
    """The last attempt at what ``run`` was for; itself when it is the last."""
    while (after := following(run)) is not None:
        run = after
    return run
