"""A tenant entitled to infrastructure of its own, and real parts to build it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections

from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Kind
from paybill_site.kernel.planes import Place
from paybill_site.local import units
from paybill_site.local.places import Places
from provisioning import finishing, stacks
from provisioning.actions import ConfirmRun, PrepareDeployment, QueueRun
from provisioning.clouds import inventory
from provisioning.clouds.inventory import Found
from provisioning.models import Deployment, Run
from provisioning.states import Operation
from provisioning.system import PROVISIONING
from tenants.models import Account, Entitlement
from tenants.states import EntitlementState, Role
from tests import services
from tests.cast import join, make_tenant, make_user

ROOT = Path(settings.BASE_DIR)
OPERATOR = actors.system(
    "test operator",
    "tenants.view_tenant",
    "provisioning.view_deployment",
    "provisioning.view_run",
    "provisioning.queue_run",
    "provisioning.confirm_run",
    "provisioning.cancel_run",
    "provisioning.retry_run",
    "provisioning.adopt_state",
    "provisioning.release_state_lock",
    "provisioning.rollback_state",
    "provisioning.thaw_deployment",
    "provisioning.force_cancel_run",
    "provisioning.view_stateversion",
)

APPROVER = replace(OPERATOR, kind=Kind.OPERATOR, id="usr_approver", label="Approver")

type Entitle = Callable[..., Deployment]
type Hcl = Callable[[str], None]
type Slow = Callable[[float], None]


@pytest.fixture
def entitle(control: Place) -> Entitle:
    """Make a paying customer's tenant, and the deployment that its plan gives it."""

    def make(kind: str = "bridge", slug: str = "acme") -> Deployment:
        user = make_user(slug)
        account = Account.objects.create(name=slug, created_by=user.public_id)
        join(account, user, Role.OWNER)
        tenant = make_tenant(account, slug)
        Entitlement.objects.create(
            tenant=tenant,
            state=EntitlementState.ACTIVE,
            plan="team",
            isolation=kind,
            version=1,
        )
        return perform(PrepareDeployment, tenant, actor=PROVISIONING).result

    return make


@pytest.fixture
def deployment(entitle: Entitle) -> Deployment:
    """A bridge deployment of which nothing was made yet."""
    return entitle()


def queue(deployment: Deployment, trigger: str = "", **asked: Any) -> Run:
    """Queue a run as the operator."""
    data = {"trigger": trigger, **asked}
    run: Run = perform(QueueRun, deployment, data, actor=OPERATOR).result
    return run


def confirm(run: Run) -> Run:
    """Approve the plan that waits, as a person among the operators who looked at it."""
    run.refresh_from_db()
    shown = {"plan_sha256": run.plan_sha256, "plan_digest": run.plan_digest}
    confirmed: Run = perform(ConfirmRun, run, shown, actor=APPROVER).result
    return confirmed


WAITS = """
resource "terraform_data" "wait" {{
  count = 3
  input = count.index
  provisioner "local-exec" {{
    command = "sleep ${{count.index * {seconds}}}"
  }}
}}
output "secret_reference" {{
  value = "unit:none"
}}
"""


class Empty:
    """A cloud in which nothing carries tags."""

    verified = True

    def listed(self, deployment: Deployment) -> list[Found]:
        return []


@pytest.fixture
def hcl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hcl:
    """Let the bridge stack be another one, with the same variables."""

    def make(text: str) -> None:
        folder = tmp_path / "local" / "bridge"
        shutil.copytree(stacks.FOLDER / "local" / "bridge", folder, dirs_exist_ok=True)
        (folder / "outputs.tf").unlink(missing_ok=True)
        (folder / "main.tf").write_text(text)
        monkeypatch.setattr(stacks, "FOLDER", tmp_path)
        # What it makes is known to Terraform alone; no supervisor has to be asked.
        monkeypatch.setitem(inventory._makers, "local", lambda _: Empty())

    return make


@pytest.fixture
def slow(hcl: Hcl) -> Slow:
    """Let the bridge stack be one that only waits."""
    return lambda seconds: hcl(WAITS.format(seconds=seconds))


@pytest.fixture
def unfilled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What such a stack makes can not be filled with anything."""
    nothing: finishing.Finish = lambda run, log: {}  # noqa: E731 - a line is enough
    monkeypatch.setitem(finishing.FINISHES, Operation.APPLY, nothing)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing: the test says what it saw."""


@pytest.hookimpl(tryfirst=True)  # before the parallel processes are told the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that would wait for each other go to one of the parallel processes."""
    for item in items:
        if "alone" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("machine"))
            item.add_marker(pytest.mark.longest)


@pytest.fixture
def alone(committed: None) -> Iterator[None]:
    """No other test uses this machine as a cloud: it has one supervisor."""
    with services.lock("machine.lock"):
        yield


@pytest.fixture
def web(committed: None, settings: Any) -> Iterator[str]:
    """The control plane over HTTP, for Terraform to keep its state there."""
    application = get_wsgi_application()

    def serve(environ: Any, start: Any) -> Iterable[bytes]:
        try:
            return [b"".join(application(environ, start))]
        finally:
            connections.close_all()

    with make_server("127.0.0.1", 0, serve, _Server, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        settings.PAYBILL_BASE_URL = f"http://localhost:{server.server_port}"
        yield settings.PAYBILL_BASE_URL
        server.shutdown()
        thread.join()


@pytest.fixture
def machine(alone: None, web: str) -> Iterator[Places]:
    """This machine as a cloud: a supervisor that takes databases, servers, tenants."""
    places = Places(Path(settings.PAYBILL_LOCAL))
    # Its units learn from here where the control plane is.
    ports = places.local / "ports.json"
    ports.write_text(json.dumps({"web": urlsplit(web).port}))
    with (places.logs / "supervise.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.provisioning.supervise"],
            cwd=ROOT,
            env={
                **os.environ,
                "PAYBILL_LOCAL": str(places.local),
                "DJANGO_SETTINGS_MODULE": "paybill_site.settings",
            },
            stdout=output,
        )
    wait_for(lambda: _listens(places), "the supervisor")
    yield places
    for unit in sorted(_names(places), reverse=True):  # tenants before their servers
        units.remove(places, unit)
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    ports.unlink()


def _listens(places: Places) -> bool:
    try:
        units.ask(places, {"verb": "list"})
    except units.UnitRefused:
        return False
    return True


def _names(places: Places) -> list[str]:
    return [unit["id"] for unit in units.ask(places, {"verb": "list"})["units"]]


def wait_for(seen: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    """Wait until ``seen()`` is true and return it."""
    until = time.monotonic() + seconds
    while not (found := seen()):
        assert time.monotonic() < until, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return found


def runner(run: Run, web: str, before: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """A runner as a process of its own, on the test's database.

    ``before``: words of a program that becomes the runner, after a change of its own.
    """
    database = str(connections["default"].settings_dict["NAME"])
    return subprocess.Popen(
        [*before, sys.executable, "manage.py", "run_deployment", run.public_id],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.provisioning.settings",
            "PAYBILL_TEST_DATABASE": database,
            "PAYBILL_TEST_URL": web,
        },
        start_new_session=True,
    )
