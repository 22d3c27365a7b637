"""The shop of the agents' tests, and that of the retail data, for stories of both."""

from __future__ import annotations

import pytest

from examples.storefront.replay import retail
from examples.storefront.replay.folder import Folder, read
from examples.storefront.replay.stage import Stage
from examples.storefront.states import Books, SameItem
from paybill_site.kernel.planes import Place
from paybill_site.kernel.sandboxes import settle
from tests.agents.conftest import (  # noqa: F401
    enter,
    grant,
    helper,
    licensed,
    orders,
    shopkeeper,
)
from tests.storefront.retail import FOLDER
from tests.storefront.selling import ada, delivered, keeper  # noqa: F401


@pytest.fixture(scope="session")
def retail_folder() -> Folder:
    return read(FOLDER)


@pytest.fixture
def stage(in_a: Place, retail_folder: Folder) -> Stage:
    """The shop of the folder, in an empty plane."""
    made = retail.prepare(retail_folder, SameItem.NEVER, Books.PUBLISHED)
    settle()  # else every call looks again at what the load put off
    return made
