"""Fills the mirror of our own from the registry, once, when a person asks for it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from paybill_site.local.terraform import this_platform
from provisioning.errors import PluginMissing, TerraformFailed
from provisioning.plugins import locks, mirrors

SECONDS = 1800  # a plugin may have 100 MB packed, and there are several


def fetch(providers: Mapping[str, Iterable[str]]) -> Path:
    """Fetch the newest admitted version of each provider; return the mirror's folder.

    ``providers``: source to the constraints that stacks put on it. Raises
    PluginMissing, with Terraform's words, when the registry can not be reached.
    """
    target = mirrors.own()
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "versions.tf").write_text(_requirements(providers))
        (work / "terraform.rc").write_text("disable_checkpoint = true\n")
        platform = f"-platform={this_platform()}"
        words = ("providers", "mirror", platform, str(target))
        try:
            locks.bare(*words, folder=work, seconds=SECONDS)
        except TerraformFailed as error:
            wanted = ", ".join(sorted(providers))
            raise PluginMissing(
                f"{wanted} could not be fetched from the registry. With a network it"
                " can; without one, put a filesystem mirror on this machine and name"
                f" it in PAYBILL_TF_MIRROR. {error.detail}"
            ) from error
    return target


def _requirements(providers: Mapping[str, Iterable[str]]) -> str:
    lines = [
        f'    p{number} = {{ source = "{source}", version = "{", ".join(wanted)}" }}\n'
        for number, (source, wanted) in enumerate(sorted(providers.items()))
    ]
    return f"terraform {{\n  required_providers {{\n{''.join(lines)}  }}\n}}\n"
