"""Bad, oversized, foreign, forged and malformed input, at every address of both planes.

Nothing answers with a 5xx or with words of the machine: programs get a problem
document, people a page or their form again, and no row is written.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import chain, cycle, product
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import QueryDict
from django.test import Client

from paybill_site.kernel.admin import operators, tenant_admins
from paybill_site.kernel.admin.confirm import NAME, REASON
from paybill_site.kernel.admin.registry import Registry
from paybill_site.local.demo.browser import Page
from tenants.routing import ALIVE
from tests.flows import rude
from tests.flows.conftest import World
from tests.flows.doors import Door, doors

type Rows = Callable[[], dict[str, str]]
type Body = tuple[str, bytes, str]

EVERY = doors()
PAGES = [door for door in EVERY if not door.is_admin]
ADMIN = [door for door in EVERY if door.is_admin]
ALONE = ("%FF", "99")  # for a parameter of a query
# They end a session or make a code for the browser; both may happen to anybody.
COME_AND_GO = ("accounts/logout/", "leave/")


def who_for(door: Door) -> str:
    return "operator" if door.route.startswith("operators/") else "owner"


def fields_of(world: World, who: str, door: Door, path: str) -> list[str]:
    """The names that this address knows: of its action's input, or of its forms."""
    if door.route.startswith("api/"):
        return door.fields
    page = world.send(who, door, "GET", path)
    text = b"".join(page) if page.streaming else page.content
    found = Page(path, page.status_code, {}, text.decode("utf-8", "replace")).forms()
    pressed = {name for form in found for name, _ in form.buttons}
    return sorted(pressed.union(*(form.names for form in found)) - {""})


def bad_bodies(world: World, who: str, door: Door, readers: set[Hashable]) -> None:
    """All that can be wrong; what only a reader of bodies sees, once for each."""
    path = door.path()
    if world.send(who, door, "POST", path, data=b"{").status_code == 405:
        return
    names = fields_of(world, who, door, path)
    for what, body, kind in bodies_for(door, names, readers):
        world.send(who, door, "POST", path, data=body, content_type=kind, said=what)


def bodies_for(door: Door, names: list[str], met: set[Hashable]) -> Iterable[Body]:
    if not door.route.startswith("api/"):
        unpacks = door.is_admin or inspect.unwrap(door.view).__module__
        wrapped = () if unpacks in met else rude.wrappings()
        met.add(unpacks)
        return chain(rude.forms(names), wrapped)
    if door.reader in met:
        return rude.documents(names)
    met.add(door.reader)
    more = chain(rude.wrappings(), rude.broken())
    return chain(rude.forms(names), rude.documents(names), more)


def shared_out(
    doors: Iterable[Door], bad: tuple[str, ...], group: Callable[[Door], Hashable]
) -> Iterator[tuple[Door, str]]:
    """The first door of a group with all that is bad, each other with two, in turn."""
    met: Counter[Hashable] = Counter()
    for door in doors:
        turn = met[group(door)]
        met[group(door)] += 1
        two = (bad[turn % len(bad)], bad[(turn + 1) % len(bad)])
        for one in two if turn else bad:
            yield door, one


def test_the_tests_know_the_forms(world: World) -> None:
    by_route = {door.route: door for door in EVERY}
    plans, slug = by_route["plans/"], by_route["start/"]
    assert {"plan", "name", "slug"} <= set(fields_of(world, "owner", plans, "/plans/"))
    assert "slug" in fields_of(world, "owner", slug, "/start/")
    assert by_route["api/tenants/<str:public_id>/subscribe"].fields[0] == "plan"
    assert len(EVERY) > 300


@pytest.mark.parametrize("inside", [False, True], ids=["control", "tenant"])
def test_no_body_breaks_an_address(world: World, inside: bool) -> None:
    readers: set[Hashable] = set()
    for door in PAGES:
        if door.tenant is inside and door.route not in COME_AND_GO:
            bad_bodies(world, who_for(door), door, readers)
    assert inside or 1 < len(readers) < 60
    world.none_wrong()


