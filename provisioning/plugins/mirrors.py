"""Finds the plugins on this machine. The first folder that has a provider serves it.

1. ``PAYBILL_TF_MIRROR``: folders, as in PATH.
2. ``plugins`` in Paybill's own data directory; ``./paybill stacks mirror`` fills it.
3. The folders in which Terraform looks without being told (its implied mirrors).
4. Folders below the system's folder for optional software that are mirrors.
Several may serve one stack, each its own providers. A folder is laid out as Terraform
says: ``HOST/NAMESPACE/TYPE/VERSION/PLATFORM/`` or, packed,
``HOST/NAMESPACE/TYPE/terraform-provider-TYPE_VERSION_PLATFORM.zip``.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from paybill_site.local.terraform import this_platform
from provisioning.plugins import hashing

OPTIONAL = Path("/opt")  # of the Filesystem Hierarchy Standard


@dataclass(frozen=True, slots=True)
class Plugin:
    """One version of a provider. ``source`` is its full address, in small letters."""

    source: str
    version: str
    path: Path

    def line(self) -> str:
        """How a digest names it, with the hash of its content."""
        of = hashing.of_package(self.path)
        return f"{self.source} {self.version} {this_platform()} {of}\n"


@dataclass(frozen=True, slots=True)
class Served:
    """What the folders of this machine serve of the providers that a stack needs."""

    plugins: tuple[tuple[Path, tuple[Plugin, ...]], ...]
    missing: tuple[str, ...] = ()

    def digest(self) -> str:
        """SHA-256 over source, version, platform and hash of each of these plugins.

        Plugins of other providers are not in it: a new one for another cloud changes
        nothing for this stack. Neither are the folders: moved, they are the same.
        """
        lines = [plugin.line() for _, found in self.plugins for plugin in found]
        return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()

    def config(self) -> str:
        """A CLI config for Terraform: these folders, and nothing from the network."""
        blocks = "".join(
            _block(folder, sorted({plugin.source for plugin in found}))
            for folder, found in self.plugins
        )
        return (
            "disable_checkpoint = true\n\nprovider_installation {\n"
            f'{blocks}  direct {{\n    exclude = ["*/*/*"]\n  }}\n}}\n'
        )


def _block(folder: Path, sources: list[str]) -> str:
    path, include = json.dumps(str(folder)), json.dumps(sources)
    return (
        f"  filesystem_mirror {{\n    path    = {path}\n    include = {include}\n  }}\n"
    )


def serve(sources: Iterable[str]) -> Served:
    """The plugins of these providers, of every version that is here."""
    wanted = {source.lower() for source in sources}
    found: list[tuple[Path, tuple[Plugin, ...]]] = []
    for folder in folders():
        here = tuple(plugin for plugin in listed(folder) if plugin.source in wanted)
        wanted -= {plugin.source for plugin in here}
        if here:
            found.append((folder, here))
    return Served(tuple(found), tuple(sorted(wanted)))


def own() -> Path:
    """The mirror in Paybill's data directory."""
    return Path(settings.PAYBILL_LOCAL).absolute() / "plugins"


def folders() -> list[Path]:
    """Every mirror that is on this machine, the first one first."""
    named = os.environ.get("PAYBILL_TF_MIRROR", "").split(os.pathsep)
    places = [*(Path(name) for name in named if name), own(), *_implied()]
    if OPTIONAL.is_dir():
        places += sorted(OPTIONAL.iterdir())
    return [place for place in dict.fromkeys(places) if _is_mirror(place)]


def _implied() -> Iterator[Path]:
    """Terraform's implied local mirrors (CLI configuration, "Implied Local Mirror")."""
    yield Path.home() / ".terraform.d" / "plugins"
    if sys.platform == "darwin":
        yield Path.home() / "Library/Application Support/io.terraform/plugins"
        yield Path("/Library/Application Support/io.terraform/plugins")
        return
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share")
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    for folder in [data, *shared.split(":")]:
        yield Path(folder) / "terraform" / "plugins"


def _is_mirror(folder: Path) -> bool:
    """A folder named like a host, with what looks like a provider in it."""
    try:
        return any(folder.glob("*.*/*/*"))
    except OSError:
        return False


def listed(folder: Path) -> Iterator[Plugin]:
    """The plugins in a mirror that run on this machine."""
    platform = this_platform()
    for path in sorted(folder.glob(f"*.*/*/*/*/{platform}")):
        host, namespace, name, version, _ = path.relative_to(folder).parts
        yield Plugin(f"{host}/{namespace}/{name}".lower(), version, path)
    for path in sorted(folder.glob(f"*.*/*/*/terraform-provider-*_{platform}.zip")):
        host, namespace, name, _ = path.relative_to(folder).parts
        version = path.name.removeprefix(f"terraform-provider-{name}_")
        version = version.removesuffix(f"_{platform}.zip")
        yield Plugin(f"{host}/{namespace}/{name}".lower(), version, path)
