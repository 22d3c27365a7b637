"""A simulated AWS of the tests' own: the process that `./paybill up` starts too."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from django.conf import settings

from paybill_site.local import parts
from paybill_site.local.ports import listen

REGION = "eu-central-1"
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@contextmanager
def simulated_aws(memory: Sequence[Path] = (), port: int = 0) -> Iterator[str]:
    """Its address, while it runs. ``memory``: folder and key file of the journal."""
    with listen(port) as listener:
        port = int(listener.getsockname()[1])
        number = listener.fileno()
        words = ["-m", "paybill_site.local.simulator", str(number), *map(str, memory)]
        process = subprocess.Popen(
            [sys.executable, *words], cwd=settings.BASE_DIR, pass_fds=[number]
        )
    try:
        while not parts.answers(port):
            assert process.poll() is None, "the simulator ended at once"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def client(address: str, service: str) -> Any:
    """An ordinary client of the simulator, as anybody's would be."""
    keys = {name.lower(): value for name, value in KEYS.items()}
    return boto3.client(service, REGION, endpoint_url=address, **keys)
