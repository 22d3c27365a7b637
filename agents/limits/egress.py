"""Addresses outside: an agent's arguments name none that is not on a list.

What an agent reads may have been written to mislead it, and an address in an argument
is the way by which data leave. So the arguments of every tool that acts are searched,
wherever in them a text stands, for URLs and mail addresses; each has to be on the list
of the agent or of the plane: an exact host, or ``@`` and a mail domain. Names are
compared in their ASCII form, so a name that only looks the same is another one. What
reads like an address and is none that can be compared (an IP address, credentials in a
URL, an unusual port, another scheme) is on no list.

An argument that a binding fixes or lists was chosen by a person and is not searched.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import idna

from agents.errors import NotListed
from agents.limits.terms import Bound
from agents.states import BindingKind

# Characters that nobody sees and programs leave out.
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
CONTROL = re.compile("[\u0000-\u001f\u007f-\u009f]")
STOP = "\u3002"  # which names of hosts may have for a dot
SCHEME = re.compile(r"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]*):(?=\S)", re.IGNORECASE)
# Schemes without slashes that programs follow, beside those with ``://``.
FOLLOWED = frozenset(
    {"http", "https", "ftp", "ftps", "ws", "wss", "mailto", "javascript", "data",
     "file", "tel", "sms", "blob", "vbscript", "view-source", "intent", "sip", "xmpp"}
)  # fmt: skip
WEB = frozenset({"http", "https"})
PORTS = frozenset({"", "80", "443"})
MAIL = re.compile(r"(?<=[^\s@<>()\[\],;:])@([^\s@<>(),;:\"'/?#]+)(@?)")
# What programs make a link of: ``www.example.com``, ``example.com/path``,
# ``127.0.0.1:80``, ``//example.com`` and Markdown's ``[text](example.com)``.
BARE = re.compile(
    r"(?<![\w@./\\-])(?:[\w-]+\.)+[^\W\d_][\w-]+(?=[/\\?#]|:\d)"
    r"|(?<![\w@./\\-])(?:(?:\d+\.){3}\d+|localhost)(?=[/\\?#]|:\d)"
    r"|(?:(?<=\]\()|(?<=\]: ))<?(?:[\w-]+\.)+[^\W\d_][\w-]+(?=[>)\s]|$)"
    r"|(?<![\w@.-])www\.[\w-]"
    r"|(?<![\w.:/\\-])[/\\]{2,}(?=[^\s/\\])",
    re.IGNORECASE,
)
LONGEST = 253
LOOKED_AT = 4 * LONGEST  # behind a sign; a host begins within it, or is none
HOST = re.compile(r"(?:[\w-]+\.)+[\w-]+\.?")
HOST_FORMATS = frozenset({"hostname", "idn-hostname"})


def check(
    arguments: Mapping[str, Any],
    allowed: Set[str],
    bounds: Sequence[Bound] = (),
    hosts: Set[str] = frozenset(),
) -> None:
    """Raise NotListed (rule ``egress``) for an address that is on no list.

    ``hosts`` are names of arguments that are a host by their format.
    """
    chosen = {
        bound.argument
        for bound in bounds
        if bound.kind in {BindingKind.FIXED, BindingKind.LISTED}
    }
    for name, value in arguments.items():
        if name in chosen:
            continue
        for text in _texts(value):
            if not _may(text, allowed, is_host=name in hosts):
                raise NotListed(
                    f"the argument {name} names an address that is on no list",
                    rule="egress",
                )


def hosts_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """Names of the arguments that a tool's input schema calls a host."""
    return frozenset(
        name
        for name, about in schema.get("properties", {}).items()
        if HOST_FORMATS & {about.get("format")}
    )


def entry(address: str) -> str:
    """The form in which an entry is kept and compared. Raises ValueError."""
    name = address.strip().lower()
    mail = name.startswith("@")
    host = _host(name.removeprefix("@"))
    if host is None:
        raise ValueError("a host such as example.com, or @example.com for its mail")
    return f"@{host}" if mail else host


def addresses(text: str) -> Iterator[str | None]:
    """Every address in a text, as an entry would name it; None for one that can not be.

    One address may be found twice, by different signs.
    """
    plain = INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    plain = plain.replace(STOP, ".")
    yield from _found(CONTROL.sub(" ", plain))
    # A program that is given a URL leaves out line ends and tabs within it.
    joined = CONTROL.sub("", plain)
    scheme = SCHEME.match(joined)
    if scheme and scheme[1].lower() in FOLLOWED and joined != plain:
        yield from _found(joined)


def _found(plain: str) -> Iterator[str | None]:
    for found in SCHEME.finditer(plain):
        scheme, rest = found[1].lower(), _behind(plain, found.end())
        if scheme in WEB:
            yield _of_url(rest)
        elif rest.startswith(("//", "\\\\")) or scheme in FOLLOWED - {"mailto"}:
            yield None
    for found in BARE.finditer(plain):
        yield _of_url(_behind(plain, found.start()).lstrip("<"))
    for found in MAIL.finditer(plain):
        domain, again = found[1], found[2]
        if "." in domain or "[" in domain or domain.lower() == "localhost":
            host = None if again else _host(domain.rstrip(".!-'\""))
            yield None if host is None else f"@{host}"


def _may(text: str, allowed: Set[str], *, is_host: bool) -> bool:
    if is_host and HOST.fullmatch(text.strip()) and _host(text.strip()) not in allowed:
        return False
    return all(address in allowed for address in addresses(text))


def _behind(text: str, start: int) -> str:
    return text[start : start + LOOKED_AT]


def _of_url(rest: str) -> str | None:
    """The host of what follows ``http:``; None when there is more than a host."""
    url = re.split(r"\s", rest, maxsplit=1)[0]
    # Some programs read a backslash as a slash, some do not.
    if "\\" in url:
        return None
    authority = re.split(r"[/?#<>\"']", url.lstrip("/"), maxsplit=1)[0]
    if "@" in authority or "%" in authority or "[" in authority:
        return None
    host, _, behind = authority.partition(":")
    port = re.match(r"\d*", behind)
    if port and port[0] not in PORTS:
        return None
    return _host(host.rstrip(".,;!)"))


def _host(name: str) -> str | None:
    """The ASCII form of a host's name; None for an IP address and what is no name."""
    if len(name) > LONGEST:
        return None
    try:
        ascii_form = idna.encode(name, uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        return None
    labels = ascii_form.rstrip(".").split(".")
    # A last label that is a number makes it an IP address, in whatever base.
    if len(labels) < 2 or re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]):
        return None
    return ".".join(labels)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name)
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
