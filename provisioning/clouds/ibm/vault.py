"""Secrets Manager: secrets of a deployment, by the names that its stack put out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from provisioning.clouds.calls import Json, ask, text
from provisioning.errors import CloudFailed, NotThere
from provisioning.models import CloudAccount

KIND = "arbitrary"
# .../api/v2/secret_groups/<name>/secret_types/arbitrary/secrets/<name>-login
REFERENCE = re.compile(
    r"https://(?P<guid>[0-9a-f-]{36})\.[a-z-]+\.secrets-manager\.appdomain\.cloud"
    r"/api/v2/secret_groups/(?P<group>[a-z0-9-]+)/secret_types/arbitrary"
    r"/secrets/(?P<owner>[a-z0-9-]+)-login"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a deployment's secrets are; ``reference`` is the log-in's. Each method
    raises CloudFailed.
    """

    account: CloudAccount
    token: str
    reference: str

    @property
    def owner(self) -> str:
        """The name of everything in the stack."""
        return self._part("owner")

    @property
    def instance(self) -> str:
        return self._part("guid")

    def kept(self, part: str) -> str:
        """The content of a secret; "" when there is none yet."""
        found = self._found(part)
        return text(found, "payload") if found else ""

    def keep(self, part: str, payload: str) -> None:
        """Make the secret, or its next version; none when it is the same."""
        found = self._found(part)
        if found is None:
            sent: Json = {
                "secret_type": KIND,
                "name": f"{self.owner}-{part}",
                "secret_group_id": self.group(),
                "payload": payload,
            }
            self._ask("/secrets", sent)
        elif found.get("payload") != payload:
            self._ask(f"/secrets/{text(found, 'id')}/versions", {"payload": payload})

    def drop(self, part: str) -> bool:
        """Delete a secret for good; False when there is none."""
        found = self._found(part)
        if found is None:
            return False
        address = f"{self._base}/secrets/{text(found, 'id')}"
        ask(address, token=self.token, method="DELETE")
        return True

    def group(self) -> str:
        """The id of the stack's group of secrets."""
        named = self._part("group")
        page = ask(f"{self._base}/secret_groups", token=self.token)
        for row in page.get("secret_groups", []):
            if row.get("name") == named:
                return text(row, "id")
        raise CloudFailed(f"the stack's group of secrets {named} is not there")

    def _found(self, part: str) -> Json | None:
        path = f"secret_groups/{self._part('group')}/secret_types/{KIND}/secrets"
        address = f"{self._base}/{path}/{self.owner}-{part}"
        try:
            return ask(address, token=self.token)
        except NotThere:
            return None

    def _ask(self, path: str, sent: Json) -> None:
        ask(f"{self._base}{path}", token=self.token, sent=sent, secret=True)

    @property
    def _base(self) -> str:
        host = self.reference.partition("/api/v2/")[0]
        return f"{self.account.endpoint or host}/api/v2"

    def _part(self, name: str) -> str:
        matched = REFERENCE.fullmatch(self.reference)
        if matched is None:
            raise CloudFailed("this is not the address of a secret at IBM")
        return matched[name]
