"""The commands: what a person types, and what the Procfile starts.

Imports are inside the commands, so that each process loads only what it uses.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from uuid import UUID

import click

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.wiring import Wiring

LANES = ("urgent", "utility", "bulk")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """GrandPro HMSO: the bot, its CRM and their workers."""


@main.command()
def demo() -> None:
    """Run everything on this machine, with made-up people and a carrier that is a web page."""
    from bot import demo
    from bot.embedded import CannotServe

    try:
        sys.exit(demo.main(_settings()))
    except (demo.PortTaken, CannotServe) as error:
        raise click.ClickException(str(error)) from error


@main.command()
def migrate() -> None:
    """Bring the database up to the newest schema."""
    from crm.migrations.run import upgrade

    with _served() as settings:
        upgrade(settings.sqlalchemy_url(direct=True))
    click.echo("The database has the newest schema.")


@main.command()
@click.option("--seed", "number", default=1, show_default=True, help="Other numbers, other people.")
def seed(number: int) -> None:
    """Put the demo's hospitals and two years of their life into the database, if it is empty.

    In production only the hospitals: everybody knows the passwords of the demo's users.
    """
    from bot import logs
    from bot.progress import track
    from conversations import demo as talks
    from conversations.engine import House
    from crm import demo, seed

    with _wired() as wiring, wiring.transaction() as session:
        now, may_have_people = wiring.now(), wiring.settings.environment != "production"
        seed.demo(session, now=now, seed=number, watch=partial(track, label="hospitals"))
        if may_have_people and demo.fill(
            session,
            now=now,
            passwords=wiring.passwords,
            seed=number,
            watch=partial(track, label="people and their two years"),
        ):
            with logs.only_warnings(wiring.settings.log_level):
                talks.play(session, House.of(wiring), now=now)
    click.echo("The demo is in the database.")


@main.command()
def web() -> None:
    """Answer carriers, staff and people who follow a link, until stopped."""
    from bot import web

    settings = _settings()
    _log(settings)
    web.serve(settings)


@main.command()
@click.argument("lane", type=click.Choice(LANES))
def work(lane: str) -> None:
    """Do the jobs of one LANE until stopped."""
    from workers import runtime

    with _wired() as wiring:
        runtime.work(wiring, lane)


@main.command()
def schedule() -> None:
    """Ask for each job when it is due, until stopped. Of several, one leads."""
    from workers import schedule

    with _wired() as wiring:
        schedule.serve(wiring)


@main.command()
@click.argument("job")
@click.option("--dry-run", is_flag=True, help="Say what it would do; change nothing.")
def run(job: str, *, dry_run: bool) -> None:
    """Run one scheduled JOB now and print what it did."""
    from crm.kit.errors import DomainError
    from workers import schedule

    with _wired() as wiring:
        try:
            done = schedule.run_now(wiring, job, dry_run=dry_run)
        except schedule.UnknownJob as error:
            raise click.UsageError(str(error)) from error
        except DomainError as error:
            raise click.ClickException(str(error)) from error
    click.echo(json.dumps(done, default=str))


@main.command()
def doctor() -> None:
    """Check settings, database, queue, workers, scheduler and disk; say how to mend each."""
    from bot import doctor

    with _wired() as wiring:
        click.echo(f"settings: {wiring.settings.environment}")
        sys.exit(0 if doctor.examine(wiring) else 1)


@main.command("rotate-keys")
def rotate_keys() -> None:
    """Seal every value with the first of ENCRYPTION_KEYS; may be stopped and run again."""
    from bot.progress import track
    from workers import privacy

    with _wired() as wiring:
        watch = partial(track, label="batches of sealed values")
        sealed, unreadable = privacy.reseal_all(wiring, watch)
    for where, count in unreadable.items():
        click.echo(f"NO KEY OPENS {count} of {where}")
    if unreadable:
        sys.exit(1)
    click.echo(f"{sealed} values sealed again; the keys after the first may be taken out.")


@main.command()
def openapi() -> None:
    """Print the API's OpenAPI document, made from the code."""
    from bot.app import create_app
    from bot.build import build_wiring

    app = create_app(build_wiring(_settings()))
    with app.test_client() as client:
        click.echo(client.get("/openapi.json").get_data(as_text=True))


