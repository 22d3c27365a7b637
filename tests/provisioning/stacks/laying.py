"""A stack laid out as in a run, but for its backend, and bare Terraform on it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provisioning import golang, stacks, terraform

LOCAL = 'terraform {\n  backend "local" {}\n}\n'
SECONDS = 600


@dataclass(slots=True)
class Laid:
    """One stack in a folder of its own; Terraform sees ``environment`` beside the rest.

    Its state is in the folder: an override file, which Terraform merges last, takes the
    place of the backend over HTTP.
    """

    name: str
    folder: Path
    config: Path
    inputs: Mapping[str, Any]
    handover: Mapping[str, str]
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        cloud, kind = self.name.split("/")
        for file, text in stacks.find(cloud, kind).files().items():
            (self.folder / file).write_text(text)
        (self.folder / "local_override.tf").write_text(LOCAL)
        self.give(**self.inputs)

    def give(self, **inputs: Any) -> None:
        """Change inputs."""
        self.inputs = {**self.inputs, **inputs}
        written = json.dumps(self.inputs)
        (self.folder / "paybill.auto.tfvars.json").write_text(written)

    def terraform(self, *words: str, code: int = 0) -> str:
        """What Terraform says; fails the test unless it ends with ``code``."""
        done = self.attempt(*words)
        assert done.returncode == code, f"terraform {' '.join(words)}\n{done.stdout}"
        return done.stdout

    def attempt(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Terraform, whatever comes of it."""
        return subprocess.run(
            [terraform.binary(), *words],
            cwd=self.folder,
            env={
                **golang.environment(),
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "TF_CLI_CONFIG_FILE": str(self.config),
                "TF_CLI_ARGS": "-no-color",
                "TF_INPUT": "0",
                "TF_IN_AUTOMATION": "1",
                "TF_VAR_handover": json.dumps(self.handover),
                "SCHEMA_PROVIDER_STATE": str(self.cloud),
                **self.environment,
            },
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
        )

    def plan(self, *words: str) -> dict[str, Any]:
        """A new plan, as ``terraform show -json`` tells it."""
        self.terraform("plan", "-out=plan", *words)
        shown: dict[str, Any] = json.loads(self.terraform("show", "-json", "plan"))
        return shown

    def apply(self) -> None:
        """Apply the plan that was made last."""
        self.terraform("apply", "plan")

    def state(self) -> list[dict[str, Any]]:
        """The resources in the state."""
        shown = json.loads(self.terraform("show", "-json"))
        module: dict[str, Any] = shown.get("values", {}).get("root_module", {})
        return [one for one in module.get("resources", []) if one["mode"] == "managed"]

    def outputs(self) -> dict[str, Any]:
        """What the stack tells of itself."""
        shown = json.loads(self.terraform("output", "-json"))
        return {name: output["value"] for name, output in shown.items()}

    @property
    def cloud(self) -> Path:
        """The schema provider's memory of what exists."""
        return self.folder / "cloud.db"

    def existing(self) -> list[str]:
        """Types of all that the schema provider says exists."""
        with closing(sqlite3.connect(self.cloud)) as cloud:
            rows = cloud.execute("SELECT type FROM objects ORDER BY type")
            return [str(row[0]) for row in rows]
