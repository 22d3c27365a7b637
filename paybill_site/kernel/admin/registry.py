"""Which admin classes belong to which of the two sites; the sites are built later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models


class Registry:
    """Admin classes for one site, collected while the apps load."""

    def __init__(self) -> None:
        self.classes: dict[type[models.Model], type[Any]] = {}

    def register[C: type[Any]](self, *things: type[models.Model]) -> Callable[[C], C]:
        """Class decorator, as ``admin.register``."""

        def note(cls: C) -> C:
            for model in things:
                self.classes[model] = cls
            return cls

        return note


operators = Registry()
tenant_admins = Registry()
