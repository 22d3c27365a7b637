"""A notebook that runs, and a tenant whose plan names it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from provisioning.actions import AddProduct, RotateProductSecret
from provisioning.models import Product
from tenants.models import Tenant
from tests.services import any_port
from tests.tenants.test_going_live import entitle

FILE = Path(settings.BASE_DIR) / "examples" / "notebook" / "product.py"


class Notebook:
    """The example product as a process of its own, which can go down and come back."""

    def __init__(self, port: int, data: Path) -> None:
        self.port, self.data, self.secret = port, data, ""
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}/paybill"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(FILE), str(self.port)],
            env={
                "PATH": os.environ["PATH"],
                "NOTEBOOK_SECRET": self.secret,
                "NOTEBOOK_DATA": str(self.data),
            },
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while self._refuses():
            assert time.monotonic() < until, "the notebook does not start"
            time.sleep(0.05)

    def _refuses(self) -> bool:
        try:
            self.ask("nobody.localhost")
        except OSError:
            return True
        return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(
        self, host: str, body: bytes | None = None, path: str = "/", **headers: str
    ) -> tuple[int, str]:
        """Status and page of a request; ``webhook_id`` is the header webhook-id."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=10)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        verb = "GET" if body is None else "POST"
        line.request(verb, path, body, {"Host": host, **sent})
        answer = line.getresponse()
        found = answer.status, answer.read().decode()
        line.close()
        return found


@pytest.fixture
def notebook(tmp_path: Path, settings: Any) -> Iterator[Notebook]:
    settings.PAYBILL_OUTGOING_ALLOWED = ["localhost"]
    made = Notebook(any_port(), tmp_path / "notebook.db")
    yield made
    made.stop()


@pytest.fixture
def product(notebook: Notebook, operator: Actor) -> Product:
    """The notebook, added by an operator, running with the secret it was shown."""
    asked = {"code": "notebook", "name": "Notebook", "address": notebook.address}
    added = perform(AddProduct, None, asked, actor=operator).result
    rotated = perform(RotateProductSecret, added, actor=operator).result
    notebook.secret = rotated.fresh_secret
    notebook.start()
    return Product.objects.get(pk=added.pk)


@pytest.fixture
def paid(product: Product, tenant: Tenant) -> Tenant:
    """A tenant whose plan names the notebook."""
    entitle(tenant, features={"product": product.code})
    return Tenant.objects.get(pk=tenant.pk)
