"""Every operation of the OpenAPI documents, called by each of the cast on seeded data.

What schemathesis makes of the schemas, good and bad, and what the stories here know to
be good, is sent in process: a good example by each of the cast. Each request starts
from the same rows, for what it did is rolled back. No answer breaks, none is
undocumented, and every operation succeeds for somebody. ``PAYBILL_EXAMPLES``: good and
bad examples for each operation, one in CI.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from django.db import transaction
from django.test import Client
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from paybill_site.accounts.models import User
from paybill_site.api import control_api, tenant_api
from paybill_site.kernel.planes import Place
from tests.cast import LogIn, fresh_cache
from tests.flows import success
from tests.flows.conftest import World, peopled
from tests.flows.doors import Door, doors

pytestmark = [pytest.mark.slow, pytest.mark.longest]
EXAMPLES = int(os.environ.get("PAYBILL_EXAMPLES", "1"))
SEED = 20260728
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@dataclass
class Scene:
    """Who calls, and what came back so far."""

    cast: dict[str, tuple[Client, dict[str, str]]]
    tenant: bool
    wrong: list[str] = field(default_factory=list)
    succeeded: set[str] = field(default_factory=set)
    answers: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def send(self, who: str, case: Any) -> int:
        client, headers = self.cast[who]
        sent = case.as_transport_kwargs(base_url="http://localhost")
        address = requests.Request(
            method=sent["method"], url=sent["url"], params=sent.get("params")
        ).prepare()
        target = str(address.path_url)
        body = sent.get("json")
        text = json.dumps(body).encode() if "json" in sent else sent.get("data", b"")
        fresh_cache()
        own = {k: v for k, v in case.headers.items() if _is_text(v)}
        with nothing_kept():
            answer = client.generic(
                sent["method"],
                target,
                text if isinstance(text, bytes) else str(text).encode(),
                content_type=case.media_type or "application/json",
                headers={**own, **headers},
            )
        name = case.operation.definition.raw["operationId"]
        self.answers[name].add(answer.status_code)
        if 200 <= answer.status_code < 300:
            self.succeeded.add(name)
        self._judge(who, case, answer, address, text)
        return int(answer.status_code)

    def _judge(self, who: str, case: Any, answer: Any, sent: Any, text: Any) -> None:
        content = b"".join(answer) if answer.streaming else answer.content
        shown = schemathesis.Response(
            status_code=answer.status_code,
            headers={name.lower(): [value] for name, value in answer.items()},
            content=content,
            request=sent,
            elapsed=0.1,
            verify=True,
        )
        try:
            case.validate_response(shown, checks=CHECKS)
        except (FailureGroup, Failure) as error:
            each = error.exceptions if isinstance(error, FailureGroup) else [error]
            told = " ".join(" ".join(str(one) for one in each).split())[:900]
            self.wrong.append(f"{who}: {sent.path_url[:150]} {text[:200]!r}: {told}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


@contextmanager
def nothing_kept() -> Iterator[None]:
    """What happens inside is rolled back, though it takes itself for outermost."""
    block: Any = transaction.atomic(using="default")
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True, using="default")


def document(api: list[Any]) -> Any:
    generator: Any = SchemaGenerator  # publishes no types
    return generator(patterns=[path("api/", include(api))]).get_schema(public=True)


@pytest.fixture
def world_here(
    outsider_user: User,
    teammate_user: User,
    furnished: Place,
    log_in: LogIn,
    owner_user: User,
    operator_user: User,
) -> World:
    people = {
        "owner": owner_user,
        "outsider": outsider_user,
        "operator": operator_user,
        "teammate": teammate_user,
    }
    return peopled(furnished, people, log_in)


def scene_of(world: World, *, tenant: bool) -> Scene:
    """The cast at one host: agents come with a token, the others with a session."""
    cast: dict[str, tuple[Client, dict[str, str]]] = {
        who: (client, {})
        for (who, at), client in world.browsers.items()
        if at is tenant
    }
    host = "ta.localhost" if tenant else "localhost"
    token = success.agents_token(tenant=tenant)
    cast["agent"] = (Client(SERVER_NAME=host), {"Authorization": f"Bearer {token}"})
    for client, _ in cast.values():
        client.raise_request_exception = False
    return Scene(cast, tenant)


def by_path(*, tenant: bool) -> dict[str, Door]:
    """The doors of the API by their path in the document."""
    found = {}
    for door in doors():
        if door.tenant is tenant and door.route.startswith("api/"):
            found["/" + success.template_of(door.route)] = door
    return found


def walk(scene: Scene, api: list[Any]) -> None:
    """Each operation: what is known to be good until it succeeds, then examples."""
    schema = schemathesis.openapi.from_dict(document(api))
    here = by_path(tenant=scene.tenant)
    found: Any = schema.get_all_operations()
    for result in found:
        operation = result.ok()
        door = here[operation.path]
        with nothing_kept():
            body = success.prepared(door, operation, tenant=scene.tenant)
            known = success.case(operation, success.ids(door), body)
            next((who for who in scene.cast if scene.send(who, known) < 300), None)
        examples(scene, operation, door)


def examples(scene: Scene, operation: Any, door: Door) -> None:
    """What schemathesis makes up: good by each of the cast, bad by one of them."""
    who = list(scene.cast)
    count = iter(range(10_000))

    def good(case: Any) -> None:
        with nothing_kept():
            success.prepared(door, operation, tenant=scene.tenant)
            real = success.ids(door)
            case.path_parameters = {**(case.path_parameters or {}), **real}
            for name in who:
                scene.send(name, case)

    def bad(case: Any) -> None:
        scene.send(who[next(count) % len(who)], case)

    made_up(operation, GenerationMode.POSITIVE, good)
    made_up(operation, GenerationMode.NEGATIVE, bad)


def made_up(operation: Any, mode: Any, send: Callable[[Any], None]) -> None:
    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        send(case)

    with suppress(Unsatisfiable):  # nothing can be wrong where nothing is taken
        one()


def judged(scene: Scene) -> None:
    if folder := os.environ.get("PAYBILL_ANSWERS"):
        told = {
            n: sorted(c) for n, c in scene.answers.items() if n not in scene.succeeded
        }
        Path(folder, f"answers-{scene.tenant}.json").write_text(json.dumps(told))
        Path(folder, f"wrong-{scene.tenant}.txt").write_text("\n".join(scene.wrong))
    shown = "\n".join(scene.wrong[:60])
    assert not scene.wrong, f"{len(scene.wrong)} bad answers:\n{shown}"
    without = {
        name: sorted(codes)
        for name, codes in scene.answers.items()
        if name not in scene.succeeded
    }
    assert without == {}, "nobody of the cast succeeds"


@pytest.mark.usefixtures("renaming")
@pytest.mark.parametrize("place", ["control", "tenant"])
def test_every_operation_keeps_what_the_document_says(
    place: str, world_here: World
) -> None:
    scene = scene_of(world_here, tenant=place == "tenant")
    success.furnish(tenant=scene.tenant)
    walk(scene, tenant_api if scene.tenant else control_api)
    judged(scene)
