"""Where the embedded services keep their files, and which user owns them.

`.local/` holds what the owner of the clone may lose only together (keys, settings,
mails, Redis data). PostgreSQL refuses to run as root, so for root its data lives in
a state directory of the service user outside `.local/`, because that user may not
be able to reach the clone, and the modes of other people's folders are not ours to
change.
"""

from __future__ import annotations

import os
import pwd
import secrets
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

STATE_BASE = Path("/var/lib/paybill-embedded")


@dataclass(frozen=True)
class ServiceUser:
    """The operating-system user that PostgreSQL runs as."""

    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        """True when no change of user is needed."""
        return self.uid == os.geteuid()


def service_user() -> ServiceUser:
    """Ourselves, or for root `postgres` if there is one, else `nobody`."""
    if os.geteuid() != 0:
        return ServiceUser(os.geteuid(), os.getegid())
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServiceUser(entry.pw_uid, entry.pw_gid)
    return ServiceUser(65534, 65534)


@dataclass(frozen=True)
class Places:
    """All paths of one embedded installation."""

    local: Path

    @property
    def keys(self) -> Path:
        return self.local / "keys"

    @property
    def logs(self) -> Path:
        return self.local / "logs"

    @property
    def mail(self) -> Path:
        return self.local / "mail"

    @property
    def simulator(self) -> Path:
        """The journal of the simulated AWS; without it, it starts from nothing."""
        return self.local / "aws"

    @property
    def redis_data(self) -> Path:
        return self.local / "redis"

    @property
    def pids(self) -> Path:
        return self.local / "run"

    @property
    def units(self) -> Path:
        """What further units (databases, servers, tenants) keep for themselves."""
        return self.local / "units"

    @property
    def supervisor_socket(self) -> Path:
        """Control socket; in the short directory, for socket paths are limited."""
        return self.sockets / "supervisor.sock"

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def sockets(self) -> Path:
        """Short directory of mode 0700 for the sockets that are ours."""
        return _runtime_base() / f"paybill-{self._tag}"

    @property
    def postgres_sockets(self) -> Path:
        """Short directory of mode 0700 that belongs to the service user."""
        return _runtime_base() / f"paybill-{self._tag}-pg"

    @property
    def postgres_state(self) -> Path:
        """Directory that belongs to the service user and holds the data directories."""
        if service_user().is_us:
            return self.local / "postgres"
        record = self.local / "postgres.location"
        if record.exists():
            return Path(record.read_text().strip())
        private_directory(self.local)
        location = STATE_BASE / secrets.token_hex(8)
        create_private(record, f"{location}\n")
        return Path(record.read_text().strip())

    @property
    def _tag(self) -> str:
        path = str(self.local.resolve()).encode()
        return f"{os.geteuid()}-{sha256(path).hexdigest()[:10]}"

    def create(self) -> None:
        """Make every directory, each for its owner alone."""
        for path in (self.local, self.keys, self.logs, self.mail, self.redis_data):
            private_directory(path)
        private_directory(self.pids)
        private_directory(self.sockets)
        user = service_user()
        if not user.is_us:
            STATE_BASE.mkdir(mode=0o755, parents=True, exist_ok=True)
        private_directory(self.postgres_state, user)
        private_directory(self.postgres_sockets, user)


def private_directory(path: Path, owner: ServiceUser | None = None) -> None:
    """Make `path` with mode 0700 for `owner`, or check that it is so.

    Raises PermissionError when it exists and belongs to somebody else: names in
    a shared directory can be taken by anyone first.
    """
    owner = owner or ServiceUser(os.geteuid(), os.getegid())
    try:
        path.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        found = path.lstat()
        if not path.is_dir() or path.is_symlink() or found.st_uid != owner.uid:
            raise PermissionError(f"{path} belongs to somebody else") from None
    else:
        os.chown(path, owner.uid, owner.gid)
    path.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """Write `text` to a file that is 0600 from its first byte, atomically."""
    _private_copy(path, text).replace(path)


def create_private(path: Path, text: str) -> None:
    """The same, but the first writer wins: an existing file stays as it is."""
    fresh = _private_copy(path, text)
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _private_copy(path: Path, text: str) -> Path:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    return fresh


def _runtime_base() -> Path:
    # /run is root's own; a user's runtime directory is private already, and /tmp
    # is checked for its owner by private_directory.
    if os.geteuid() == 0:
        run = Path("/run")
        return run if os.access(run, os.W_OK) else Path(tempfile.gettempdir())
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.access(runtime, os.W_OK) and len(runtime) < 40:
        return Path(runtime)
    return Path("/tmp")  # noqa: S108 - TMPDIR may be too long for a socket path
