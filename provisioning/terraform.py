"""Which Terraform runs: TERRAFORM_BIN, else the one on PATH, else our own copy.

OpenTofu does as well. It is told from Terraform by what it says of itself.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from paybill_site.local import terraform as local
from provisioning.errors import TerraformMissing

# Where a provider comes from whose source names no host.
HOSTS = {"Terraform": "registry.terraform.io", "OpenTofu": "registry.opentofu.org"}


def binary() -> Path:
    """Path of the program. Raises TerraformMissing with what to do."""
    return _here()[0]


def version() -> str:
    """What runs are pinned to: ``1.11.4``, or ``OpenTofu 1.11.0``.

    Raises TerraformMissing.
    """
    _, product, number = _here()
    return number if product == "Terraform" else f"{product} {number}"


def host() -> str:
    """The registry that a source without a host means. Raises TerraformMissing."""
    return HOSTS[_here()[1]]


def _here() -> tuple[Path, str, str]:
    return _found(os.environ.get("TERRAFORM_BIN", ""), os.environ.get("PATH", ""))


@cache
def _found(named: str, path: str) -> tuple[Path, str, str]:
    """Asked once per environment; a failure is not remembered, so it can be mended."""
    try:
        program = local.find()
    except local.NoTerraform as error:
        raise TerraformMissing(f"Terraform is missing: {error}") from error
    said = local.introduced(program)
    if said is None:
        raise TerraformMissing(f"{program} does not run")
    product, number = said
    return program, product, ".".join(map(str, number))
