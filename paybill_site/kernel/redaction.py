"""Masking of what looks like a credential, in logs, errors and stored output.

A last line of defence: code keeps secrets out of messages in the first place. So the
patterns are few and take what is certain: named values (``password = ...``), the
headers that carry credentials, user information in URLs, tokens of known form.
"""

from __future__ import annotations

import re

MASK = "[redacted]"

NAMES = (
    "password|passwd|passphrase|secret|token|credentials?|api[_-]?key|access[_-]?key"
    "|private[_-]?key|secret[_-]?key|data[_-]?keys?|signing[_-]?key"
)
# A quoted value (also inside JSON that is quoted itself), else up to the next gap.
VALUE = (
    r"(?:\\{1,3}\"[^\"\r\n]*\"|\"(?:[^\"\\\r\n]|\\.)*\"|'(?:[^'\\\r\n]|\\.)*'"
    r"|[^\s\"',;&)}\]]+)"
)
QUOTE = r"\\{0,3}[\"']?"

# The groups are what stays. Repetitions are bounded: linear time for any text.
PATTERNS = (
    # A private key, also one that was cut off.
    r"-----BEGIN[ ][A-Z ]{0,40}PRIVATE[ ]KEY-----[\s\S]*?"
    r"(?:-----END[ ][A-Z ]{0,40}PRIVATE[ ]KEY-----|\Z)",
    # Headers, as text, as JSON and as Python shows a dictionary: to their end.
    rf"(?P<header>\b(?:proxy-)?authorization{QUOTE}\s?[:=]\s?{QUOTE}"
    r"(?:(?:bearer|basic|digest|token)\s)?)[^\s\"',}][^\r\n\"'}]*",
    rf"(?P<cookie>\b(?:set-)?cookie{QUOTE}\s?[:=]\s?{QUOTE})[^\r\n\"'}}]+",
    # name = "value", NAME=value, "name": "value", with words before the name.
    rf"(?P<named>(?<![a-z0-9])(?:[a-z0-9]{{1,30}}[_-]){{0,5}}(?:{NAMES})\d?{QUOTE}"
    rf"\s{{0,3}}(?:=>|[:=])\s{{0,3}}b?){VALUE}",
    # One-time codes and keys, in the addresses that carry them.
    r"(?P<query>[?&](?:code|code_verifier|key|signature|sig)=)[^\s&\"'<>#]+",
    r"(?P<bearer>\bbearer\s)[a-z0-9._~+/=-]{8,}",
    # User information in an address: the password may hold any sign but a slash.
    r"(?P<user>://[^/\s:@\"']{0,200}:)[^/\s\"']{1,500}(?=@)",
    r"(?P<lone>://)[^/\s:@\"']{16,200}(?=@)",
    # Tokens that are known by their form: ours, JWTs, those of some neighbours.
    r"\bpbk_[a-z]{1,20}_[a-z0-9_-]{20,}",
    r"\beyj[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}\.[a-z0-9_-]*",
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    r"\b(?:gh[pousr]|github_pat|glpat|xox[abprs]|hvs|sk_live|sk_test|rk_live|whsec)"
    r"[_.-][a-z0-9_-]{16,}",
)
SECRET = re.compile("|".join(f"(?:{pattern})" for pattern in PATTERNS), re.IGNORECASE)


def redact(text: str) -> str:
    """Mask what looks like a credential; what names it stays."""
    return SECRET.sub(_mask, text)


def _mask(found: re.Match[str]) -> str:
    kept = found[found.lastgroup] if found.lastgroup else ""
    return f"{kept}{MASK}"
