"""A published benchmark's tasks, played on the shop and compared row by row."""

from __future__ import annotations

from typing import Any

import pytest

from examples.storefront.replay import retail
from examples.storefront.replay.stage import Stage
from tests.storefront.retail import needs_data


@pytest.mark.longest
@pytest.mark.slow
@needs_data
def test_every_task_ends_as_the_reference_left_it(
    stage: Stage,
) -> None:
    report: dict[str, Any] = retail.summary(retail.played(stage))
    assert report["failures"] == []
    assert report["accepted_with_equal_rows"] == 174
    assert report["refused"] == {"looked_at": 2, "as_expected": 2}
