"""The audit trail: nobody alters it unseen, and many write it without a fork."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import psycopg
import pytest
from django.db import DatabaseError, connections

from paybill_site.kernel import audit, planes
from paybill_site.kernel.models import AuditEntry, ChainHead
from paybill_site.kernel.planes import Place, plane
from paybill_site.kernel.verifying import Verdict, verify
from tests.kernel.verbs import in_thread
from tests.services import superuser


def write(chain: str = "c", text: str = "x") -> int:
    return audit.append(
        chain, action="a.b", actor="me", target="t", outcome="done", facts={"f": text}
    )


def problems() -> list[str]:
    return [finding.problem for finding in verify().findings]


def test_entries_are_numbered_from_one_and_verify(in_a: Place) -> None:
    assert [write() for _ in range(3)] == [1, 2, 3]
    assert write("other") == 1
    assert verify() == Verdict(chains=2, entries=4, findings=())


def test_the_text_that_was_hashed_is_kept_byte_for_byte(in_a: Place) -> None:
    text = 'Grüße "quoted" \\ \u2028 \x01 \0 \ud800 emoji 🙂 ' + "x" * 10_000
    write(text=text)
    assert problems() == []


def test_chains_can_not_be_swapped(in_a: Place) -> None:
    write("a")
    write("b")
    a, b = (ChainHead.objects.get(name=name) for name in "ab")
    assert bytes(a.digest) != bytes(b.digest)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE kernel_auditentry SET outcome = 'done'",
        "DELETE FROM kernel_auditentry",
        "TRUNCATE kernel_auditentry",
        "ALTER TABLE kernel_auditentry DISABLE TRIGGER ALL",
        "DROP TABLE kernel_auditentry CASCADE",
    ],
)
def test_the_running_code_can_only_add(in_a: Place, statement: str) -> None:
    write()
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
        planes.atomic(),
        planes.cursor() as cursor,
    ):
        cursor.execute(statement)


TAMPER = {
    "edit the text": "UPDATE {e} SET body = replace(body, 'two', 'zwo') WHERE seq = 2",
    "edit a column": "UPDATE {e} SET actor = 'you' WHERE seq = 2",
    "edit the time": "UPDATE {e} SET at = at - interval '1 second' WHERE seq = 2",
    "leave no JSON": "UPDATE {e} SET body = '2' || chr(10) || 'gone' WHERE seq = 2",
    "delete one": "DELETE FROM {e} WHERE seq = 2",
    "delete the first": "DELETE FROM {e} WHERE seq = 1",
    "cut the end off": "DELETE FROM {e} WHERE seq = 4",
    "delete all": "DELETE FROM {e}",
    "delete the head": "DELETE FROM {h}",
    "move the head back": "UPDATE {h} SET seq = 3",
    "reorder": "UPDATE {e} SET seq = CASE seq WHEN 2 THEN 13 ELSE 12 END"
    " WHERE seq IN (2, 3); UPDATE {e} SET seq = seq - 10 WHERE seq > 10",
    "insert before the first": "INSERT INTO {e} (public_id, chain, seq, action, actor,"
    " target, outcome, body, digest) SELECT 'aud_x', chain, 0, action, actor, target,"
    " outcome, body, digest FROM {e} WHERE seq = 1",
    "insert after the last": "INSERT INTO {e} (public_id, chain, seq, action, actor,"
    " target, outcome, body, digest) SELECT 'aud_x', chain, 5, action, actor, target,"
    " outcome, body, digest FROM {e} WHERE seq = 4",
    "insert another chain": "INSERT INTO {e} (public_id, chain, seq, action, actor,"
    " target, outcome, body, digest) SELECT 'aud_x', 'other', 1, action, actor, target,"
    " outcome, body, digest FROM {e} WHERE seq = 1",
}


@contextmanager
def without_guard(schema: str) -> Iterator[Callable[[str], None]]:
    """Act as somebody who has taken over the whole database server."""
    database = connections["default"].settings_dict["NAME"]
    with psycopg.connect(superuser(str(database)), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        tables = {
            "e": f"{schema}.kernel_auditentry",
            "h": f"{schema}.kernel_chainhead",
            "c": f"{schema}.kernel_checkpoint",
        }

        def run(statement: str) -> None:
            connection.execute(statement.format(**tables).encode())

        yield run


@pytest.mark.parametrize("how", TAMPER)
def test_what_a_superuser_altered_is_found(
    tenant_a: Place, committed: None, how: str
) -> None:
    with plane(tenant_a):
        for text in ("one", "two", "three", "four"):
            write(text=text)
        assert problems() == []
        with without_guard(tenant_a.schema) as tamper:
            tamper(TAMPER[how])
        assert problems()


def test_sixteen_writers_make_one_chain(tenant_a: Place, committed: None) -> None:
    def work() -> None:
        for _ in range(10):
            with planes.atomic():
                write()

    with ThreadPoolExecutor(16) as pool:
        tasks = [pool.submit(in_thread, tenant_a, work) for _ in range(16)]
        for task in tasks:
            task.result()
    with plane(tenant_a):
        numbers = AuditEntry.objects.order_by("seq").values_list("seq", flat=True)
        assert list(numbers) == list(range(1, 161))
        assert problems() == []


def test_a_chain_that_grows_while_it_is_walked_verifies(
    tenant_a: Place, committed: None
) -> None:
    def work() -> None:
        for _ in range(60):
            write()

    with plane(tenant_a), ThreadPoolExecutor(1) as pool:
        write()
        growing = pool.submit(partial(in_thread, tenant_a, work))
        while not growing.done():
            assert problems() == []
        growing.result()
        assert verify().entries == 61
