"""Django's cache of content types, kept apart for each plane.

Ids of content types differ between schemas, and Django has one cache per process: a
thread of one tenant would read the ids that a thread of another one put there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from typing import Any

from django.contrib.contenttypes.models import ContentType

from paybill_site.kernel.planes import standing_on

# A plane with 26 types takes 38 KiB.
PLANES_KEPT = 500


class PerPlane(MutableMapping[str, Any]):
    """Stands in for ``ContentTypeManager._cache``; keys are database aliases."""

    def __init__(self, kept: int = PLANES_KEPT) -> None:
        self._kept = kept
        self._planes: OrderedDict[tuple[str, str], Any] = OrderedDict()

    def __getitem__(self, alias: str) -> Any:
        return self._planes[_key(alias)]

    def __setitem__(self, alias: str, types: Any) -> None:
        self._planes[_key(alias)] = types
        while len(self._planes) > self._kept:
            self._planes.popitem(last=False)

    def __delitem__(self, alias: str) -> None:
        del self._planes[_key(alias)]

    def __iter__(self) -> Iterator[str]:
        return iter({alias for alias, _ in list(self._planes)})

    def __len__(self) -> int:
        return len(self._planes)

    def clear(self) -> None:
        """Forget every plane."""
        self._planes.clear()


def separate_planes() -> None:
    """Put the cache in place of Django's; called once, when the apps are ready."""
    manager = ContentType._meta.managers_map["objects"]
    manager._cache = PerPlane()  # type: ignore[attr-defined]


def _key(alias: str) -> tuple[str, str]:
    return alias, standing_on(alias)[0]
