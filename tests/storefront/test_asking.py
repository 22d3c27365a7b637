"""The benchmark's words in ours: what its tools refuse is not accepted by ours."""

from __future__ import annotations

from itertools import count

import pytest
from pydantic import ValidationError

from agents.answers import Answer
from agents.errors import TooSlow
from examples.storefront.actions import CancelPendingOrder
from examples.storefront.replay import asker
from examples.storefront.replay.asking import asked
from examples.storefront.replay.folder import Call
from examples.storefront.replay.loading import Ids
from paybill_site.kernel.actors import system


def said(reason: str) -> object:
    """What our tool is told when theirs is told this."""
    given = {"order_id": "#W1", "reason": reason}
    one = Call(number=0, tool="cancel_pending_order", arguments=given, verdict="")
    return asked(one, Ids({}, {}, {}, {}, {})).arguments["reason"]


@pytest.mark.parametrize("reason", ["no longer needed", "ordered by mistake"])
def test_the_two_published_phrases_are_reasons(reason: str) -> None:
    taken = CancelPendingOrder.Input.model_validate({"reason": said(reason)})
    assert taken.model_dump(mode="json")["reason"] == reason.replace(" ", "_")


@pytest.mark.parametrize(
    "reason",
    [
        "no_longer_needed", "no longer_needed", "ordered_by mistake",
        "No longer needed", "no longer needed ", " ordered by mistake",
        "out of stock", "out_of_stock", "",
    ],
)  # fmt: skip
def test_every_other_text_is_none(reason: str) -> None:
    with pytest.raises(ValidationError):
        CancelPendingOrder.Input.model_validate({"reason": said(reason)})


@pytest.mark.parametrize(("stopped", "ended"), [(2, asker.ACCEPTED), (3, "time")])
def test_a_read_that_a_busy_machine_stopped_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, stopped: int, ended: str
) -> None:
    asked = count(1)

    def answer(*_: object, **more: object) -> Answer:
        if next(asked) <= stopped:
            raise TooSlow(rule="time")
        return Answer({"count": 1})

    monkeypatch.setattr("agents.dispatch.call", answer)
    verdict = asker.call(system("test"), "count_orders", {})
    assert ended in {verdict.is_, verdict.rule}
