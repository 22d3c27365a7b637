"""Checkpoints: what is kept elsewhere shows what a chain alone can not."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from paybill_site.kernel import checkpoints
from paybill_site.kernel.models import AuditEntry, Checkpoint
from paybill_site.kernel.planes import Place, plane
from paybill_site.kernel.verifying import verify
from tests.kernel.test_audit import without_guard, write

CUT = (
    "DELETE FROM {e} WHERE seq > 2",
    "UPDATE {h} SET seq = 2, digest = (SELECT digest FROM {e} WHERE seq = 2)",
)


def written(count: int) -> list[dict[str, Any]]:
    """So many entries, and the checkpoint that is kept elsewhere."""
    for number in range(count):
        write(text=str(number))
    checkpoints.add_due()
    return list(checkpoints.kept())


def test_a_chain_with_its_checkpoints_verifies(in_a: Place) -> None:
    outside = written(3)
    assert verify(outside).findings == ()
    assert [said["seq"] for said in outside] == [3]


def test_a_chain_that_did_not_grow_gets_no_second_checkpoint(in_a: Place) -> None:
    assert written(2)
    assert checkpoints.add_due() == 0
    write(text="more")
    assert checkpoints.add_due() == 1


def test_the_writer_adds_a_checkpoint_every_so_many_entries(
    in_a: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "EVERY", 4)
    for number in range(9):
        write(text=str(number))
    assert [row.seq for row in Checkpoint.objects.all()] == [4, 8]


def test_a_cut_off_end_with_its_head_is_found(tenant_a: Place, committed: None) -> None:
    with plane(tenant_a):
        outside = written(4)
        with without_guard(tenant_a.schema) as tamper:
            for statement in CUT:
                tamper(statement)
        (within,) = verify().findings
        assert "cut off" in within.problem
        # Whoever owns the server also deletes the checkpoint that stands beside it.
        with without_guard(tenant_a.schema) as tamper:
            tamper("DELETE FROM {c}")
        assert verify().findings == ()
        (found,) = verify(outside).findings
        assert "knows of entry 4" in found.problem


def test_a_chain_that_was_written_anew_is_found(
    tenant_a: Place, committed: None
) -> None:
    with plane(tenant_a):
        outside = written(3)
        with without_guard(tenant_a.schema) as tamper:
            tamper("DELETE FROM {e}")
            tamper("DELETE FROM {h}")
            tamper("DELETE FROM {c}")
        for text in ("another", "story", "altogether"):
            write(text=text)
        assert verify().findings == ()
        (found,) = verify(outside).findings
        assert found.problem == "a checkpoint says otherwise"


@pytest.mark.parametrize("member", ["seq", "digest", "at", "chain"])
def test_a_checkpoint_that_was_altered_is_not_genuine(in_a: Place, member: str) -> None:
    (said,) = written(2)
    other: dict[str, Any] = {"seq": 1, "digest": "00" * 32, "at": "2020", "chain": "x"}
    assert not checkpoints.is_genuine({**said, member: other[member]})
    found = verify([{**said, member: other[member]}]).findings
    assert "not signed" in found[0].problem


def test_checkpoints_of_another_plane_say_nothing_here(
    in_a: Place, tenant_b: Place
) -> None:
    (said,) = written(2)
    with plane(tenant_b):
        assert verify([said]).findings == ()


def test_the_running_code_can_not_alter_checkpoints(in_a: Place) -> None:
    written(1)
    with pytest.raises(Exception, match=r"append-only|permission denied"):
        Checkpoint.objects.update(seq=7)


def test_exported_checkpoints_are_read_back(
    tenant_a: Place, committed: None, tmp_path: Path
) -> None:
    with plane(tenant_a):
        for text in ("one", "two", "three"):
            write(text=text)
    out = io.StringIO()
    call_command("audit_checkpoints", stdout=out)
    kept = tmp_path / "kept.jsonl"
    kept.write_text(out.getvalue())
    call_command("audit_verify", checkpoints=kept, stdout=io.StringIO())
    with without_guard(tenant_a.schema) as tamper:
        for statement in CUT:
            tamper(statement)
        tamper("DELETE FROM {c}")
    err = io.StringIO()
    with pytest.raises(CommandError, match="1 findings"):
        call_command("audit_verify", checkpoints=kept, stdout=io.StringIO(), stderr=err)
    assert "knows of entry 3" in err.getvalue()


@pytest.mark.parametrize("text", ["nonsense", "{}", '{"kind": "other"}', "[1]", '"x"'])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, text: str) -> None:
    kept = tmp_path / "kept.jsonl"
    kept.write_text(text)
    with pytest.raises(CommandError, match="line 1 is no checkpoint"):
        call_command("audit_verify", checkpoints=kept)


def test_a_checkpoint_names_no_content(in_a: Place) -> None:
    (said,) = written(1)
    assert AuditEntry.objects.get().body not in json.dumps(said)
    assert set(said) == {
        "kind", "plane", "chain", "seq", "digest", "at", "key", "signature"
    }  # fmt: skip
