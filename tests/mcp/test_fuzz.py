"""Whatever comes in as a message, the server never breaks down over it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.mcp.eras import CAPABILITIES, MODERN, TASKS, VERSION
from agents.mcp.methods import CALL
from agents.mcp.methods import LEGACY as OLD
from agents.mcp.methods import MODERN as NEW
from examples.storefront.models import Order
from tests.mcp.wire import Wire

pytestmark = pytest.mark.mcp

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
METHODS = st.sampled_from([*NEW, *OLD, CALL, "subscriptions/listen"]) | st.text()
NAMES = st.sampled_from(
    ["get_order", "list_orders", "cancel_order", "get_approval", "no_such_tool"]
)
META = st.fixed_dictionaries(
    {},
    optional={
        VERSION: st.just(MODERN) | JSON,
        CAPABILITIES: st.sampled_from(
            [{}, {"elicitation": {}}, {"extensions": {TASKS: {}}}]
        )
        | JSON,
        "progressToken": st.integers() | st.text(max_size=5) | JSON,
    },
)
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "_meta": META | JSON,
        "name": NAMES | JSON,
        "uri": JSON,
        "taskId": JSON,
        "cursor": JSON,
        "ref": JSON,
        "argument": JSON,
        "inputResponses": JSON,
        "requestState": JSON,
        "protocolVersion": JSON,
        "arguments": st.fixed_dictionaries(
            {},
            optional={
                "id": JSON,
                "limit": JSON,
                "search": JSON,
                "cursor": JSON,
                "reason": JSON,
                "idempotency_key": st.text(max_size=10) | JSON,
                "dry_run": st.booleans() | JSON,
            },
        )
        | JSON,
    },
)
MESSAGES = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0")},
    optional={
        "id": st.integers() | st.text(max_size=5) | JSON,
        "method": METHODS | JSON,
        "params": PARAMS | JSON,
    },
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "mcp-protocol-version": st.sampled_from([MODERN, "2025-11-25", "", "v1"]),
        "mcp-method": st.sampled_from([*NEW, CALL, "x"]),
        "mcp-name": st.sampled_from(["get_order", "=?base64?x?=", "=?base64??="]),
        "accept": st.sampled_from(["*/*", "text/event-stream", "application/json"]),
    },
)
FUZZ = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def patient(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """The token's limit of calls is another test's."""
    monkeypatch.setattr("agents.auth.limits.throttle", lambda *args, **kwargs: None)
    return wire


@FUZZ
@given(message=MESSAGES | JSON, headers=HEADERS)
def test_no_message_breaks_the_server(
    message: Any, headers: dict[str, str | None], patient: Wire, pending: Order
) -> None:
    told = patient.post(json.dumps(message), headers)
    assert told.status < 500, (message, told.messages)


@FUZZ
@given(method=st.sampled_from([*NEW, CALL]), params=PARAMS, can=JSON)
def test_no_parameters_of_a_good_envelope_break_the_server(
    method: str, params: dict[str, Any], can: Any, patient: Wire, pending: Order
) -> None:
    patient.can = can if isinstance(can, dict) else {"elicitation": {}}
    told = patient.ask(method, params, headers=_named(params))
    assert told.status < 500, (params, told.messages)


@FUZZ
@given(body=st.binary(max_size=200))
def test_no_bytes_break_the_server(body: bytes, patient: Wire) -> None:
    assert patient.post(body).status in {200, 202, 400}


def _named(params: dict[str, Any]) -> dict[str, str | None]:
    """Mcp-Name as a client writes it, whatever the name is made of."""
    for key in ("name", "uri", "taskId"):
        if isinstance(params.get(key), str):
            text = base64.b64encode(params[key].encode()).decode()
            return {"mcp-name": f"=?base64?{text}?="}
    return {}
