"""Stacks: folders of HCL, one per cloud and isolation model, versioned by digest."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from provisioning.errors import StackChanged, UnknownStack

FOLDER = Path(__file__).resolve().parent / "stacks"


@dataclass(frozen=True, slots=True)
class Stack:
    """``name`` is ``<cloud>/<kind>``, as in ``local/bridge``."""

    name: str

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.tf"))

    def digest(self) -> str:
        """SHA-256 over the names and contents of its files."""
        whole = hashlib.sha256()
        for file in self.files:
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            whole.update(f"{file.name} {content}\n".encode())
        return whole.hexdigest()

    def copy_to(self, folder: Path, digest: str) -> None:
        """Lay the files out for a run. Raises StackChanged when they are others."""
        if self.digest() != digest:
            raise StackChanged
        for file in self.files:
            shutil.copyfile(file, folder / file.name)


def find(cloud: str, kind: str) -> Stack:
    """The stack of a cloud for an isolation model. Raises UnknownStack."""
    stack = Stack(f"{cloud}/{kind}")
    if not stack.files:
        raise UnknownStack(f"there is no stack for {kind} on {cloud}")
    return stack