@pytest.mark.parametrize(
    "part",
    [
        "add/",
        *(
            pytest.param(part, marks=pytest.mark.slow)
            for part in ("change/", "login/", "autocomplete/", "/r/")
        ),
    ],
)
def test_no_body_breaks_the_administration(world: World, rows: Rows, part: str) -> None:
    before, readers = rows(), set[Hashable]()
    for door in ADMIN:
        if part in door.route:
            bad_bodies(world, who_for(door), door, readers)
    world.none_wrong()
    # What is text may contain markup: an "Add" can succeed.
    assert part == "add/" or rows() == before


@pytest.mark.parametrize("registry", [operators, tenant_admins])
def test_no_input_breaks_a_verb_of_the_administration(
    world: World, registry: Registry
) -> None:
    by_route = {door.route: door for door in ADMIN}
    site = "operators" if registry is operators else "admin"
    for model, shown in registry.classes.items():
        door = by_route[
            f"{site}/{model._meta.label_lower.replace('.', '/')}/"
            "<path:object_id>/change/"
        ]
        for verb in shown.verbs:
            names = [*verb.Input.model_fields, REASON, NAME]
            press = {"CHANGE_FORM-action": verb.name, ACTION_CHECKBOX_NAME: "1"}
            for what, text in rude.TEXTS.items():
                sent = {**press, "confirm": "yes", **dict.fromkeys(names, text)}
                world.send(
                    who_for(door),
                    door,
                    "POST",
                    door.path(),
                    data=urlencode(sent),
                    content_type=rude.FORM,
                    said=f"{verb.name} {what}",
                )
    world.none_wrong()


@pytest.mark.parametrize("who", ["outsider", "stranger"])
def test_what_is_somebody_else_s_is_not_there_and_stays_as_it_was(
    world: World, rows: Rows, who: str
) -> None:
    before = rows()
    for door in EVERY:
        if not door.parameters or (who, door.tenant) not in world.browsers:
            continue
        path = door.path()
        for method, kind in (("GET", ""), ("POST", rude.FORM), ("POST", rude.JSON)):
            body = b"{}" if kind == rude.JSON else b""
            found = world.send(who, door, method, path, data=body, content_type=kind)
            private = "public_id" in door.parameters and not _is_shop_window(door)
            if private and found.status_code == 200:
                world.wrong.append(f"{who}: {method} {path}: 200")
    world.none_wrong()
    assert rows() == before


def _is_shop_window(door: Door) -> bool:
    """Plans, and the meters that they charge by, are for every customer to read."""
    return any(word in door.route for word in ("plans/", "meters/"))


def lookup(door: Door) -> Hashable:
    """What finds the thing that an id names."""
    return door.noun if door.is_admin else (door.noun, door.reader)


def test_no_id_breaks_an_address(world: World) -> None:
    named = [
        door
        for door in EVERY
        if door.parameters and ("/change/" in door.route or not door.is_admin)
    ]
    for door, bad in shared_out(named, rude.IDS, lookup):
        path = door.path(dict.fromkeys(door.parameters, bad))
        for method in ("GET", "POST"):
            world.send(who_for(door), door, method, path)
    world.none_wrong()


def test_an_address_with_nul_is_refused_at_once(world: World) -> None:
    for door in PAGES:
        for path in (f"{door.path()}?q=a%00b", f"{door.path()}%00"):
            answer = world.send(who_for(door), door, "GET", path)
            assert answer.status_code in {400, 404}, path
    world.none_wrong()


def read(world: World, doors: list[Door]) -> list[Door]:
    """Those that may be read at all: the others refuse the method, not the query."""
    return [
        door
        for door in doors
        if door.is_admin
        or world.send(who_for(door), door, "GET", door.path()).status_code != 405
    ]


