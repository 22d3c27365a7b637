"""Lock files: one per stack and mirror, made by Terraform from that mirror alone.

None is committed: it names the plugins of a machine. A run keeps the text it was
planned with, so that the apply selects the same plugins or is refused.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from provisioning import golang, proxies, stacks, terraform
from provisioning.errors import PluginMissing, TerraformFailed
from provisioning.models import StackVersion
from provisioning.plugins import files, mirrors
from provisioning.plugins.mirrors import Served

NAME = ".terraform.lock.hcl"
SECONDS = 300
SELECTED = re.compile(r'^provider "([^"]+)" \{(.*?)^\}', re.DOTALL | re.MULTILINE)
VERSION = re.compile(r'version\s*=\s*"([^"]+)"')
DECORATION = re.compile(r"\x1b\[[0-9;]*m|^[│╷╵] ?", re.MULTILINE)
HASH = re.compile(r'"((?:h1|zh):[^"]+)"')


@dataclass(frozen=True, slots=True)
class Lock:
    """The plugins that a stack gets from a mirror; no ``text`` when it needs none."""

    stack_digest: str
    mirror_digest: str
    text: str
    served: Served

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def selections(self) -> list[dict[str, Any]]:
        """Source, version and hashes of each provider that is selected."""
        return [
            {
                "source": source,
                "version": _version(body),
                "hashes": sorted(HASH.findall(body)),
            }
            for source, body in SELECTED.findall(self.text)
        ]


def _version(body: str) -> str:
    said = VERSION.search(body)
    return said[1] if said else ""


def of(stack: StackVersion) -> Lock:
    """The lock of a stack on this machine; it is made when there is none.

    Raises PluginMissing when no mirror has what the stack needs.
    """
    served = serve(stack)
    digest = served.digest()
    if not served.plugins:
        return Lock(stack.digest, digest, "", served)
    kept = folder() / f"{stack.digest}-{digest}.lock.hcl"
    if not kept.exists():
        files.write(kept, _made(stack, served))
    return Lock(stack.digest, digest, kept.read_text(), served)


def serve(stack: StackVersion) -> Served:
    """The plugins that a stack may use. Raises PluginMissing."""
    served = mirrors.serve(stacks.sources(stack.providers))
    if served.missing:
        raise PluginMissing(
            f"no mirror here has {', '.join(served.missing)}:"
            " run ./paybill stacks mirror, or name one in PAYBILL_TF_MIRROR"
        )
    return served


def folder() -> Path:
    """Where lock files are kept."""
    return Path(settings.PAYBILL_LOCAL) / "terraform" / "locks"


def _made(stack: StackVersion, served: Served) -> str:
    """What ``terraform init`` selects from the mirror. Raises PluginMissing."""
    place = folder()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as name:
        work = Path(name)
        for file, text in stack.files.items():
            (work / file).write_text(text)
        (work / "terraform.rc").write_text(served.config())
        bare("init", "-backend=false", "-input=false", "-no-color", folder=work)
        return (work / NAME).read_text()


def bare(*words: str, folder: Path, seconds: float = SECONDS) -> str:
    """Run Terraform on a folder that has a ``terraform.rc``, with nothing else.

    Of this host's environment it gets the way out alone: the mirror may be fetched.
    Raises TerraformFailed with its words.
    """
    environment = {
        **proxies.environment(),
        **golang.environment(),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_CLI_CONFIG_FILE": str(folder / "terraform.rc"),
    }
    try:
        done = subprocess.run(
            [str(terraform.binary()), *words],
            cwd=folder,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise TerraformFailed(f"{words[0]} took longer than {seconds:.0f} s") from error
    if done.returncode:
        said = DECORATION.sub("", done.stderr).strip()
        raise TerraformFailed(f"terraform {words[0]}: {said[-1500:]}")
    return done.stdout
