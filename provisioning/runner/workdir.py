"""The folder of a run: 0700, kept until everything in it was harvested."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from provisioning import golang, proxies, stacks
from provisioning.models import Run
from provisioning.plugins.locks import Lock
from provisioning.runner.pins import pinned_stack

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

    def lay_out(self, run: Run, lock: Lock) -> None:
        """Make the folder anew: the stack as archived, the inputs, nothing secret."""
        self.remove()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700)
        (self.path / "tmp").mkdir(mode=0o700)
        for name, text in stacks.contents(pinned_stack(run)).items():
            self.write(name, text.encode())
        if run.imports:
            self.write_imports(run)
        self.write("terraform.tfvars.json", json.dumps(run.inputs).encode())
        self.write("terraform.rc", lock.served.config().encode())
        if lock.text:
            self.write(LOCK_FILE, lock.text.encode())

    @property
    def imports(self) -> Path:
        """Import blocks for what exists without being in the state."""
        return self.path / "imports.tf.json"

    def write_imports(self, run: Run) -> None:
        blocks = [{"to": one["address"], "id": one["id"]} for one in run.imports]
        self.write(self.imports.name, json.dumps({"import": blocks}).encode())

    def write(self, name: str, content: bytes) -> Path:
        """A file that is 0600 from its first byte."""
        path = self.path / name
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        return path

    def rescued(self) -> bytes | None:
        """The state that Terraform could not save, if there is one.

        It writes it to a file, and where it can not do that, into its output.
        """
        dumped = _dumped(self.path / "apply.log")
        if dumped is not None:
            return dumped
        with suppress(FileNotFoundError, IsADirectoryError):
            return (self.path / RESCUE).read_bytes()
        return None

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def _dumped(output: Path) -> bytes | None:
    """The state in an emergency dump: the last line of the output that carries one."""
    dumped = None
    with suppress(OSError), output.open("rb") as lines:
        for line in lines:
            if is_dump(line):
                dumped = json.dumps(json.loads(line)["state"], indent=2).encode()
    return dumped


def is_dump(line: bytes | str) -> bool:
    """Whether a line of ``-json`` output carries the whole state; it is a secret."""
    try:
        event = json.loads(line) if line.strip()[:1] in {"{", b"{"} else None
    except ValueError:
        return False
    return isinstance(event, dict) and isinstance(event.get("state"), dict)


def environment(run: Run, folder: WorkDir, token: str) -> dict[str, str]:
    """Terraform's environment, from nothing: what is not named here is not there.

    Of the host's own only its way out is handed on, proxies and trusted authorities,
    and the pace at which Go frees memory.
    """
    state = f"{settings.PAYBILL_BASE_URL}/terraform/state/{run.deployment.public_id}/"
    return {
        **proxies.environment(),
        **golang.environment(),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder.path),
        "TMPDIR": str(folder.path / "tmp"),
        # Seen from the folder it works in: the path of a socket has 107 bytes, and a
        # provider whose installation lies deep would not start.
        "PLUGIN_UNIX_SOCKET_DIR": "tmp",
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
