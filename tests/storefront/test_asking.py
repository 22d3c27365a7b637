"""The benchmark's words in ours: what its tools refuse is not accepted by ours."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from examples.storefront.actions import CancelPendingOrder
from examples.storefront.replay.asking import asked
from examples.storefront.replay.folder import Call
from examples.storefront.replay.loading import Ids


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
