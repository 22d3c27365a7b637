"""The kinds of tools there are."""

from __future__ import annotations

from enum import StrEnum


class Verb(StrEnum):
    LIST = "list"
    GET = "get"
    COUNT = "count"
    ACT = "act"
