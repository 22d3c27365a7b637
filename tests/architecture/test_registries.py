"""Everything that registers itself keeps the promises of its kind."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import models
from pydantic import BaseModel

from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, AnyAction, Danger, registry
from paybill_site.kernel.admin import operators, tenant_admins
from paybill_site.kernel.admin.verbs import VerbAdmin
from paybill_site.kernel.planes import Place
from paybill_site.kernel.querysets import Visible
from tests.architecture.source import ROOMS

ACTIONS = sorted(
    (a for a in registry.values() if not a.__module__.startswith("tests")),
    key=lambda action: action.name,
)
OURS = [
    model
    for model in apps.get_models()
    if model.__module__.split(".")[0] in ROOMS and hasattr(model, "public_id")
]
# Permissions without a row: they belong to no model of their plane.
WITHOUT_A_ROW = {
    "accounts.sign_up": "what anybody may do",
    # Held by named parts of the system alone; nobody can be granted them.
    "accounts.bootstrap_plane": "the first owner of a plane of its own",
    "accounts.enter_plane": "the entry flow",
    "accounts.follow_access": "a member's access to a tenant",
    "agents.follow_switch": "the installation's switch, in a tenant's plane",
    "accounts.set_access": "a member's access to a tenant",
}


def each(verbs: list[AnyAction]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("action", verbs, ids=[a.name for a in verbs])


@each(ACTIONS)
def test_an_action_is_described_and_bounded(action: AnyAction) -> None:
    assert action.__doc__
    assert action.__doc__ != action.__mro__[1].__doc__
    assert action.description()[0].isupper()
    assert action.run is not Action.run
    assert isinstance(action.danger, Danger)
    loose = list(_loose(action.Input))
    assert loose == [], "every text and number of an input has a bound"


def _loose(data: type[BaseModel], path: str = "") -> Iterator[str]:
    for name, info in data.model_fields.items():
        kinds = set(_kinds(info.annotation))
        for nested in kinds:
            if isinstance(nested, type) and issubclass(nested, BaseModel):
                yield from _loose(nested, f"{path}{name}.")
        bounds = {type(m).__name__ for m in info.metadata}
        patterned = any(getattr(m, "pattern", None) for m in info.metadata)
        if str in kinds and not bounds & {"MaxLen"} and not patterned:
            yield path + name
        if int in kinds and not (bounds & {"Ge", "Gt"} and bounds & {"Le", "Lt"}):
            yield path + name


def _kinds(annotation: Any) -> Iterator[Any]:
    """The plain types of an annotation; lists are bounded by their own length."""
    if typing.get_origin(annotation) in {list, tuple, dict, set, frozenset}:
        return
    inner = typing.get_args(annotation)
    if not inner:
        yield annotation
    for argument in inner:
        yield from _kinds(argument)


def test_every_permission_of_an_action_exists(control: Place) -> None:
    # The rows are made by migrate; those of product apps live in tenants' planes.
    declared = {
        f"{model._meta.app_label}.{codename}"
        for model in apps.get_models()
        for codename in _codenames(model)
    }
    asked = {action.permission for action in ACTIONS}
    assert asked - declared - WITHOUT_A_ROW.keys() == set()
    stored = {
        f"{label}.{codename}"
        for label, codename in Permission.objects.values_list(
            "content_type__app_label", "codename"
        )
    }
    assert stored


def _codenames(model: type[models.Model]) -> Iterator[str]:
    for verb in model._meta.default_permissions:
        yield f"{verb}_{model._meta.model_name}"
    yield from (codename for codename, _ in model._meta.permissions)


@pytest.mark.parametrize("model", OURS, ids=[m._meta.label for m in OURS])
def test_whatever_has_an_id_is_read_through_a_filter(model: type[models.Model]) -> None:
    rows: Any = model._default_manager
    assert isinstance(rows.all(), Visible)


@each([a for a in ACTIONS if not a.creates])
def test_the_target_of_an_action_has_an_id_and_a_filter(action: AnyAction) -> None:
    rows: Any = action.model._default_manager
    assert isinstance(rows.all(), Visible)
    assert action.model._meta.get_field("public_id").concrete


def test_every_event_is_documented_and_frozen() -> None:
    for event in events.registry.values():
        if event.__module__.startswith("tests"):
            continue
        assert inspect.getdoc(event) != inspect.getdoc(events.Event), event.name
        assert event.model_config["frozen"]
        assert (
            event.__module__.split(".")[-1] == "events" or "kernel" in event.__module__
        )


def test_handlers_live_in_rooms_of_handlers() -> None:
    for handler in events.handlers.values():
        module = handler.run.__module__
        assert module.startswith("tests") or ".handlers" in module, module


@pytest.mark.parametrize("site", [operators, tenant_admins])
def test_every_admin_class_offers_verbs_and_nothing_else(site: Any) -> None:
    assert site.classes
    for cls in site.classes.values():
        assert issubclass(cls, VerbAdmin), cls
        for refused in ("has_change_permission", "has_delete_permission"):
            assert getattr(cls, refused) is getattr(VerbAdmin, refused), cls
        for verb in (*cls.verbs, *cls.bulk_verbs):
            assert registry[verb.name] is verb
