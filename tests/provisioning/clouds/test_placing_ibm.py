"""What Paybill puts beside a stack at IBM: a password, secrets, a trusted profile."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from provisioning.clouds.ibm import placing
from provisioning.errors import CloudFailed
from provisioning.models import Run
from tests.provisioning.clouds.conftest import Hold
from tests.provisioning.clouds.stub import Answer, Asked, cloud, ok, refused

GUID = "11111111-1111-1111-1111-111111111111"
PLACE = "/api/v2/secret_groups/pb-1-g1/secret_types/arbitrary/secrets"
HOST = f"https://{GUID}.eu-de.secrets-manager.appdomain.cloud"
OUTPUTS = {"secret_reference": f"{HOST}{PLACE}/pb-1-g1-login"}
HANDED = {"database_password": "Pb1_hunter2", "licence": "l", "version": "1"}
LOGIN = {"username": "admin", "password": "Pb1_hunter2"}
SERVICES = ("databases-for-postgresql", "cloud-object-storage", "codeengine")
CRNS = {s: f"crn:v1:bluemix:public:{s}:eu-de:a/acc:{s}-id::" for s in SERVICES}
type Make = Callable[..., Run]


@dataclass
class Ibm:
    """One account: a stack's instances, its group of secrets, profiles, policies."""

    secrets: dict[str, str] = field(default_factory=dict)
    profiles: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)
    policies: list[dict[str, Any]] = field(default_factory=list)
    crns: list[str] = field(default_factory=lambda: list(CRNS.values()))
    password: str = ""
    task: str = "completed"
    written: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        parts = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/identity/token":
            return self._token(asked)
        profile = "Profile-00000000-0000-0000-0000-000000000001"
        assert asked.headers["authorization"] == f"Bearer {profile}"
        if asked.method != "GET":
            self.written.append(f"{asked.method} {parts.path}")
        for start, answer in (
            ("/v2/", self._instances),
            ("/v5/ibm/", self._database),
            ("/api/v2/", self._manager),
            ("/v1/", self._iam),
        ):
            if parts.path.startswith(start):
                return answer(asked, parts.path, query)
        return refused(404, asked.path)

    def _token(self, asked: Asked) -> Answer:
        named = asked.form.get("profile_id", "service")
        return ok({"access_token": named, "expires_in": 3600})

    def _instances(self, asked: Asked, path: str, query: dict[str, str]) -> Answer:
        assert query == {"name": "pb-1-g1", "resource_group_id": "0" * 32}
        return ok({"resources": [{"crn": crn} for crn in self.crns]})

    def _database(self, asked: Asked, path: str, query: dict[str, str]) -> Answer:
        if asked.method == "PATCH":
            crn = unquote(path.split("/")[4])
            assert crn == CRNS["databases-for-postgresql"]
            assert path.endswith("/users/database/admin")
            self.password = asked.json["user"]["password"]
            return 202, {"task": {"id": "crn:task", "status": "running"}}, {}
        assert unquote(path) == "/v5/ibm/tasks/crn:task"
        return ok({"task": {"id": "crn:task", "status": self.task}})

    def _manager(self, asked: Asked, path: str, query: dict[str, str]) -> Answer:
        if path == "/api/v2/secret_groups":
            other = {"id": "other", "name": "default"}
            return ok({"secret_groups": [other, {"id": "group", "name": "pb-1-g1"}]})
        if path.startswith(PLACE):
            name = path.rpartition("/")[2]
            if name not in self.secrets:
                return refused(404, "no such secret")
            return ok({"id": name, "payload": self.secrets[name]})
        if asked.method == "DELETE":
            del self.secrets[path.rpartition("/")[2]]
            return 204, {}, {}
        if path == "/api/v2/secrets":
            assert asked.json["secret_group_id"] == "group"
            assert asked.json["secret_type"] == "arbitrary"
            self.secrets[asked.json["name"]] = asked.json["payload"]
        else:
            self.secrets[path.split("/")[4]] = asked.json["payload"]
        return 201, {"id": "made"}, {}

    def _iam(self, asked: Asked, path: str, query: dict[str, str]) -> Answer:
        row = {"id": "Profile-9", "iam_id": "iam-Profile-9", "name": "pb-1-g1"}
        kept = {"/v1/profiles": self.profiles, "/v1/policies": self.policies}.get(
            path, self.links
        )
        if asked.method == "DELETE":
            assert path == "/v1/profiles/Profile-9"
            self.profiles.clear()
            return 204, {}, {}
        if asked.method == "POST":
            kept.append({**asked.json, **(row if kept is self.profiles else {})})
            return 201, kept[-1], {}
        assert kept is self.links or query["account_id"] == "acc"
        return ok({path.rpartition("/")[2]: kept})


