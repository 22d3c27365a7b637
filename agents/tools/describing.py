"""The schemas of tools: JSON Schema 2020-12, closed, bounded, without foreign parts.

What a tool takes is the schema of the class that parses it; what it gives is derived
from the declared fields or from what the action says that it returns.
"""

from __future__ import annotations

from types import get_original_bases
from typing import Any, get_args, get_type_hints

from django.db import models
from pydantic import BaseModel

from agents.models import WorkflowRun
from agents.tools.arguments import MOST
from agents.tools.rows import MOST_PARTS
from agents.tools.verbs import Verb
from paybill_site.kernel.actions import Action, AnyAction, Input
from paybill_site.kernel.declarations import (
    Extent,
    currency_of,
    id_names,
    is_money,
    part_model,
)
from paybill_site.kernel.schemas import (
    DIALECT,
    MINOR,
    field_schema,
    id_schema,
    input_schema,
)

type Schema = dict[str, Any]

NULL: Schema = {"type": "null"}
UNSEEN = "null: none, or one that you may not see"


def input_of(taken: type[Input], action: AnyAction | None = None) -> Schema:
    """What the arguments have to be."""
    schema = _plain(input_schema(taken))
    if action is not None:
        for name, about in schema["properties"].items():
            if name.endswith(MINOR):
                _priced(about, _currency(action))
    return schema


def output_of(
    verb: Verb,
    tools: Extent | None,
    action: AnyAction | None,
    states: tuple[str, ...] = (),
) -> Schema:
    """What an answer is. ``states`` are those of the workflow that a tool opens."""
    if states:
        run = {"id": id_schema(WorkflowRun), "state": {"enum": list(states)}}
        return {"$schema": DIALECT, **_object(run)}
    if action is not None:
        return {"$schema": DIALECT, **_returned(action)}
    if verb is Verb.COUNT:
        # Beyond COUNTED rows an exact figure costs more than it tells.
        counted = {"count": {"type": "integer", "minimum": 0}, "more": _BOOLEAN}
        return {"$schema": DIALECT, **_object(counted)}
    if tools is None:
        raise TypeError("a tool reads what was declared")
    defs: Schema = {}
    row = _row(tools, defs)
    if verb is Verb.LIST:
        following = {"type": ["string", "null"], "description": "cursor of the rest"}
        page = {"type": "array", "items": row, "maxItems": MOST}
        shown = _object({"rows": page, "next": following})
    else:
        shown = _with_parts(row, tools, defs)
    return {"$schema": DIALECT, **shown, **({"$defs": defs} if defs else {})}


_BOOLEAN: Schema = {"type": "boolean"}


def _with_parts(row: Schema, tools: Extent, defs: Schema) -> Schema:
    for accessor in tools.parts:
        items = _row(tools, defs, accessor)
        these = {"type": "array", "items": items, "maxItems": MOST_PARTS}
        row["properties"][accessor] = these
        row["required"].append(accessor)
    return row


def _row(tools: Extent, defs: Schema, accessor: str = "") -> Schema:
    model = part_model(tools.model, accessor) if accessor else tools.model
    fields = tools.parts[accessor] if accessor else tools.fields
    shown = {"id": id_schema(model)} if id_names(model) else {}
    for name in fields:
        path = f"{accessor}.{name}" if accessor else name
        shown[name] = _field(tools, model, path, defs)
    return _object(shown)


def _field(tools: Extent, model: type[models.Model], path: str, defs: Schema) -> Schema:
    accessor, _, name = path.rpartition(".")
    if path in tools.declared.typed:
        return {"anyOf": [_typed(tools.declared.typed[path], defs), NULL]}
    schema = field_schema(model, name)
    if is_money(tools.declared, path):
        _priced(schema, currency_of(tools.declared, accessor))
    related = model._meta.get_field(name).related_model
    if related is not None:
        # Shown like a row's own column, it would tell of rows that are not visible.
        one = id_schema(related)
        return {"anyOf": [one, NULL], "description": UNSEEN}
    return schema


def _typed(kind: type[BaseModel], defs: Schema) -> Schema:
    schema = kind.model_json_schema(mode="serialization")
    defs.update(schema.pop("$defs", {}))
    return schema


def _returned(action: AnyAction) -> Schema:
    """What ``present`` returns: as declared, or id and state of the result."""
    if action.Output is not None:
        return _plain(action.Output.model_json_schema(mode="serialization"))
    if action.present is not Action.present:
        return {"type": "object"}
    made = _result(action)
    if not isinstance(made, type) or not issubclass(made, models.Model):
        return _object({}) if made is type(None) else {"type": "object"}
    shown = {"id": id_schema(made)}
    if hasattr(made, "state"):
        shown["state"] = field_schema(made, "state")
    return _object(shown)


def _result(action: AnyAction) -> Any:
    """What ``run`` returns, by ``Action[Order, Input, Order]`` or its annotation."""
    for base in get_original_bases(action):
        if get_args(base):
            made = get_args(base)[-1]
            return type(None) if made is None else made
    try:
        return get_type_hints(action.run).get("return")
    except NameError:  # known to the type checker alone
        return None


def _currency(action: AnyAction) -> str:
    if "currency" in action.Input.model_fields:
        return "currency"
    return f"the currency of the {action.model._meta.verbose_name}"


def _priced(about: Schema, currency: str) -> None:
    told = f"in minor units of {currency}"
    said = str(about.get("description", "")).removesuffix(".")
    if "minor units" not in said:
        said = f"{said}, {told}" if said else told
    elif currency == "currency" and "currency" not in said:
        said = f"{said} of currency"
    about["description"] = said


def _plain(schema: Schema) -> Schema:
    """Without what pydantic makes up: titles that repeat names, defaults of nothing."""
    kept = {key: said for key, said in schema.items() if key != "title"}
    kept["properties"] = _named(schema.get("properties", {}))
    if "$defs" in schema:
        kept["$defs"] = {
            name: {**about, "properties": _named(about["properties"])}
            if "properties" in about
            else about
            for name, about in schema["$defs"].items()
        }
    return {**kept, "type": "object"}


def _named(properties: Schema) -> Schema:
    return {name: _said(name, about) for name, about in properties.items()}


def _said(name: str, about: Schema) -> Schema:
    made_up = {"title": name.replace("_", " ").title(), "default": None}
    return {
        key: said
        for key, said in about.items()
        if key not in made_up or said != made_up[key]
    }


def _object(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
