"""Terraform addresses as tags and labels carry them, and back.

Many services take no brackets and no quotes in a tag: ``aws_subnet.private["a"]`` is
tagged ``aws_subnet.private/a`` and ``aws_eip.nat[0]`` is ``aws_eip.nat:0``. Labels
take less: lower-case letters, digits, ``_`` and ``-``, where ``.`` is written ``--``,
``/`` is ``---`` and ``:`` is ``----``; so names and keys in stacks hold no ``--``.
"""

from __future__ import annotations

import re

_ENDS = re.compile(r'^(?P<base>[^\[]+)\[(?:"(?P<key>[^"]*)"|(?P<index>\d+))\]$')


def to_tag(address: str) -> str:
    """An address as the tag ``paybill:address`` carries it."""
    match = _ENDS.match(address)
    if match is None:
        return address
    key, index = match["key"], match["index"]
    return f"{match['base']}/{key}" if index is None else f"{match['base']}:{index}"


def of_tag(tag: str) -> str:
    """The address in a tag; a tag that holds a plain address is that address."""
    base, slash, key = tag.partition("/")
    if slash:
        return f'{base}["{key}"]'
    base, colon, index = tag.partition(":")
    return f"{base}[{index}]" if colon and index.isdigit() else tag


def to_label(address: str) -> str:
    """An address as the label ``paybill-address`` carries it."""
    tag = to_tag(address)
    return tag.replace(".", "--").replace("/", "---").replace(":", "----")


def of_label(label: str) -> str:
    """The address in a label."""
    tag = label.replace("----", ":").replace("---", "/").replace("--", ".")
    return of_tag(tag)
