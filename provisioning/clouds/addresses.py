"""Terraform addresses in tags and labels.

Many services take no brackets and no quotes in a tag: ``aws_subnet.private["a"]`` is
tagged ``aws_subnet.private/a`` and ``aws_eip.nat[0]`` is ``aws_eip.nat:0``. Labels
take less: ``google_storage_bucket.this`` is ``google_storage_bucket-this``, and what is
labelled has no index and no hyphen in its name.
"""

from __future__ import annotations


def of_tag(tag: str) -> str:
    """The address in a tag; a tag that holds a plain address is that address."""
    base, slash, key = tag.partition("/")
    if slash:
        return f'{base}["{key}"]'
    base, colon, index = tag.partition(":")
    return f"{base}[{index}]" if colon and index.isdigit() else tag


def of_label(label: str) -> str:
    """The address in a label: the first hyphen stands for the dot."""
    return label.replace("-", ".", 1)
