"""What is read from the text of a stack, which ``terraform fmt`` keeps in one form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from provisioning import stacks

BLOCK = r'^{word} "(\w+)" {{\n(.*?)^}}$'
RESOURCE = re.compile(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}$', re.M | re.S)


@dataclass(frozen=True, slots=True)
class Declared:
    """A variable or an output, as a stack declares it."""

    name: str
    description: str
    type: str
    handed: bool  # sensitive and ephemeral: in no plan and in no state


def text(name: str) -> str:
    """All files of a stack."""
    cloud, kind = name.split("/")
    return "\n".join(stacks.find(cloud, kind).files().values())


def declared(name: str, word: str) -> list[Declared]:
    """The blocks of a stack that start with ``word``, in their order."""
    blocks = re.findall(BLOCK.format(word=word), text(name), re.M | re.S)
    return [
        Declared(
            name=block,
            description=argument("description", body).strip('"'),
            type=argument("type", body),
            handed=argument("sensitive", body) == argument("ephemeral", body) == "true",
        )
        for block, body in blocks
    ]


def argument(name: str, body: str) -> str:
    """The text of an argument at the top of a block; "" where it has none."""
    found = re.search(rf"^  {name} += (.*)$", body, re.M)
    return found[1] if found else ""


def resources(name: str) -> list[tuple[str, str]]:
    """Address and text of every resource."""
    found = RESOURCE.findall(text(name))
    return [(f"{kind}.{label}", body) for kind, label, body in found]
