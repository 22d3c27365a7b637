"""The state is lost; the cloud lists all to import, and nothing is made twice."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from provisioning import golang
from provisioning.clouds import inventory
from provisioning.clouds.adapters import adapter
from provisioning.models import Deployment
from provisioning.plugins import mirrors
from tests.provisioning.clouds.test_terraform_enters import AWS, tell

HERE = Path(__file__).parent


class Stack:
    """Bare Terraform in a folder, with a state that can be lost."""

    def __init__(self, folder: Path, deployment: Deployment, config: str) -> None:
        assert deployment.account is not None
        self.folder = folder
        (folder / "main.tf").write_text((HERE / "importing.tf").read_text())
        (folder / "terraform.rc").write_text(config)
        self.environment = {
            **golang.environment(),
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TF_CLI_CONFIG_FILE": str(folder / "terraform.rc"),
            "CHECKPOINT_DISABLE": "1",
            "TF_VAR_deployment": deployment.public_id,
            "AWS_ENDPOINT_URL": deployment.account.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": deployment.region,
        }

    def __call__(self, *words: str) -> str:
        return tell(self.folder, self.environment, *words)

    def plan(self) -> dict[str, Any]:
        """What a plan would do, by address; with its values."""
        self("plan", "-out=plan.out", "-no-color")
        shown = json.loads(self("show", "-json", "plan.out"))
        return {
            change["address"]: change
            for change in shown["resource_changes"]
            if change["mode"] == "managed"
        }

    def take_up(self, imports: dict[str, str]) -> None:
        blocks = [
            f'import {{\n  to = {address}\n  id = "{one}"\n}}\n'
            for address, one in imports.items()
        ]
        (self.folder / "imports.tf").write_text("\n".join(blocks))
        self("apply", "-auto-approve", "-no-color", *targets(imports))

    def lose_state(self) -> None:
        for path in self.folder.glob("terraform.tfstate*"):
            path.unlink()


def targets(imports: dict[str, str]) -> list[str]:
    return [f"-target={address}" for address in imports]


def created(plan: dict[str, Any]) -> dict[str, Any]:
    return {a: c for a, c in plan.items() if c["change"]["actions"] == ["create"]}


@pytest.mark.slow
def test_everything_is_taken_up_again_by_address(
    on_aws: Deployment, tmp_path: Path
) -> None:
    served = mirrors.serve([AWS])
    if served.missing:
        pytest.skip("the AWS provider is in no mirror of this machine")
    terraform = Stack(tmp_path, on_aws, served.config())
    terraform("init", "-no-color")
    terraform("apply", "-auto-approve", "-no-color")
    everything = set(terraform.plan())
    terraform.lose_state()

    asked = inventory.of(on_aws)
    assert asked is not None
    tagged = {f.address: f.id for f in asked.listed(on_aws) if not f.ends}
    terraform.take_up(tagged)

    missing = created(terraform.plan())
    assert set(missing) == everything - set(tagged)
    find = adapter("aws").child_id
    children = {
        address: find(on_aws, change["type"], change["change"]["after"])
        for address, change in missing.items()
    }
    assert all(children.values())
    terraform.take_up(children)
    assert created(terraform.plan()) == {}
    terraform("destroy", "-auto-approve", "-no-color")
    left = asked.listed(on_aws)
    assert [f.name for f in left if not f.ends] == []
