"""Where a filled place is reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attached:
    """Where the filled place is reached, as ``AttachPlacement`` takes it."""

    kind: str
    alias: str = "default"
    schema_name: str = ""
    dsn: str = ""
    base_url: str = ""
    port: int | None = None
    report_key: str = ""  # what a silo's own report is signed with
