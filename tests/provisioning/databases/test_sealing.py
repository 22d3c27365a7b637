"""The sealed stream: read back it is the same, and hurt in any way it does not open."""

from __future__ import annotations

import io
import tracemalloc

import pytest

from provisioning.databases.errors import BackupBroken
from provisioning.databases.sealing import HEADER, SEGMENT, TAG, Opened, Sealed

KEY = bytes(range(32))
FIRST = SEGMENT - HEADER - TAG
# Made by Tink 1.16 (AES256_GCM_HKDF_1MB, the key above, associated data "bound").
OF_TINK = bytes.fromhex(
    "28c21f8a2ae0b9199f3f035d034a49bf12366afae275c12a08636de6a5bd31962bd75c8ac54b91"
    "5f8face94d0f8a56dd3268a24df4f0d1bd7d9690e3cff2dfcde683a689"
)


def seal(plain: bytes) -> bytes:
    return Sealed(io.BytesIO(plain), KEY, b"bound").read()


def unseal(sealed: bytes, key: bytes = KEY, bound: bytes = b"bound") -> bytes:
    return Opened(io.BytesIO(sealed), key, bound).read()


@pytest.mark.parametrize("length", [0, 1, FIRST, FIRST + 1, FIRST + SEGMENT - TAG])
def test_a_stream_of_any_length_is_read_back(length: int) -> None:
    plain = (bytes(range(251)) * (length // 251 + 1))[:length]
    sealed = seal(plain)
    assert unseal(sealed) == plain
    segments = 1 + max(0, -(-(length - FIRST) // (SEGMENT - TAG)))
    assert len(sealed) == length + HEADER + segments * TAG


def test_what_tink_sealed_is_opened() -> None:
    assert unseal(OF_TINK) == b"made by Tink"


LONG = seal(bytes(3 * SEGMENT))


@pytest.mark.parametrize(
    "hurt",
    [
        LONG[:-1],
        LONG[:SEGMENT],
        LONG[: 2 * SEGMENT],
        LONG + b"x",
        LONG[:SEGMENT] + LONG[2 * SEGMENT : 3 * SEGMENT] + LONG[SEGMENT : 2 * SEGMENT],
        LONG[:SEGMENT] + LONG[2 * SEGMENT :],
        LONG[:SEGMENT] + LONG[SEGMENT : 2 * SEGMENT] + LONG[SEGMENT:],
        LONG[:100] + bytes([LONG[100] ^ 1]) + LONG[101:],
        b"",
        LONG[:39],
    ],
    ids=[
        "a byte short",
        "one segment left",
        "its last segment gone",
        "longer",
        "two segments exchanged",
        "a segment gone",
        "a segment twice",
        "a bit",
        "empty",
        "half a header",
    ],
)
def test_a_hurt_stream_does_not_open(hurt: bytes) -> None:
    with pytest.raises(BackupBroken):
        unseal(hurt)


def test_another_key_or_another_header_does_not_open_it() -> None:
    with pytest.raises(BackupBroken):
        unseal(OF_TINK, key=bytes(32))
    with pytest.raises(BackupBroken):
        unseal(OF_TINK, bound=b"another's")


class Endless:
    """So many zeros, made when they are read."""

    def __init__(self, length: int) -> None:
        self.left = length

    def read(self, size: int = -1, /) -> bytes:
        size = min(size, self.left)
        self.left -= size
        return bytes(size)


def test_memory_does_not_grow_with_the_stream() -> None:
    peaks = []
    for length in (4 * SEGMENT, 40 * SEGMENT):
        tracemalloc.start()
        opened = Opened(Sealed(Endless(length), KEY, b""), KEY, b"")
        while opened.read(1 << 16):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2
