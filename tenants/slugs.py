"""Slugs: the first part of a tenant's address, and which ones are refused.

Only plain ASCII is taken, so look-alikes are digits and letter pairs that read like
other letters (Unicode TR 39 calls the folded form a skeleton). A slug is refused
when its skeleton is that of a reserved word or of a tenant that exists.
"""

from __future__ import annotations

import re

from tenants.errors import SlugRefused, SlugTaken
from tenants.models import Tenant
from tenants.states import TenantState

SHORTEST, LONGEST = 3, 40
PATTERN = re.compile(r"^[a-z](?:[a-z0-9]|-(?!-))*[a-z0-9]$")

WORDS = """
    about abuse account accounts acme-challenge admin administrator agent agents api
    app apps assets auth autoconfig autodiscover billing blog cdn control dashboard
    dev dns docs email entry example ftp health help host hostmaster imap internal
    invoice invoices licence license localhost local login logout mail mcp metrics mx
    noc ns ns1 ns2 oauth oidc operator operators payment payments paybill paypal plans
    pop portal postmaster private proxy public register root sales secure security
    signin signup smtp sso staff staging static status stripe support system terraform
    test tenant tenants verify webhook webhooks webmail webmaster wiki wpad www
"""
RESERVED = frozenset(WORDS.split())

# What reads alike: digits for letters, and pairs that look like one letter.
PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
SINGLES = str.maketrans("0134578", "oleastb", "-")


def skeleton(slug: str) -> str:
    """What a reader takes the slug for: ``paybi11`` and ``pay-bill`` -> one form."""
    folded = slug.lower().translate(SINGLES).replace("i", "l")
    for pair, single in PAIRS:
        folded = folded.replace(pair, single)
    return folded


RESERVED_SKELETONS = frozenset(map(skeleton, RESERVED))


def check_shape(slug: str) -> str:
    """Return the slug, or raise SlugRefused with what is wrong with it."""
    if not SHORTEST <= len(slug) <= LONGEST:
        raise SlugRefused(f"use {SHORTEST} to {LONGEST} characters")
    if not PATTERN.fullmatch(slug):
        raise SlugRefused(
            "use small letters, digits and single hyphens; begin with a letter, and "
            "end with a letter or a digit"
        )
    if skeleton(slug) in RESERVED_SKELETONS:
        raise SlugRefused("this name is reserved, or reads like one that is")
    return slug


def check_free(slug: str) -> str:
    """Return a well-formed slug that reads like no other, or raise.

    The unique index has the last word when two ask at the same moment.
    """
    check_shape(slug)
    taken = Tenant._base_manager.exclude(state=TenantState.CLOSED)
    if taken.filter(slug=slug).exists():
        raise SlugTaken
    if taken.filter(slug_skeleton=skeleton(slug)).exists():
        raise SlugTaken("this address reads like one that is taken; choose another one")
    return slug
