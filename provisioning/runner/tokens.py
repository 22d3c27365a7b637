"""The password with which Terraform opens the state: another one for each phase."""

from __future__ import annotations

import secrets
from typing import Any

from paybill_site.kernel.actions import Action
from paybill_site.kernel.crypto import token_digest
from provisioning.models import Run
from provisioning.runner.patience import act


def fresh() -> str:
    """A token: 256 random bits."""
    return f"pbk_run_{secrets.token_urlsafe(32)}"


def opened(
    action: type[Action[Run, Any, Run]], run: Run, **words: Any
) -> tuple[Run, str]:
    """Perform what begins a phase, with a new token: the run, and the token.

    The one before is dead from then on; only the digest of a token is kept.
    """
    token = fresh()
    asked = {**words, "fence": run.fence, "token_digest": token_digest(token)}
    return act(action, run, asked), token
