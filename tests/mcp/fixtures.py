"""What the official conformance suite wants to find: data, and no protocol.

Names, texts and shapes are the suite's. Everything on the wire is done by the code
that serves agents.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agents.mcp.errors import (
    INVALID_PARAMS,
    ProtocolError,
    UnknownResource,
    UnknownTask,
    UnknownTool,
)
from agents.mcp.registry import (
    Asked,
    Content,
    Context,
    Described,
    Outcome,
    Progress,
    Steps,
    Task,
)
from paybill_site.kernel.actors import Actor
from tests.mcp.samples import PNG, WAV, schema_of_2020_12

NO_ARGUMENTS = {"type": "object", "properties": {}, "additionalProperties": False}


def image() -> dict[str, Any]:
    return {"type": "image", "data": PNG, "mimeType": "image/png"}


def embedded(uri: str, text: str, kind: str = "text/plain") -> dict[str, Any]:
    inside = {"uri": uri, "mimeType": kind, "text": text}
    return {"type": "resource", "resource": inside}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def elicit(message: str, **properties: str) -> dict[str, Any]:
    """A form with these fields and their types, all of them needed."""
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
    }
    params = {"mode": "form", "message": message, "requestedSchema": schema}
    return {"method": "elicitation/create", "params": params}


def sample(question: str, most: int) -> dict[str, Any]:
    asked = {"role": "user", "content": text(question)}
    params = {"messages": [asked], "maxTokens": most}
    return {"method": "sampling/createMessage", "params": params}


ROOTS: dict[str, Any] = {"method": "roots/list", "params": {}}


def filled(context: Context, name: str, field: str) -> Any:
    """The field of an accepted form; None when it is not (well) answered."""
    response = context.responses.get(name)
    if not isinstance(response, Mapping) or response.get("action") != "accept":
        return None
    inside = response.get("content")
    return inside.get(field) if isinstance(inside, Mapping) else None


def ask_name(context: Context) -> Outcome:
    name = filled(context, "user_name", "name")
    if isinstance(name, str):
        return Content.text(f"Hello, {name}!")
    return Asked({"user_name": elicit("What is your name?", name="string")})


def ask_model(context: Context) -> Outcome:
    answer = context.responses.get("capital_question")
    if answer is None:
        return Asked(
            {"capital_question": sample("What is the capital of France?", 100)}
        )
    return Content.text(str(answer["content"]["text"]))


def ask_roots(context: Context) -> Outcome:
    answer = context.responses.get("client_roots")
    if answer is None:
        return Asked({"client_roots": ROOTS})
    return Content.text(", ".join(root["uri"] for root in answer["roots"]))


def ask_with_state(context: Context) -> Outcome:
    if context.state and filled(context, "confirm", "ok"):
        return Content.text("state-ok")
    return Asked({"confirm": elicit("Please confirm", ok="boolean")}, {"step": 1})


def ask_much(context: Context) -> Outcome:
    if context.state and len(context.responses) >= 3:
        return Content.text("everything was answered")
    asked = {
        "user_name": elicit("What is your name?", name="string"),
        "greeting": sample("Generate a greeting", 50),
        "client_roots": ROOTS,
    }
    return Asked(asked, {"step": 1})


def ask_twice(context: Context) -> Outcome:
    step = context.state["step"] if context.state else 0
    if step == 2 and filled(context, "step2", "color"):
        return Content.text(f"{context.state and context.state['name']} is done")
    if step == 1 and (name := filled(context, "step1", "name")):
        form = elicit("Step 2: What is your favorite color?", color="string")
        return Asked({"step2": form}, {"step": 2, "name": name})
    form = elicit("Step 1: What is your name?", name="string")
    return Asked({"step1": form}, {"step": 1})


def ask_what_it_can(context: Context) -> Outcome:
    if context.responses:
        return Content.text("answered")
    return Asked({"form": elicit("Who?", name="string"), "model": sample("Who?", 10)})


TEXT = "This is a simple text response for testing."
MIXED = embedded(
    "test://mixed-content-resource",
    '{"test":"data","value":123}',
    "application/json",
)
ALWAYS: dict[str, Content] = {
    "test_simple_text": Content.text(TEXT),
    "test_image_content": Content((image(),)),
    "test_audio_content": Content(
        ({"type": "audio", "data": WAV, "mimeType": "audio/wav"},)
    ),
    "test_embedded_resource": Content(
        (embedded("test://embedded-resource", "This is an embedded resource content."),)
    ),
    "test_multiple_content_types": Content(
        (text("Multiple content types test:"), image(), MIXED)
    ),
    "test_error_handling": Content.text(
        "This tool intentionally returns an error for testing", is_error=True
    ),
    "test_logging_tool": Content.text("nothing is logged to clients"),
    "test_header_tool": Content.text("the headers agree"),
    "json_schema_2020_12_tool": Content.text("the schema is what matters"),
}
INTERACTIVE: dict[str, Callable[[Context], Outcome]] = {
    "test_missing_capability": lambda context: Asked({"model": sample("Who?", 10)}),
    "test_input_required_result_elicitation": ask_name,
    "test_input_required_result_sampling": ask_model,
    "test_input_required_result_list_roots": ask_roots,
    "test_input_required_result_request_state": ask_with_state,
    "test_input_required_result_tampered_state": ask_with_state,
    "test_input_required_result_multiple_inputs": ask_much,
    "test_input_required_result_multi_round": ask_twice,
    "test_input_required_result_capabilities": ask_what_it_can,
}
IN_STEPS = ("test_tool_with_progress", "test_streaming_elicitation")
SCHEMAS: dict[str, dict[str, Any]] = {
    "json_schema_2020_12_tool": schema_of_2020_12(),
    "test_header_tool": {
        "type": "object",
        "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "count": {"type": "integer", "x-mcp-header": "Count"},
        },
    },
}
RESOURCES: dict[str, dict[str, Any]] = {
    "test://static-text": {
        "mimeType": "text/plain",
        "text": "This is the content of the static text resource.",
    },
    "test://static-binary": {"mimeType": "image/png", "blob": PNG},
    "test://example-resource": {"mimeType": "text/plain", "text": "An example."},
    "test://watched-resource": {"mimeType": "text/plain", "text": "Nobody watches."},
}
PROMPTS: dict[str, tuple[str, ...]] = {
    "test_simple_prompt": (),
    "test_prompt_with_arguments": ("arg1", "arg2"),
    "test_prompt_with_embedded_resource": ("resourceUri",),
    "test_prompt_with_image": (),
    "test_input_required_result_prompt": (),
}
BEFORE, AFTER = "test://template/", "/data"


class Fixtures:
    """The suite's server."""

    def instructions(self, actor: Actor) -> str:
        return "Fixtures of the conformance suite."

    def tools(self, actor: Actor) -> Sequence[Described]:
        names = (*ALWAYS, *INTERACTIVE, *IN_STEPS)
        return [
            {
                "name": name,
                "description": f"Fixture {name}",
                "inputSchema": SCHEMAS.get(name, NO_ARGUMENTS),
            }
            for name in names
        ]

    def mirrored(self, name: str) -> Described:
        return SCHEMAS.get(name, {})

    def call(
        self, actor: Actor, name: str, arguments: dict[str, Any], context: Context
    ) -> Steps:
        if name in IN_STEPS:
            for done in (0, 50, 100):
                yield Progress(done, 100)
                time.sleep(0.05)
            return Content.text("it went on step by step")
        if name in INTERACTIVE:
            return INTERACTIVE[name](context)
        if name not in ALWAYS:
            raise UnknownTool(name)
        return ALWAYS[name]

    def resources(self, actor: Actor) -> Sequence[Described]:
        return [
            {
                "uri": uri,
                "name": uri.removeprefix("test://"),
                "description": f"Fixture {uri}",
                "mimeType": inside["mimeType"],
            }
            for uri, inside in RESOURCES.items()
        ]

    def templates(self, actor: Actor) -> Sequence[Described]:
        return [
            {
                "uriTemplate": f"{BEFORE}{{id}}{AFTER}",
                "name": "template",
                "description": "Fixture with a variable",
                "mimeType": "application/json",
            }
        ]

    def read(self, actor: Actor, uri: str) -> Sequence[Described]:
        if uri in RESOURCES:
            return [{"uri": uri, **RESOURCES[uri]}]
        if not (uri.startswith(BEFORE) and uri.endswith(AFTER)):
            raise UnknownResource(uri)
        id = uri.removeprefix(BEFORE).removesuffix(AFTER)
        words = f'{{"id":"{id}","templateTest":true,"data":"Data for ID: {id}"}}'
        return [{"uri": uri, "mimeType": "application/json", "text": words}]

    def prompts(self, actor: Actor) -> Sequence[Described]:
        return [
            {
                "name": name,
                "description": f"Fixture {name}",
                "arguments": [
                    {"name": one, "description": one, "required": True} for one in takes
                ],
            }
            for name, takes in PROMPTS.items()
        ]

    def prompt(
        self, actor: Actor, name: str, arguments: Mapping[str, Any], context: Context
    ) -> Described | Asked:
        if name not in PROMPTS or set(PROMPTS[name]) - set(arguments):
            raise ProtocolError(INVALID_PARAMS, "there is no such prompt")
        if name == "test_input_required_result_prompt":
            given = filled(context, "user_context", "context")
            if given is None:
                form = elicit("What context should the prompt use?", context="string")
                return Asked({"user_context": form})
            return _said(text(f"The context is {given}"))
        return _said(*_content_of(name, arguments))

    def complete(
        self, actor: Actor, ref: Described, argument: str, value: str
    ) -> Sequence[str]:
        return [one for one in ("paris", "park", "party") if one.startswith(value)]

    def task(self, actor: Actor, id: str) -> Task:
        raise UnknownTask

    def cancel(self, actor: Actor, id: str) -> None:
        raise UnknownTask


def _said(*contents: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": one} for one in contents]}


def _content_of(name: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    if name == "test_prompt_with_arguments":
        one, two = given["arg1"], given["arg2"]
        return [text(f"Prompt with arguments: arg1='{one}', arg2='{two}'")]
    if name == "test_prompt_with_embedded_resource":
        inside = embedded(
            given["resourceUri"], "Embedded resource content for testing."
        )
        return [inside, text("Please process the embedded resource above.")]
    if name == "test_prompt_with_image":
        return [image(), text("Please analyze the image above.")]
    return [text("This is a simple prompt for testing.")]
