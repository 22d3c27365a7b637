"""Which Terraform runs: TERRAFORM_BIN, else the one on PATH, else our own copy."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from paybill_site.local import terraform as local
from provisioning.errors import TerraformMissing


def binary() -> Path:
    """Path of the program. Raises TerraformMissing with what to do."""
    path, _ = _found(os.environ.get("TERRAFORM_BIN", ""), os.environ.get("PATH", ""))
    return path


def version() -> str:
    """Its version, as in ``1.11.4``. Raises TerraformMissing."""
    _, number = _found(os.environ.get("TERRAFORM_BIN", ""), os.environ.get("PATH", ""))
    return number


@cache
def _found(named: str, path: str) -> tuple[Path, str]:
    """Asked once per environment; a failure is not remembered, so it can be mended."""
    try:
        program = local.find()
    except local.NoTerraform as error:
        raise TerraformMissing(f"Terraform is missing: {error}") from error
    number = local.version(program)
    if number is None:
        raise TerraformMissing(f"{program} does not run")
    return program, ".".join(map(str, number))
