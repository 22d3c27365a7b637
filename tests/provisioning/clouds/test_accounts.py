"""Cloud accounts as operators keep them: added, refused, changed, paused, tried."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paybill_site.accounts.models import User
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, IllegalMove, Invalid, NotFound
from paybill_site.kernel.models import AuditEntry
from provisioning import actions
from provisioning.models import CloudAccount, Deployment
from provisioning.states import AccountState, Health
from tests.cast import LogIn

DIRECTORY = "00000000-0000-0000-0000-00000000000a"
ROLES = {
    "plan_identity": "arn:aws:iam::123456789012:role/paybill-plan",
    "apply_identity": "arn:aws:iam::123456789012:role/paybill-apply",
    "read_identity": "arn:aws:iam::123456789012:role/paybill-read",
}
AWS: dict[str, Any] = {
    "name": "Production",
    "cloud": "aws",
    **ROLES,
    "regions": ["eu-central-1", "eu-west-1"],
    "address_pool": "10.64.0.0/16",
}


def add(operator: Actor, **changed: Any) -> CloudAccount:
    account: CloudAccount = perform(
        actions.AddCloudAccount, None, {**AWS, **changed}, actor=operator
    ).result
    return account


def test_an_account_is_added_untried(operator: Actor) -> None:
    account = add(operator)
    assert account.health == Health.UNTRIED
    assert account.state == AccountState.ACTIVE
    assert account.identities["apply"] == ROLES["apply_identity"]
    assert str(account) == "Production"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"regions": ["eu-nowhere-9"]}, "does not know eu-nowhere-9"),
        ({"regions": ["Frankfurt"], "other_regions": True}, "no region is called"),
        ({"regions": []}, "regions"),
        ({"address_pool": "8.8.8.0/24"}, "RFC 1918"),
        ({"address_pool": "10.64.0.1/16"}, "without host bits"),
        ({"address_pool": "10.64.0.0/24"}, "does not fit into the pool"),
        ({"network_prefix": 8}, "greater than or equal to 16"),
        ({"plan_identity": "admin"}, "identity to plan is written as"),
        ({"plan_identity": ROLES["apply_identity"]}, "a plan may only read"),
        ({"method": "none"}, "only a simulation lets in"),
        ({"method": "exchanged"}, "entered by one of"),
        ({"endpoint": "http://127.0.0.1:5000"}, "only a simulation has an address"),
        ({"details": {"api_key": "x"}}, "sounds like a secret"),
        ({"details": {"zone_id": "AKIAABCDEFGHIJKLMNOP"}}, "looks like a secret"),
        ({"details": {"Zone": "x"}}, "lower case"),
        ({"secret": "{}"}, "keeps no key"),
        ({"method": "static", "secret": "AKIA"}, "the key is JSON"),
        ({"method": "static", "secret": '{"access_key_id": "a"}'}, "the key is JSON"),
        ({"cloud": "azure"}, "the details need directory"),
        ({"cloud": "mars"}, "cloud"),
        ({"most_deployments": -1}, "most_deployments"),
        ({"extra": 1}, "extra"),
    ],
)
def test_what_can_not_be_right_is_refused_with_its_reason(
    operator: Actor, changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        add(operator, **changed)
    assert not CloudAccount.objects.exists()


def test_where_a_secret_is_kept_is_no_secret(operator: Actor) -> None:
    details = {"pull_secret": "arn:aws:secretsmanager:eu-central-1:1:secret:pull"}
    assert add(operator, details=details).details == details


def test_a_region_that_is_new_is_taken_when_that_is_said(operator: Actor) -> None:
    account = add(operator, regions=["eu-nowhere-9"], other_regions=True)
    assert account.regions == ["eu-nowhere-9"]


def test_a_static_key_is_sealed_and_never_shown(
    operator: Actor, operator_user: User, log_in: LogIn
) -> None:
    key = json.dumps({"access_key_id": "AKID", "secret_access_key": "never-shown"})
    account = add(operator, method="static", secret=key)
    assert CloudAccount.objects.get().secret == key
    assert not AuditEntry.objects.filter(body__contains="never-shown").exists()
    browser = log_in(operator_user)
    one = f"/operators/provisioning/cloudaccount/{account.pk}/change/"
    assert "never-shown" not in browser.get(one).content.decode()
    answer = browser.get(f"/api/cloud-accounts/{account.public_id}")
    assert "never-shown" not in answer.content.decode()
    assert "secret" not in answer.json()


def test_a_change_keeps_the_key_and_has_to_be_tried_again(operator: Actor) -> None:
    key = json.dumps({"access_key_id": "AKID", "secret_access_key": "kept"})
    account = add(operator, method="static", secret=key)
    CloudAccount.objects.update(health=Health.OK, health_said="fine")
    data = {
        **{"name": "Renamed", "method": "static", "at_once": 1},
        "regions": ["eu-west-1"],
    }
    changed = perform(actions.ChangeCloudAccount, account, data, actor=operator).result
    assert (changed.secret, changed.health) == (key, Health.UNTRIED)
    assert (changed.regions, changed.name) == (["eu-west-1"], "Renamed")


def test_a_static_key_is_forgotten_when_the_cloud_trusts_paybill(
    operator: Actor,
) -> None:
    key = json.dumps({"access_key_id": "AKID", "secret_access_key": "over"})
    account = add(operator, method="static", secret=key)
    data = {**AWS, "method": "federated"}
    data.pop("cloud")
    changed = perform(actions.ChangeCloudAccount, account, data, actor=operator).result
    assert (changed.method, changed.secret) == ("federated", "")


def test_a_pool_in_use_is_not_exchanged(
    operator: Actor, on_aws: Deployment, simulated: CloudAccount
) -> None:
    simulated.networks.create(deployment=on_aws, slot=0, cidr="10.64.0.0/22")
    data = {
        **{"name": "Moved", "method": "none", "endpoint": simulated.endpoint},
        **{"regions": ["eu-central-1"], "address_pool": "10.65.0.0/16"},
    }
    with pytest.raises(IllegalMove, match="could overlap"):
        perform(actions.ChangeCloudAccount, simulated, data, actor=operator)


def test_an_account_is_paused_and_resumed(operator: Actor) -> None:
    account = add(operator)
    paused = perform(actions.PauseCloudAccount, account, actor=operator).result
    assert paused.state == AccountState.PAUSED
    with pytest.raises(IllegalMove):
        perform(actions.PauseCloudAccount, account, actor=operator)
    resumed = perform(actions.ResumeCloudAccount, account, actor=operator).result
    assert resumed.state == AccountState.ACTIVE


def test_customers_know_of_no_accounts(operator: Actor, owner: Actor) -> None:
    account = add(operator)
    assert not CloudAccount.objects.visible_to(owner).exists()
    with pytest.raises(NotFound):
        perform(actions.TestCloudAccount, account, actor=owner)
    with pytest.raises(Forbidden):
        perform(actions.AddCloudAccount, None, AWS, actor=owner)


def test_a_simulated_account_is_tried_and_says_who_paybill_is(
    operator: Actor, simulated: CloudAccount
) -> None:
    perform(actions.TestCloudAccount, simulated, actor=operator)
    assert CloudAccount.objects.get().health == Health.UNTRIED
    outbox.drain()
    tried = CloudAccount.objects.get()
    assert tried.health == Health.OK
    assert "arn:aws:" in tried.health_said
    assert tried.tested_at is not None


def test_a_cloud_that_refuses_is_quoted(
    operator: Actor, simulated: CloudAccount
) -> None:
    CloudAccount.objects.update(endpoint="http://127.0.0.1:1")
    perform(actions.TestCloudAccount, simulated, actor=operator)
    outbox.drain()
    tried = CloudAccount.objects.get()
    assert tried.health == Health.FAILING
    assert tried.health_said.startswith("AWS did not")


def test_operators_read_what_to_tell_the_cloud(
    operator: Actor, operator_user: User, log_in: LogIn, settings: Any
) -> None:
    account = add(operator, most_deployments=7)
    browser = log_in(operator_user)
    page = browser.get(
        f"/operators/provisioning/cloudaccount/{account.pk}/change/"
    ).content.decode()
    assert settings.PAYBILL_BASE_URL in page
    assert "deployment:*:run:*:phase:apply" in page
    assert "sts.amazonaws.com" in page
    assert "not tried against the cloud" in page
    assert "0 of 7" in page
    assert "64 of 64" in page
    assert "oidc-provider/localhost" in page
    assert "over https from a public address only" in page


def test_azure_gets_subjects_without_patterns(
    operator: Actor, operator_user: User, log_in: LogIn
) -> None:
    clients = {
        f"{purpose}_identity": f"00000000-0000-0000-0000-00000000000{number}"
        for number, purpose in enumerate(("plan", "apply", "read"), start=1)
    }
    account = add(
        operator,
        cloud="azure",
        **clients,
        regions=["westeurope"],
        details={"directory": DIRECTORY, "subscription": DIRECTORY},
    )
    page = (
        log_in(operator_user)
        .get(f"/operators/provisioning/cloudaccount/{account.pk}/change/")
        .content.decode()
    )
    assert f"account:{account.public_id}:phase:plan" in page


def test_the_form_of_a_change_begins_with_what_is_there(
    operator: Actor, operator_user: User, log_in: LogIn
) -> None:
    account = add(operator)
    browser = log_in(operator_user)
    page = browser.post(
        f"/operators/provisioning/cloudaccount/{account.pk}/change/",
        {
            "CHANGE_FORM-action": actions.ChangeCloudAccount.name,
            "_selected_action": str(account.pk),
        },
    ).content.decode()
    assert ROLES["plan_identity"] in page
    assert "10.64.0.0/16" in page
