"""The folder of a run: 0700, kept until everything in it was harvested."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from provisioning import stacks
from provisioning.models import Run

PLAN, LOCK_FILE, RESCUE = "plan.out", ".terraform.lock.hcl", "errored.tfstate"


@dataclass(frozen=True, slots=True)
class WorkDir:
    """Where Terraform works for one run on this host."""

    path: Path

    @classmethod
    def of(cls, run: Run) -> WorkDir:
        return cls(Path(settings.PAYBILL_LOCAL) / "runs" / run.public_id)

    @property
    def plan(self) -> Path:
        return self.path / PLAN

    @property
    def lock_file(self) -> Path:
        return self.path / LOCK_FILE

    @property
    def process(self) -> Path:
        """Names the Terraform process that works here: pid and start time."""
        return self.path / "terraform.pid"

    def lay_out(self, run: Run) -> None:
        """Make the folder anew: the stack as pinned, the inputs, nothing secret."""
        self.remove()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700)
        stacks.Stack(run.stack).copy_to(self.path, run.stack_digest)
        self.write("terraform.tfvars.json", json.dumps(run.inputs).encode())
        self.write("terraform.rc", b"disable_checkpoint = true\n")
        (self.path / "tmp").mkdir(mode=0o700)

    def write(self, name: str, content: bytes) -> Path:
        """A file that is 0600 from its first byte."""
        path = self.path / name
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        return path

    def rescued(self) -> bytes | None:
        """The state that Terraform could not save, if there is one."""
        with suppress(FileNotFoundError):
            return (self.path / RESCUE).read_bytes()
        return None

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def environment(run: Run, folder: WorkDir, token: str) -> dict[str, str]:
    """Terraform's environment, from nothing: what is not named here is not there."""
    state = f"{settings.PAYBILL_BASE_URL}/terraform/state/{run.deployment.public_id}/"
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder.path),
        "TMPDIR": str(folder.path / "tmp"),
        "LANG": "C.UTF-8",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": str(folder.path / "terraform.rc"),
        "TF_HTTP_ADDRESS": state,
        "TF_HTTP_LOCK_ADDRESS": f"{state}lock/",
        "TF_HTTP_LOCK_METHOD": "POST",
        "TF_HTTP_UNLOCK_ADDRESS": f"{state}unlock/",
        "TF_HTTP_UNLOCK_METHOD": "POST",
        "TF_HTTP_USERNAME": run.public_id,
        "TF_HTTP_PASSWORD": token,
        "TF_HTTP_RETRY_MAX": "10",
    }
