"""The product's settings, and a cloud that the schema provider remembers."""

from __future__ import annotations

from paybill_site.settings import *  # noqa: F403
from paybill_site.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.crashes"]
