"""How Terraform gets into the cloud of a run: variables and files, for one phase."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioning.clouds.adapters import Access, adapter
from provisioning.models import Run
from provisioning.states import Phase

__all__ = ["Access", "access"]


@contextmanager
def access(run: Run, phase: Phase, folder: Path) -> Iterator[Access]:
    """Open the cloud for one phase of a run; what is renewed is renewed until the end.

    Raises CloudFailed when the cloud does not let Paybill in.
    """
    with adapter(run.deployment.cloud).access(run, phase, folder) as opened:
        yield opened
