"""For whom a step is declared, and by what one declaration is told from another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from agents.workflows.opening import may_take
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.workflows import By, Guard, Step
from tests.agents.listing import Listing, Stamp


def test_a_program_is_no_person(clerk: Actor) -> None:
    """It takes what agents and people may take, and nothing that is for people."""
    key, human = (replace(clerk, kind=kind) for kind in (Kind.KEY, Kind.PERSON))
    for who, taken in (
        ({By.PERSON}, [human]),
        ({By.AGENT}, [clerk]),
        ({By.AGENT, By.PERSON}, [clerk, human, key]),
        ({By.SYSTEM}, []),
    ):
        step = Step("stamp", Stamp, at=("new",), to="new", by=frozenset(who))
        for actor in (clerk, human, key):
            assert may_take(actor, step) is (actor in taken)


def _never(*moments: Any) -> Any:
    return None


@pytest.mark.parametrize(
    "other",
    [
        {"approval": _never},
        {"undo_input": _never},
        {"take": _never},
        {"belongs": _never},
        {"by": frozenset({By.PERSON})},
        {"within": timedelta(minutes=5)},
        {"guards": (Guard("other", "it says so already", _never),)},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_declaration_is_another_version(
    other: dict[str, Any], listing: type[Listing], monkeypatch: pytest.MonkeyPatch
) -> None:
    version = listing.version()
    first, *more = listing.steps
    monkeypatch.setattr(listing, "steps", (replace(first, **other), *more))
    assert listing.version() != version
