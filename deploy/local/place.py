"""Where a checkout keeps what it runs on."""

import contextlib
import hashlib
import os
import pwd
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

LONGEST_SOCKET_PATH = 107  # bytes of sun_path without its closing zero
LONGEST_SOCKET_NAME = "/postgres/.s.PGSQL.5432.lock"


class CannotStart(Exception):  # noqa: N818 - the word the reader of the message needs
    """Something about this machine stands in the way; the message says what and what to do."""


def servant() -> pwd.struct_passwd | None:
    """The account that runs PostgreSQL, which refuses to run as root; None when we are not root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def reachable(path: Path, by: pwd.struct_passwd) -> bool:
    """Whether ``by`` may walk down to ``path``: every directory above lets it pass."""
    for above in path.resolve().parents:
        state = above.stat()
        passes = stat.S_IXUSR if state.st_uid == by.pw_uid else stat.S_IXOTH
        if not state.st_mode & passes:
            return False
    return True


def private(path: Path, *, owner: pwd.struct_passwd | None = None, mode: int = 0o700) -> Path:
    """Make the directory, or make sure that the one that is there is ours and closed to others."""
    path.mkdir(parents=True, exist_ok=True, mode=mode)
    state = path.lstat()
    wanted = owner.pw_uid if owner else os.geteuid()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid not in {wanted, os.geteuid()}:
        raise CannotStart(
            f"{path} belongs to another account. Run as that account, or remove the directory."
        )
    if owner:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    path.chmod(mode)
    return path


@dataclass(frozen=True)
class Place:
    """The directories of one checkout, or of one test run."""

    data: Path
    """Everything that is to be kept."""
    sockets: Path
    """Unix sockets; its path is short enough for the kernel."""
    served: Path
    """What the account of PostgreSQL must be able to reach: its data and, where needed, a copy of
    its programs. The data directory itself unless we are root below a closed directory."""

    @classmethod
    def at(cls, data: Path) -> "Place":
        """The place whose data directory is ``data``; makes the directories."""
        owner = servant()
        data = data.resolve()
        # root's data directory lets the account of PostgreSQL walk through, and no further
        open_enough = 0o711 if owner else 0o700
        private(data, mode=open_enough)
        # the mark is part of the name: who removes the data directory begins anew everywhere
        mark = data / "mark"
        if not mark.exists():
            mark.write_text(secrets.token_hex(8))
        short = hashlib.sha256(mark.read_bytes() + os.fsencode(data)).hexdigest()[:12]
        served = data
        if owner and not reachable(data / "postgres", owner):
            served = private(Path("/var/lib") / f"jiedui-{short}", mode=open_enough)
            with contextlib.suppress(FileExistsError):
                (data / "served").symlink_to(served)  # for a person who looks for the data
        sockets = served / "sockets"
        if len(os.fsencode(sockets)) + len(LONGEST_SOCKET_NAME) > LONGEST_SOCKET_PATH:
            sockets = Path(tempfile.gettempdir()) / f"jiedui-{os.geteuid()}-{short}"
        private(sockets, mode=open_enough)
        return cls(data=data, sockets=sockets, served=served)
