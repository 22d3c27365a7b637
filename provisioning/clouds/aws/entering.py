"""Getting into AWS: for Terraform by variables, for Paybill itself by a session.

Federated: the token file and the role's name; Terraform's AWS SDK makes the exchange
(STS AssumeRoleWithWebIdentity) and repeats it when the keys end. A simulation takes
any keys; its address is in ``AWS_ENDPOINT_URL``, so no stack knows of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from provisioning.clouds import keys
from provisioning.clouds.adapters import Access
from provisioning.clouds.facts import FACTS
from provisioning.errors import CloudFailed
from provisioning.identity.files import TokenFile
from provisioning.identity.tokens import PURPOSES, Bearer, Purpose, mint
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.states import Cloud, Method, Phase

AUDIENCE = FACTS[Cloud.AWS].audience
HOME_REGION = "us-east-1"  # of what has no region
TEST_KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
# The keys of an encrypted fallback: what an operator typed, as JSON.
STATIC = {
    "access_key_id": "AWS_ACCESS_KEY_ID",
    "secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "session_token": "AWS_SESSION_TOKEN",
}
PATIENCE = Config(
    connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 4}
)


@contextmanager
def access(run: Run, phase: Phase, folder: Path) -> Iterator[Access]:
    """Variables for Terraform, and for a federated account a token that stays fresh."""
    account, region = keys.account_of(run.deployment), run.deployment.region
    shared = {
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        **_endpoint(account),
    }
    purpose = PURPOSES.get(phase)
    if account.method == Method.FEDERATED and purpose is not None:
        bearer = Bearer(account, purpose, run.deployment, run)
        with TokenFile(folder / "aws.jwt", bearer, AUDIENCE) as file:
            role = {
                "AWS_ROLE_ARN": keys.identity(account, purpose),
                "AWS_WEB_IDENTITY_TOKEN_FILE": str(file.path),
                "AWS_ROLE_SESSION_NAME": run.public_id,
                **_endpoint(account, "_STS"),  # the exchange heeds this one only
            }
            yield Access({**shared, **role})
        return
    static = static_keys(account)
    yield Access({**shared, **static}, secrets=hidden(account, static))


def hidden(account: CloudAccount, static: dict[str, str]) -> tuple[str, ...]:
    """What no log may show; a simulator's keys are no secret and an ordinary word."""
    return () if account.method == Method.NONE else tuple(static.values())


def _endpoint(account: CloudAccount, service: str = "") -> dict[str, str]:
    name = f"AWS_ENDPOINT_URL{service}"
    return {name: account.endpoint} if account.endpoint else {}


def static_keys(account: CloudAccount) -> dict[str, str]:
    """The account's own keys as variables; a simulation without keys gets any."""
    if account.method == Method.NONE:
        return dict(TEST_KEYS)
    if account.method != Method.STATIC:
        return {}
    return {STATIC[name]: value for name, value in keys.static(account).items()}


class Entrance:
    """Clients of one deployment's account, as one of its identities."""

    def __init__(
        self,
        account: CloudAccount,
        purpose: Purpose = Purpose.READ,
        deployment: Deployment | None = None,
    ) -> None:
        self.account, self.purpose, self.deployment = account, purpose, deployment
        self._session: boto3.Session | None = None

    @classmethod
    def to(cls, deployment: Deployment) -> Entrance:
        """As the reading identity. Raises CloudFailed."""
        return cls(keys.account_of(deployment), Purpose.READ, deployment)

    def client(self, service: str, region: str) -> Any:
        """A client of a service. Raises CloudFailed."""
        if self._session is None:
            self._session = boto3.Session(**self._keys(region))
        return self._session.client(
            service, region, endpoint_url=self.account.endpoint or None, config=PATIENCE
        )

    def _keys(self, region: str) -> dict[str, str]:
        if self.account.method == Method.FEDERATED:
            return self._assumed(region)
        static = static_keys(self.account)
        return {variable.lower(): value for variable, value in static.items()}

    def _assumed(self, region: str) -> dict[str, str]:
        """The exchange that the SDK makes for Terraform, made here."""
        bearer = Bearer(self.account, self.purpose, self.deployment)
        name = self.deployment.public_id if self.deployment else self.account.public_id
        sts = boto3.client(
            "sts",
            region,
            endpoint_url=self.account.endpoint or None,
            config=PATIENCE.merge(Config(signature_version=UNSIGNED)),
        )
        with told("exchange the identity"):
            given = sts.assume_role_with_web_identity(
                RoleArn=keys.identity(self.account, self.purpose),
                RoleSessionName=name,
                WebIdentityToken=mint(bearer, AUDIENCE),
                DurationSeconds=900,
            )["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what the AWS client raises into CloudFailed, with AWS's own words."""
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        words = f"{said.get('Code', '')}: {said.get('Message', '')}"[:300]
        raise CloudFailed(f"AWS refused to {what}: {words}") from error
    except BotoCoreError as error:
        raise CloudFailed(f"AWS did not {what}: {type(error).__name__}") from error


def attempt(account: CloudAccount) -> str:
    """Ask STS, as every identity of the account, who that is."""
    region = account.regions[0] if account.regions else HOME_REGION
    names = []
    for purpose in keys.purposes(account):
        sts = Entrance(account, purpose).client("sts", region)
        with told("say who Paybill is"):
            names.append(f"{purpose}: {sts.get_caller_identity()['Arn']}")
    return "; ".join(names)
