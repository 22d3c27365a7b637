"""How Terraform gets into the cloud of a run: variables and files, for one phase."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from provisioning.models import Run
from provisioning.states import Cloud, Phase


@dataclass(frozen=True, slots=True)
class Access:
    """Environment of Terraform's process, and what of it no log may show."""

    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


@contextmanager
def access(run: Run, phase: Phase, folder: Path) -> Iterator[Access]:
    """Open the cloud for one phase of a run; what is renewed is renewed until the end.

    Raises CloudFailed when the cloud does not let Paybill in.
    """
    if run.deployment.cloud == Cloud.LOCAL:
        yield Access(
            {
                "PAYBILL_LOCAL": str(settings.PAYBILL_LOCAL),
                "PAYBILL_PYTHON": sys.executable,
                "PYTHONPATH": str(settings.BASE_DIR),
            }
        )
        return
    yield Access()
