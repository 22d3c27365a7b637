"""Streams that can not be read, cut short, reordered or altered without the key.

The format is Tink's streaming AEAD ``AES256_GCM_HKDF_1MB``
(https://developers.google.com/tink/wire-format, "Streaming AEAD"), written here over
``cryptography`` because that is all of Tink that is needed. A vector in the tests was
made by Tink itself.

1. Header: its length (1 byte, 40), a salt (32), the beginning of every nonce (7).
2. The key of the stream is HKDF-SHA256(data key, salt, info = what is bound to it).
3. Segments of 1 MiB as stored, the header counted to the first: AES-256-GCM with the
   nonce ``beginning || number (4) || 1 for the last, else 0``. So a segment at another
   place, a missing one and a missing end do not open.
Memory: two segments, however long the stream is.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from provisioning.databases.errors import BackupBroken

KEY, SALT, BEGINNING, TAG = 32, 32, 7, 16
HEADER = 1 + SALT + BEGINNING
SEGMENT = 1 << 20


class Readable(Protocol):
    """What can be read piece by piece; b"" is the end."""

    def read(self, size: int = -1, /) -> bytes: ...


def exactly(source: Readable, size: int) -> bytes:
    """``size`` bytes, or fewer at the end: pipes and sockets give less at a time."""
    parts, missing = [], size
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


class Pieces(ABC):
    """A readable over something that makes one piece after the other."""

    def __init__(self) -> None:
        self._left = b""
        self._ended = False

    @abstractmethod
    def following(self) -> bytes | None:
        """The next piece; None after the last."""

    def read(self, size: int = -1, /) -> bytes:
        while not self._ended and (size < 0 or len(self._left) < size):
            piece = self.following()
            if piece is None:
                self._ended = True
            else:
                self._left += piece
        size = len(self._left) if size < 0 else size
        taken, self._left = self._left[:size], self._left[size:]
        return taken


class Sealed(Pieces):
    """Reads the encrypted form of ``source``."""

    def __init__(self, source: Readable, key: bytes, bound: bytes) -> None:
        super().__init__()
        self._source = source
        self._salt, self._beginning = (
            secrets.token_bytes(SALT),
            secrets.token_bytes(BEGINNING),
        )
        self._cipher = _cipher(key, self._salt, bound)
        self._number = 0
        self._next = exactly(source, SEGMENT - HEADER - TAG)

    def following(self) -> bytes | None:
        if self._number < 0:
            return None
        first = self._number == 0
        plain, self._next = self._next, exactly(self._source, SEGMENT - TAG)
        last = not self._next
        nonce = _nonce(self._beginning, self._number, last)
        self._number = -1 if last else self._number + 1
        header = bytes([HEADER]) + self._salt + self._beginning if first else b""
        return header + self._cipher.encrypt(nonce, plain, None)


class Opened(Pieces):
    """Reads the plain form of ``source``. Raises BackupBroken, saying where."""

    def __init__(self, source: Readable, key: bytes, bound: bytes) -> None:
        super().__init__()
        self._source = source
        header = exactly(source, HEADER)
        if len(header) != HEADER or header[0] != HEADER:
            raise BackupBroken("The archive ends within its header or is none.")
        self._beginning = header[1 + SALT :]
        self._cipher = _cipher(key, header[1 : 1 + SALT], bound)
        self._number = 0
        self._next = exactly(source, SEGMENT - HEADER)

    def following(self) -> bytes | None:
        if self._number < 0:
            return None
        sealed, self._next = self._next, exactly(self._source, SEGMENT)
        last = not self._next
        nonce = _nonce(self._beginning, self._number, last)
        try:
            plain = self._cipher.decrypt(nonce, sealed, None)
        except InvalidTag as error:
            raise BackupBroken(
                f"The archive was altered, cut short or is another one's: segment"
                f" {self._number + 1}{' (the last)' if last else ''} does not open."
            ) from error
        self._number = -1 if last else self._number + 1
        return plain


def _cipher(key: bytes, salt: bytes, bound: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY, salt, bound).derive(key))


def _nonce(beginning: bytes, number: int, last: bool) -> bytes:
    return beginning + number.to_bytes(4) + bytes([last])
