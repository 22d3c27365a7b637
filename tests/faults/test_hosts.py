"""Several hosts, each with folders of its own: what lies on one, only it can take."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connections

from paybill_site.celery import WHERE
from provisioning import tasks
from provisioning.models import Run, StateVersion
from provisioning.states import RunState
from tests.provisioning.conftest import ROOT, Entitle, queue, wait_for

RESCUED = b'{"serial": 3, "lineage": "a", "resources": []}'


def host(name: str, local: Path) -> subprocess.Popen[bytes]:
    """A worker with a disk of its own that has nothing to do."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "--app=paybill_site.celery", "worker"),
            *("--queues=runs,hosts", "--pool=solo", f"--hostname={name}@test"),
            *("--without-gossip", "--without-mingle", "--loglevel=WARNING"),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.provisioning.settings",
            "PAYBILL_TEST_DATABASE": str(connections["default"].settings_dict["NAME"]),
            "PAYBILL_TEST_URL": "http://localhost",
            "PAYBILL_TEST_DISK": str(local),
        },
    )


def left(local: Path, run: Run) -> Path:
    """The folder of a run that another host ended: in it is a state nobody has."""
    folder = local / "runs" / run.public_id
    folder.mkdir(parents=True)
    (folder / "errored.tfstate").write_bytes(RESCUED)
    Run.objects.filter(pk=run.pk).update(state=RunState.ERRORED)
    return folder


@pytest.mark.slow
def test_each_idle_host_takes_what_lies_on_it(
    committed: None, entitle: Entitle, tmp_path: Path
) -> None:
    disks = [tmp_path / name for name in ("one", "two")]
    folders = [left(disk, queue(entitle(slug=disk.name))) for disk in disks]

    def taken() -> bool:
        tasks.sweep_host.apply_async(**WHERE["provisioning.sweep_host"])
        return not any(folder.exists() for folder in folders)

    with ExitStack() as hosts:
        for disk in disks:
            worker = hosts.enter_context(host(disk.name, disk))
            hosts.callback(worker.terminate)
        wait_for(taken, "both hosts", 60)
    assert {version.origin for version in StateVersion.objects.all()} == {"rescued"}
    assert StateVersion.objects.count() == 2
