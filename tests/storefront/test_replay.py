"""A published benchmark's tasks, played on the shop and compared row by row."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from examples.storefront.replay import retail
from examples.storefront.replay.folder import Folder, read
from examples.storefront.replay.playing import Stage, play
from examples.storefront.states import Books, SameItem
from paybill_site.kernel.planes import Place

SHARED = Path(os.environ.get("PAYBILL_SHARED", "/nowhere")) / "data" / "retail"
needs_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="PAYBILL_SHARED does not name the retail data"
)


@pytest.fixture(scope="session")
def retail_folder() -> Folder:
    return read(SHARED)


@pytest.fixture
def stage(in_a: Place, retail_folder: Folder) -> Stage:
    """The shop of the folder, in an empty plane."""
    return retail.prepare(retail_folder, SameItem.NEVER, Books.PUBLISHED)


@pytest.mark.slow
@needs_data
def test_every_task_ends_as_the_reference_left_it(
    stage: Stage, retail_folder: Folder
) -> None:
    tasks = [play(stage, task, n) for n, task in enumerate(retail_folder.tasks)]
    report: dict[str, Any] = retail.summary(tasks)
    assert report["failures"] == []
    assert report["accepted_with_equal_rows"] == 174
    assert report["refused"] == {"looked_at": 2, "as_expected": 2}
