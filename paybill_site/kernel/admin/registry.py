"""Which admin classes belong to which of the two sites; the sites are built later."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models

from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a site that is of no single model. With a title the index leads to it.

    ``view`` takes request and site, then what the route captures.
    """

    route: str
    name: str
    permission: str
    view: Callable[..., Any]
    title: str = ""


class Registry:
    """Admin classes and pages for one site, collected while the apps load."""

    def __init__(self) -> None:
        self.classes: dict[type[models.Model], type[Any]] = {}
        self.pages: list[Page] = []

    def register[C: type[Any]](self, *things: type[models.Model]) -> Callable[[C], C]:
        """Class decorator, as ``admin.register``."""

        def note(cls: C) -> C:
            for model in things:
                self.classes[model] = cls
            return cls

        return note

    def page[V: Callable[..., Any]](
        self, route: str, name: str, permission: str, title: str = ""
    ) -> Callable[[V], V]:
        """Decorator of a view; whoever lacks the permission does not find the page."""

        def note(view: V) -> V:
            self.pages.append(Page(route, name, permission, view, title))
            return view

        return note


operators = Registry()
tenant_admins = Registry()

type Neighbours = Callable[[Actor, Any], Iterable[tuple[str, models.Model | str]]]
type Verbs = Callable[[type[models.Model]], Iterable[AnyAction]]
neighbours_of: list[Neighbours] = []
verbs_on: list[Verbs] = []


def neighbouring(function: Neighbours) -> Neighbours:
    """Register links for the pages of other rooms' things: (label, row or address)."""
    neighbours_of.append(function)
    return function


def further(function: Verbs) -> Verbs:
    """Register verbs that a room above has for the pages of a model's rows."""
    verbs_on.append(function)
    return function