@pytest.mark.slow
def test_no_query_breaks_an_address(world: World) -> None:
    for door, bad in product(read(world, EVERY), rude.QUERIES):
        query = "&".join(f"{name}={bad}" for name in rude.QUERY)
        path = f"{door.path()}?{query}"
        world.send(who_for(door), door, "GET", path, said=bad[:10])
    world.none_wrong()


@pytest.fixture
def names_asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that views ask a query for, noted from here on."""
    noted: set[str] = set()

    def noting(ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(self: QueryDict, name: str, *more: Any) -> Any:
            noted.add(name)
            return ask(self, name, *more)

        return asked

    for how in ("__getitem__", "__contains__", "getlist"):
        monkeypatch.setattr(QueryDict, how, noting(getattr(QueryDict, how)))
    return noted


@pytest.mark.slow
def test_each_parameter_of_a_query_may_be_bad_alone(
    world: World, names_asked: set[str]
) -> None:
    pages = [door for door in PAGES if not door.route.startswith("accounts/")]
    met, turn = set[str](), cycle(ALONE)
    for door in read(world, pages):
        names_asked.clear()
        world.send(who_for(door), door, "GET", door.path())
        bad = [(name, next(turn)) for name in sorted(names_asked)]
        # The first below a word gets each name that is known anywhere, too.
        if (word := first_word(door)) not in met:
            met.add(word)
            bad = [*product(sorted({*rude.QUERY, *names_asked}), ALONE)]
        for name, text in bad:
            query = f"{quote(name)}={text}"
            world.send(who_for(door), door, "GET", f"{door.path()}?{query}")
    world.none_wrong()


def first_word(door: Door) -> str:
    return door.path().split("/")[1]


def test_a_forged_host_reaches_nobody(world: World, rows: Rows) -> None:
    before = rows()
    # A probe asks by number whether the process lives, and is told no more than that.
    doors = [door for door in PAGES if door.path() != ALIVE]
    for door, host in shared_out(doors, rude.HOSTS, first_word):
        for method in ("GET", "POST"):
            path = door.path()
            answer = world.send(
                "stranger", door, method, path, headers={"host": host}, said=host[:40]
            )
            if answer.status_code not in {400, 404}:
                world.wrong.append(f"{path} at {host[:40]}: {answer.status_code}")
    world.none_wrong()
    assert rows() == before


def test_an_unknown_method_is_refused(world: World, rows: Rows) -> None:
    before = rows()
    ours = [door for door in PAGES if not door.route.startswith("accounts/")]
    for door, method in product(ours, rude.METHODS):
        answer = world.send(who_for(door), door, method, door.path(), data=b"a=b")
        known = answer.status_code < 400 and method != "OPTIONS"
        if known and answer.status_code != 302:
            world.wrong.append(f"{method} {door.path()}: {answer.status_code}")
    world.none_wrong()
    assert rows() == before


def test_without_a_token_against_forgery_nothing_is_posted(
    world: World, rows: Rows
) -> None:
    world.browsers = {place: forged(client) for place, client in world.browsers.items()}
    before = rows()
    for door in PAGES:
        kind = rude.JSON if door.route.startswith("api/") else rude.FORM
        answer = world.send(
            who_for(door), door, "POST", door.path(), data=b"{}", content_type=kind
        )
        # 302: to the log-in, 401: agents and Terraform, 400, 422: a signed push.
        if answer.status_code not in {400, 401, 403, 404, 405, 422}:
            world.wrong.append(f"POST {door.path()}: {answer.status_code}")
    world.none_wrong()
    assert rows() == before


def forged(client: Client) -> Client:
    """The same session in a browser that a foreign page makes post."""
    host = client.defaults["SERVER_NAME"]
    other = Client(enforce_csrf_checks=True, SERVER_NAME=host)
    other.cookies, other.raise_request_exception = client.cookies, False
    return other
