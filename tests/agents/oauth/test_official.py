"""The official suite's scenarios for authorization servers, at a tenant's own host.

They do not count for any revision of the protocol; they are what another author says
of metadata and of the way from a question to a token.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from agents.actions import CreateAgent, RegisterClient
from agents.models import Delegation, Role
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.planes import Place, plane
from tests import services
from tests.agents.conftest import CANCEL, READ, license_plane
from tests.agents.people import enter, person, prove
from tests.mcp import suite

pytestmark = [pytest.mark.mcp, pytest.mark.slow]
# Node asks the system, which need not know that names below localhost are this machine.
RESOLVER = """
const dns = require("dns"), real = dns.lookup;
dns.lookup = (host, options, done) => {
  const ours = host.endsWith(".localhost") ? "localhost" : host;
  return real(ours, options, done);
};
"""
ASKED = re.compile(r"https?://\S+/oauth/authorize\?\S+")


@dataclass
class Shop:
    """A tenant's host, and a registered assistant whose person is logged in."""

    issuer: str
    client: str
    browser: Client
    place: Place


@pytest.fixture
def folder() -> Path:
    return suite.installed()


@pytest.fixture
def shop(
    folder: Path, committed: None, tenant_a: Place, tmp_path: Path
) -> Iterator[Shop]:
    with suite.server(tmp_path / "server.log", "paybill_site.urls") as address:
        host = f"ta.localhost:{urlsplit(address).port}"
        with plane(tenant_a):
            license_plane(tenant_a)
            olivia = person("owner")
            role = Group.objects.create(name="agents:assistants")
            Role.objects.create(name="assistants", group=role, made_by="test")
            codes = [name.partition(".")[2] for name in (READ, CANCEL)]
            role.permissions.set(Permission.objects.filter(codename__in=codes))
            keeper = actors.of_user(olivia, via="session")
            agent = perform(CreateAgent, None, {"name": "Suite"}, actor=keeper).result
            back = {"kind": "assistant", "redirect_uris": ["http://127.0.0.1/callback"]}
            perform(RegisterClient, agent, back, actor=keeper)
            browser = prove(enter(Client(headers={"host": host}), olivia))
        yield Shop(f"http://{host}", agent.public_id, browser, tenant_a)


def command(
    shop: Shop, folder: Path, resolver: Path
) -> tuple[list[str], dict[str, str]]:
    """The suite's command with both scenarios, and its environment."""
    binaries = folder / "node_modules" / ".bin"
    resolver.write_text(RESOLVER)
    environment = {
        **os.environ,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "NODE_OPTIONS": f"--require={resolver}",
    }
    words = ["--url", shop.issuer, "--resource", f"{shop.issuer}/mcp"]
    words += ["--client-id", shop.client, "--port", str(services.any_port())]
    return [str(binaries / "conformance"), "authorization", *words], environment


def consent(shop: Shop, address: str) -> None:
    """What the person's browser does at the address that the suite prints."""
    yes = {"answer": "allow", "scope": [READ, CANCEL], "hours": "1", "task": "Suite"}
    path, port = address.removeprefix(shop.issuer), urlsplit(address).port
    with plane(shop.place):
        answer = shop.browser.post(path, yes, SERVER_PORT=str(port))
    assert "?code=" in answer["Location"], answer["Location"]
    with urlopen(answer["Location"], timeout=10) as back:  # noqa: S310 - this machine
        assert back.status == 200


def test_another_author_finds_metadata_and_gets_a_token_by_consent(
    folder: Path, shop: Shop, tmp_path: Path
) -> None:
    words, environment = command(shop, folder, tmp_path / "resolver.cjs")
    said = ""
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                said += line
                if asked := ASKED.search(line):
                    consent(shop, asked[0])
        finally:
            process.terminate()
    assert process.returncode == 0, said
    assert "metadata-endpoint: 2 passed, 0 failed" in said
    assert "code-grant: 1 passed, 0 failed" in said
    with plane(shop.place):
        assert Delegation.objects.get().agent.public_id == shop.client