@main.command("create-user")
@click.argument("email")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, help="admin, finance, front_desk...")
@click.option("--hospital", "code", help="Its code, such as IKJ; without it, all hospitals.")
@click.password_option(help="Asked for when left out.")
def create_user(
    email: str, name: str, roles: tuple[str, ...], code: str | None, password: str
) -> None:
    """Make a staff account, the first administrator for one."""
    from sqlalchemy import select

    from crm import users
    from crm.kit.errors import DomainError
    from crm.kit.permissions import Role
    from crm.models import Hospital

    with _wired() as wiring:
        try:
            with wiring.transaction() as session:
                place = session.scalar(select(Hospital.id).where(Hospital.code == code))
                if code and place is None:
                    raise click.ClickException(f"There is no hospital {code}.")
                users.create(
                    session,
                    wiring.passwords,
                    name=name,
                    email=email,
                    password=password,
                    grants=[(Role(role), place) for role in roles],
                    now=wiring.now(),
                )
        except (DomainError, ValueError) as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{name} can sign in.")


@main.command()
@click.argument("dialogue", required=False)
@click.option("--format", "form", type=click.Choice(["mermaid", "svg", "check"]))
@click.option("--counts", is_flag=True, help="How many talks stood where in the last 30 days.")
@click.option("--out", type=click.Path(file_okay=False), help="A folder for one file per dialogue.")
def flows(dialogue: str | None, form: str | None, *, counts: bool, out: str | None) -> None:
    """Draw the dialogues, or one DIALOGUE, from the scripts that are played; or check them."""
    from conversations import flows
    from crm import dialogue_steps

    if counts:
        with _wired() as wiring, wiring.sessions() as session:
            counted = dialogue_steps.count_up(session, now=wiring.now())
    try:
        found = flows.Wanted(dialogue, counted if counts else None)
    except flows.NoSuchDialogue as error:
        raise click.UsageError(str(error)) from error
    if form == "check":
        end_with(list(found.faults()))
    if counts and form is None:
        click.echo(found.table())
    elif out:
        click.echo("\n".join(str(path) for path in found.write(Path(out), form or "mermaid")))
    else:
        click.echo("\n".join(found.drawn(form or "mermaid").values()))


def end_with(faults: Sequence[str]) -> NoReturn:
    """List what is wrong; the exit code says whether anything is."""
    click.echo("\n".join(faults) or "Nothing is wrong.")
    sys.exit(1 if faults else 0)


@main.command()
@click.argument("conversation", type=click.UUID)
@click.option("--since", "since", default=0, help="Show the turns from this one on.")
def replay(conversation: UUID, since: int) -> None:
    """Play a CONVERSATION again from its messages against today's code; keep nothing.

    Shows what was said then beside what would be said now. Exits with 1 when they differ.
    """
    from conversations import replay
    from conversations.engine import House

    with _wired() as wiring, wiring.sessions() as session:
        try:
            turns = replay.replay(session, conversation, House.of(wiring), since=since)
        except replay.NoSuchTalk as error:
            raise click.ClickException(str(error)) from error
        finally:
            session.rollback()
    click.echo("\n".join(replay.side_by_side(turns)))
    sys.exit(1 if any(turn.differs for turn in turns) else 0)


@main.group()
def audit() -> None:
    """Look after the audit log."""


@audit.command()
def verify() -> None:
    """Recompute every seal; say which rows were changed or removed."""
    from crm import audit as log

    with _wired() as wiring, wiring.sessions() as session:
        broken, newest = log.verify(session)
    for each in broken:
        click.echo(f"BROKEN {each}")
    for chain, digest in newest.items():
        click.echo(f"{chain or 'group'} {digest.hex()}")
    sys.exit(1 if broken else 0)


@main.command()
def sandbox() -> None:
    """Run the carrier of the demo: Twilio and SendGrid on this machine, and a phone page."""
    from bot.sandbox import serve

    settings = _settings()
    _log(settings)
    try:
        serve.main(settings)
    except serve.RefusesToStart as error:
        raise click.ClickException(str(error)) from error


def _settings() -> "Settings":
    from bot.config import Settings, SettingsError

    try:
        return Settings.from_env()
    except SettingsError as error:
        raise click.ClickException(f"the settings do not hold:\n{error}") from error


@contextmanager
def _served() -> Iterator["Settings"]:
    """Yield settings whose database and queue answer."""
    from bot.demo import with_servers
    from bot.embedded import CannotServe

    settings = _settings()
    _log(settings)
    try:
        with with_servers(settings) as (served, _):
            yield served
    except CannotServe as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _wired() -> Iterator["Wiring"]:
    from bot import shared_metrics

    with _served() as settings:
        # Before the wiring, which imports the metrics.
        shared_metrics.share(settings.home)
        from bot.build import build_wiring

        wiring = build_wiring(settings)
        try:
            yield wiring
        finally:
            wiring.disconnect()
            wiring.redis.close()


def _log(settings: "Settings") -> None:
    from bot import logs

    logs.configure(settings.log_level)
