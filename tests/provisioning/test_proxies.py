"""Terraform leaves a host that only a proxy lets out, and its password stays inside."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from paybill_site.kernel.crypto import redact
from provisioning import proxies, terraform
from provisioning.models import Deployment
from provisioning.runner.workdir import WorkDir, environment
from tests.provisioning.conftest import queue

BACKEND = 'terraform {\n  backend "http" {}\n}\n'


class _Proxy(BaseHTTPRequestHandler):
    """Answers as a control plane without a state, and notes what it was asked for."""

    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        asked = self.path, self.headers.get("Proxy-Authorization", "")
        self.asked.append(asked)
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing: the test says what it saw."""


@pytest.fixture(autouse=True)
def _bare_host(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in proxies.HANDED_ON:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def proxy() -> Iterator[tuple[int, list[tuple[str, str]]]]:
    asked: list[tuple[str, str]] = []
    handler = type("Proxy", (_Proxy,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_port, asked
        server.shutdown()
        thread.join()


def test_terraform_reaches_the_control_plane_through_the_proxy(
    deployment: Deployment,
    proxy: tuple[int, list[tuple[str, str]]],
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    port, asked = proxy
    settings.PAYBILL_BASE_URL = "http://paybill.example"  # no DNS knows it
    monkeypatch.setenv("HTTP_PROXY", f"http://runner:s3cret%21pass@127.0.0.1:{port}")
    run = queue(deployment)
    folder = WorkDir.of(run)
    (folder.path / "tmp").mkdir(parents=True)
    folder.write("main.tf", BACKEND.encode())
    folder.write("terraform.rc", b"")
    done = subprocess.run(
        [str(terraform.binary()), "init", "-input=false", "-no-color"],
        cwd=folder.path,
        env=environment(run, folder, "token"),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    state = f"http://paybill.example/terraform/state/{deployment.public_id}/"
    assert [url for url, _ in asked][:1] == [state]
    assert all(login.startswith("Basic ") for _, login in asked)


def test_what_the_host_says_of_its_way_out_is_handed_on_and_nothing_else(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queue(deployment)
    before = environment(run, WorkDir.of(run), "token")
    told = {
        "HTTPS_PROXY": "http://proxy.internal:3128",
        "no_proxy": "paybill.internal,10.0.0.0/8",
        "SSL_CERT_FILE": "/etc/ssl/company.pem",
    }
    for name, value in {**told, "AWS_SECRET_ACCESS_KEY": "the host's own"}.items():
        monkeypatch.setenv(name, value)
    assert environment(run, WorkDir.of(run), "token") == {**before, **told}


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("http://runner:s3cret%21pass@proxy:3128", {"s3cret%21pass", "s3cret!pass"}),
        ("runner:hunter2@proxy:3128", {"hunter2"}),
        ("http://runner:p@ss@proxy:3128/", {"p@ss"}),
        ("http://proxy:3128", set()),
        ("http://[not an address", set()),
    ],
)
def test_the_password_of_a_proxy_is_for_no_log(
    address: str, secret: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", address)
    assert set(proxies.secrets()) == secret
    trouble = redact(f"proxyconnect tcp: {address}: refused")
    assert not any(one in trouble for one in secret if "://" in address)
