"""Trying an account: outside of transactions, as often as asked; it builds nothing."""

from __future__ import annotations

from paybill_site.kernel.actions import perform
from paybill_site.kernel.crypto import redact
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.events import handles
from provisioning.actions import RecordAccountTest
from provisioning.clouds.adapters import adapter
from provisioning.events import AccountTestAsked
from provisioning.models import CloudAccount
from provisioning.system import CLOUDS


@handles(AccountTestAsked)
def try_account(event: AccountTestAsked, delivery_id: str) -> None:
    """Get in as each identity; what the cloud said is noted, also when it refused."""
    account = CloudAccount.objects.get(public_id=event.account)
    works, said = _tried(account)
    noted = {"works": works, "said": redact(said)[:2000]}
    perform(RecordAccountTest, account, noted, actor=CLOUDS)


def _tried(account: CloudAccount) -> tuple[bool, str]:
    try:
        return True, adapter(account.cloud).attempt(account)
    except PaybillError as refusal:
        return False, refusal.detail
