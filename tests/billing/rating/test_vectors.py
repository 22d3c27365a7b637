"""``./paybill vectors``: what it prints, and when it says that something is wrong."""

from __future__ import annotations

import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing.rating.vectors import cases
from billing.rating.vectors.cases import Case
from billing.vectors import ANSWERS

SHARED = os.environ.get("PAYBILL_SHARED", "")
FILE = Path(SHARED) / "data" / "billing" / "cases.json"
GOOD = {
    "source": "here",
    "kind": "per_unit",
    "input": {"model": "per_unit", "unit_amount": "0.10", "quantity": "150"},
    "expected": {"amount": "15.00"},
}
# An example of Standard Webhooks 1.0.0 that several implementations publish.
STANDARD = {
    "scheme": "standard webhooks v1",
    "secret": "whsec_plJ3nmyCDGBKInavdOK15jsl",
    "id": "msg_loFOjxBNrRLzqYUf",
    "timestamp": 1731705121,
    "body": '{"event_type":"ping","data":{"success":true}}',
}
SIGNED = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
STRIPE = {
    "scheme": "stripe v1",
    "secret": "whsec_test_secret",
    "timestamp": 1700000000,
    "body": '{"id": "evt_test_webhook", "object": "event"}',
}
GENUINE = (
    "t=1700000000,v1=aafb6f8becb4b5db5da0da34d6fb419de5f0866d738651a835f821a8a96cf1f3"
)


def run(file: Path, *options: str) -> str:
    out = StringIO()
    call_command("vectors", str(file), *options, stdout=out)
    return out.getvalue()


def written(folder: Path, *several: dict[str, Any]) -> Path:
    file = folder / "cases.json"
    file.write_text(json.dumps(several))
    return file


@pytest.mark.skipif(
    not FILE.exists(), reason="PAYBILL_SHARED names no folder with the cases"
)
def test_every_published_case_passes() -> None:
    told = json.loads(run(FILE, "--json"))
    assert told["failed"] == 0, [m for m in told["models"] if m["failed"]]
    assert told["passed"] == len(json.loads(FILE.read_text()))


def test_a_case_that_fails_is_said_and_so_is_a_model_nobody_knows(
    tmp_path: Path,
) -> None:
    wrong = {**GOOD, "expected": {"amount": "15.01"}}
    unknown = {**GOOD, "input": {"model": "by guess"}}
    file = written(tmp_path, GOOD, wrong, unknown)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("vectors", str(file), "--json", stdout=out)
    assert ended.value.code == 1
    told = json.loads(out.getvalue())
    assert (told["passed"], told["failed"]) == (1, 2)
    counts = {m["model"]: (m["passed"], m["failed"]) for m in told["models"]}
    assert counts == {"per_unit": (1, 1), "by guess": (0, 1)}


def test_counts_are_told_by_kind_and_model(tmp_path: Path) -> None:
    told = run(written(tmp_path, GOOD, GOOD)).splitlines()
    assert told[0].split() == ["per_unit", "per_unit", "2", "passed", "0", "failed"]
    assert told[-1] == "2 passed, 0 failed"


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"kind": "tax"}]', "\x00"])
def test_what_is_no_file_of_cases_is_no_pass(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cases.json"
    file.write_text(text)
    with pytest.raises((CommandError, SystemExit)):
        run(file)
    with pytest.raises(CommandError, match="No such file"):
        run(tmp_path / "none.json")


def says(kind: str, given: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    return cases.wrong(Case("", kind, given, expected), ANSWERS)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({**STANDARD, "tolerance_s": None}, {"accept": True, "header": SIGNED}),
        ({**STANDARD, "tolerance_s": None, "header": SIGNED}, {"accept": True}),
        (
            {**STANDARD, "tolerance_s": None, "header": f"v1,AAAA {SIGNED}"},
            {"accept": True},
        ),
        ({**STANDARD, "tolerance_s": None, "header": "v1,AAAA"}, {"accept": False}),
        (
            {**STANDARD, "tolerance_s": 300, "header": SIGNED},
            {"accept": False, "why": "the timestamp is too old"},
        ),
        ({**STRIPE, "tolerance_s": None}, {"accept": True, "header": GENUINE}),
        ({**STRIPE, "tolerance_s": 300, "header": GENUINE}, {"accept": False}),
        (
            {**STRIPE, "tolerance_s": None, "header": f"{GENUINE},v1=00"},
            {"accept": True},
        ),
        ({**STRIPE, "tolerance_s": None, "header": "t=1,v1=00"}, {"accept": False}),
        ({**STRIPE, "tolerance_s": None, "header": ""}, {"accept": False}),
        (
            {**STRIPE, "body": "{}", "tolerance_s": None, "header": GENUINE},
            {"accept": False},
        ),
    ],
)
def test_signatures_are_those_of_the_product(
    given: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert says("webhook_signature", given, expected) == []


def test_a_reason_has_to_be_there_in_whichever_words() -> None:
    accepted = {**STRIPE, "tolerance_s": None}
    assert says("webhook_signature", accepted, {"why": "no v1 scheme"}) != []