@pytest.fixture
def at_ibm(hold: Hold, monkeypatch: pytest.MonkeyPatch) -> Make:
    monkeypatch.setattr(placing, "PAUSE", 0.0)

    def make(address: str, kind: str = "silo") -> Run:
        profile = "Profile-00000000-0000-0000-0000-00000000000{}"
        purposes = enumerate(("plan", "apply", "read"))
        run = hold(
            "ibm",
            "eu-de",
            endpoint=address,
            method="exchanged",
            identities={p: profile.format(n) for n, p in purposes},
            secret=json.dumps({"api_key": "sealed"}),
            details={"resource_group": "0" * 32},
        )
        run.deployment.kind = kind
        return run

    return make


def test_a_bridge_gets_its_first_log_in(at_ibm: Make) -> None:
    ibm = Ibm()
    with cloud(ibm) as stub:
        run = at_ibm(stub.address, "bridge")
        placing.place(run, OUTPUTS, HANDED)
        assert ibm.password == "Pb1_hunter2"
        assert list(ibm.secrets) == ["pb-1-g1-login"]
        assert json.loads(ibm.secrets["pb-1-g1-login"]) == LOGIN
        assert not ibm.profiles


def test_a_silo_gets_its_handover_and_an_identity_that_may_little(
    at_ibm: Make,
) -> None:
    ibm = Ibm()
    with cloud(ibm) as stub:
        run = at_ibm(stub.address)
        placing.place(run, OUTPUTS, HANDED)
        assert json.loads(ibm.secrets["pb-1-g1-handover"]) == HANDED
        [link] = ibm.links
        assert link["cr_type"] == "CE"
        assert link["link"]["crn"] == CRNS["codeengine"]
        assert link["link"]["component_name"] == "pb-1-g1"
        rights = [
            {a["name"]: a["value"] for a in policy["resources"][0]["attributes"]}
            for policy in ibm.policies
        ]
        assert [right["resource"] for right in rights] == ["group", "pb-1-g1"]
        assert rights[0]["serviceInstance"] == GUID
        assert rights[1]["serviceInstance"] == "cloud-object-storage-id"

        ibm.written.clear()
        placing.place(run, OUTPUTS, HANDED)
        assert ibm.written == [], "what is in place is left alone"
        placing.place(run, OUTPUTS, {**HANDED, "version": "2"})
        assert ibm.written == ["POST /api/v2/secrets/pb-1-g1-handover/versions"]


def test_what_was_cut_off_is_taken_up_again(at_ibm: Make) -> None:
    ibm = Ibm(task="failed")
    with cloud(ibm) as stub:
        run = at_ibm(stub.address)
        with pytest.raises(CloudFailed, match="password could not be changed") as told:
            placing.place(run, OUTPUTS, HANDED)
        assert "hunter2" not in told.value.detail
        assert not ibm.secrets, "a log-in that was not set is not kept"
        ibm.task = "completed"
        ibm.policies.append({"resources": [{"attributes": []}]})
        placing.place(run, OUTPUTS, HANDED)
        assert set(ibm.secrets) == {"pb-1-g1-login", "pb-1-g1-handover"}
        assert len(ibm.policies) == 3


def test_secrets_and_profile_go_before_the_stack(at_ibm: Make) -> None:
    ibm = Ibm()
    with cloud(ibm) as stub:
        run = at_ibm(stub.address)
        placing.place(run, OUTPUTS, HANDED)
        said = placing.clear(run.deployment, OUTPUTS)
        assert said == "secrets deleted: login, handover"
        assert (ibm.secrets, ibm.profiles) == ({}, [])
        assert placing.clear(run.deployment, OUTPUTS).endswith("none was there")


def test_nothing_secret_is_sent_elsewhere(at_ibm: Make) -> None:
    with cloud(Ibm()) as stub:
        run = at_ibm(stub.address)
        away = {"secret_reference": f"https://evil.example{PLACE}/pb-1-g1-login"}
        with pytest.raises(CloudFailed, match="not the address of a secret"):
            placing.place(run, away, HANDED)


def test_a_stack_that_ibm_does_not_list_yet_is_left_alone(at_ibm: Make) -> None:
    ibm = Ibm(crns=[CRNS["databases-for-postgresql"]])
    with cloud(ibm) as stub:
        run = at_ibm(stub.address)
        with pytest.raises(CloudFailed, match=r"lists no .*codeengine.* of pb-1-g1"):
            placing.place(run, OUTPUTS, HANDED)
        assert ibm.written == []
