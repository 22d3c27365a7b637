"""Policies from files: loaded by the same actions, proved by the cases beside them."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from paybill_site.kernel.models import AuditEntry
from paybill_site.kernel.planes import Place
from provisioning.models import RegoPolicy

EXAMPLE = "no-slow-storage"


@pytest.fixture
def policy(control: Place, tmp_path: Path) -> Path:
    """The example's two files, in a folder where they can be changed."""
    shutil.copytree(
        Path(settings.BASE_DIR) / "examples" / "policies", tmp_path, dirs_exist_ok=True
    )
    return tmp_path / f"{EXAMPLE}.rego"


def said(*words: str) -> str:
    out = StringIO()
    call_command("policies", *words, stdout=out)
    return out.getvalue()


def test_a_policy_is_loaded_from_its_files_and_enabled_when_told(policy: Path) -> None:
    assert said("import", str(policy)) == f"{EXAMPLE}: not enabled, passes 2 cases\n"
    assert not RegoPolicy.objects.get(name=EXAMPLE).enabled
    told = f"{EXAMPLE}: asked about every plan, passes 2 cases\n"
    assert said("import", str(policy), "--enable") == told
    assert said("list") == told
    done = AuditEntry.objects.filter(action__contains="_policy").order_by("id")
    assert [entry.action for entry in done] == [
        "provisioning.add_policy",
        "provisioning.enable_policy",
    ]


def test_a_changed_file_changes_the_policy_and_leaves_it_enabled(policy: Path) -> None:
    said("import", str(policy), "--enable")
    policy.write_text(policy.read_text().replace('"refuse"', '"note"'))
    with pytest.raises(CommandError, match="gp2 is refused"):
        said("import", str(policy))
    assert '"refuse"' in RegoPolicy.objects.get().text  # as it was
    cases = policy.with_suffix(".cases.json")
    cases.write_text(cases.read_text().replace('"refuse"', '"note"'))
    said("import", str(policy))
    changed = RegoPolicy.objects.get()
    assert (changed.enabled, '"note"' in changed.text) == (True, True)


@pytest.mark.parametrize(
    ("name", "content", "refused"),
    [
        (f"{EXAMPLE}.cases.json", None, "No such file"),
        (f"{EXAMPLE}.cases.json", "[", "Expecting value"),
        (f"{EXAMPLE}.cases.json", json.dumps([]), "cases"),
        (f"{EXAMPLE}.cases.json", json.dumps({"name": 1}), "cases"),
        (f"{EXAMPLE}.rego", "package other", "package paybill"),
        (f"{EXAMPLE}.rego", "x" * (1 << 21), "longer than"),
        (f"{EXAMPLE}.rego", "\udcff", "UTF-8"),
    ],
)
def test_wrong_files_are_refused_and_nothing_is_kept(
    policy: Path, name: str, content: str | None, refused: str
) -> None:
    file = policy.with_name(name)
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(CommandError, match=refused):
        said("import", str(policy))
    assert not RegoPolicy.objects.exists()


def test_only_a_rego_file_is_a_policy(policy: Path) -> None:
    with pytest.raises(CommandError, match=r"ends in \.rego"):
        said("import", str(policy.with_suffix(".txt")))
