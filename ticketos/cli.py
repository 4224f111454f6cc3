"""The command `ticketos`. Every verb imports what it needs when it runs, so `--help` stays fast.

Exit codes: 0 done, 1 a failure told in words, 2 wrong usage. Results go to stdout, logs and progress to
stderr. A person never sees a stack trace; it is kept in the home folder's logs/crash.log.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ticketos.db.audit_cli import audit_commands
from ticketos.db.learn_cli import learn_commands

if TYPE_CHECKING:
    from ticketos.crypto import Keyring
    from ticketos.db.repositories.first_account import FirstAccount
    from ticketos.db.session import Database
    from ticketos.dev.stack import StackUrls
    from ticketos.domain.learning import Learnable
    from ticketos.settings import Settings

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130

WORKER_NICENESS = 5
"""Work in hand can wait a moment; a person or a mail server at the door should not."""

app = typer.Typer(
    name="ticketos",
    help="TicketingOS: every client transaction is a durable ticket, from intake to a proven invoice line.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="The database schema.", no_args_is_help=True)
app.add_typer(db, name="db")

_at_end = ExitStack()
"""What a command opened and the process closes before it leaves."""


def say(text: str) -> None:
    """One line of progress, to stderr."""
    print(text, file=sys.stderr, flush=True)


def _settings() -> Settings:
    from pydantic import ValidationError

    from ticketos.settings import Settings, SettingsError

    try:
        return Settings()
    except ValidationError as error:
        reasons = "\n".join(f"  {_variable(item['loc'])}: {item['msg']}" for item in error.errors())
        raise SettingsError(f"The settings in the environment cannot be used:\n{reasons}") from None


def _variable(location: tuple[int | str, ...]) -> str:
    return "TICKETOS_" + "_".join(str(part).upper() for part in location) if location else "settings"


@app.command()
def up(
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill an empty home with demo clients and people.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(help="Port of the portal and the API.", min=0, max=65535)
    ] = None,
) -> None:
    """Start the whole stack here; Ctrl-C ends it."""
    from ticketos.dev.first_run import first_account
    from ticketos.dev.stack import Stack

    settings = _settings()
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    signal.signal(signal.SIGTERM, _as_interrupt)
    signal.signal(signal.SIGHUP, _as_interrupt)
    stack = Stack(settings, say=say)
    try:
        with stack as urls:
            account = first_account(urls.database, settings.home)
            try:
                _print_links(urls)
                if account is not None:
                    say(f"\nFirst account (shown once): {account.email}  {account.password}")
                    say(
                        f"Sign in at {urls.portal}: it leads through company, client, contract and a first document."
                    )
                if demo:
                    _fill(urls, settings, account)
                stack.wait()
            except KeyboardInterrupt:
                say("\nEnding: running work is finished or handed back first …")
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None  # interrupted while starting
    say("Ended.")


def _fill(urls: StackUrls, settings: Settings, account: FirstAccount | None) -> None:
    """Play the demo day in a home that was empty until now; one that has work in it is left as it is."""
    if account is None:
        say("\nThere is work in this home already; the demo day is not played again.")
        return
    from ticketos.dev.demo import fill

    say("\nThe demo day is played now; you can watch it in the portal.")
    filled = fill(urls, settings, account.email, account.password)
    filled.report.print()
    say(f"\nEverybody of the day with their passwords: {filled.people}")
    for line in filled.trial.lines():
        say(line)


def _as_interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _print_links(urls: StackUrls) -> None:
    rows = [
        ("Portal", urls.portal),
        ("API", f"{urls.portal}/openapi.json"),
        ("Temporal", urls.temporal_ui or f"{urls.temporal} (no Web UI)"),
        ("Mail to us", f"smtp://localhost:{urls.mail_port}"),
        ("State", str(urls.home)),
    ]
    say("")
    for name, value in rows:
        print(f"  {name:<11}{value}", flush=True)
    say("\nReady. Ctrl-C ends it.")


@app.command()
def demo(
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the result as JSON; - is stdout.", dir_okay=False)
    ] = None,
    documents: Annotated[
        Path | None,
        typer.Option(help="Play the day with the files of this folder.", exists=True, file_okay=False),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the home of the day for a look.")] = False,
) -> None:
    """A working day on real inputs, played by scripted people. Exit code 0 only if it went as planned."""
    from ticketos.dev.demo import run_demo

    signal.signal(signal.SIGTERM, _as_interrupt)
    signal.signal(signal.SIGHUP, _as_interrupt)
    report = run_demo(documents, keep=keep)
    to_stdout = json_file is not None and str(json_file) == "-"
    if not to_stdout:
        report.print()
    if json_file is not None:
        text = report.as_json() + "\n"
        sys.stdout.write(text) if to_stdout else json_file.write_text(text, encoding="utf-8")
    if not report.ok:
        raise typer.Exit(FAILED)


@app.command()
def screenshots(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the pictures go, a folder a role.", file_okay=False)
    ] = Path("screenshots"),
    docs: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Make the pictures of README and docs there.", file_okay=False),
    ] = None,
    role: Annotated[list[str] | None, typer.Option(help="Only this role; repeat for more.")] = None,
    url: Annotated[str | None, typer.Option(help="Use the portal that runs there (`up --demo`).")] = None,
    people: Annotated[
        Path | None, typer.Option(help="With --url: demo-people.json of its home.", dir_okay=False)
    ] = None,
) -> None:
    """Picture every page in both themes and at both widths, as each role sees it. Needs Chromium."""
    from ticketos.dev.screens.run import screenshots as run

    signal.signal(signal.SIGTERM, _as_interrupt)
    missing = run(out, say, docs=docs, roles=role or (), url=url, people=people)
    for line in missing:
        say(f"  not pictured: {line}")
    if missing:
        raise typer.Exit(FAILED)


@app.command()
def extract(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="PDF, PNG, JPEG, TIFF or e-invoice XML")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per document and line of output")
    ] = False,
    text: Annotated[
        bool, typer.Option("--text", help="The text that was read, row by row, instead of the fields")
    ] = False,
    render: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write the pages as PNG, fields boxed: green may skip a person, amber not"
        ),
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="A file whose first line opens protected PDFs (- for standard input)")
    ] = None,
    second_reader: Annotated[
        str,
        typer.Option(
            metavar="LANGUAGES", help="Ask tesseract (eng+hin) too where the first reader is unsure"
        ),
    ] = "",
) -> None:
    """Read documents: type, fields, lines and checks. Exit code 1: one could not be read; 2: wrong path."""
    from ticketos.ai.extract.cli import extract as run

    run(files, as_json, text, render, password_file=password_file, second_reader=second_reader)


@app.command()
def triage(
    file: Annotated[
        str, typer.Argument(help='One message per line: plain text, or JSON with "text". - is stdin.')
    ] = "-",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per message.")] = False,
) -> None:
    """Judge messages: service line, ticket type, priority, language, sentiment."""
    from ticketos.ai.triage.cli import triage as run

    run(file, as_json)


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Say what is here, what is missing and how to get it. Exit code 1 when something required is missing."""
    from ticketos.dev import doctor as checks

    found = checks.examine(_settings())
    checks.print_json(found) if as_json else checks.print_table(found)
    if any(check.required and not check.ok for check in found):
        raise typer.Exit(FAILED)


@app.command()
def api() -> None:
    """Run the API and the portal (needs the database and Temporal; `up` starts all)."""
    from api.serve import run

    signal.signal(signal.SIGTERM, _as_interrupt)  # uvicorn ends gracefully, then repeats the signal to us
    with suppress(KeyboardInterrupt):
        run(_settings())


@app.command()
def worker(
    queue: Annotated[
        list[str] | None,
        typer.Option("--queue", help="A task queue to serve; repeat for more. Default: all."),
    ] = None,
) -> None:
    """Run the workers (needs the database and Temporal; `up` starts all)."""
    import asyncio

    from ticketos.ai.triage import language
    from ticketos.heap import hold
    from workflows.names import QUEUES, TICKETS

    unknown = sorted(set(queue or []) - set(QUEUES))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}; there are {', '.join(QUEUES)}", param_hint="--queue")
    hold()
    if TICKETS in (queue or QUEUES):
        language.load()  # beside the imports that follow
    from workers.main import run

    settings = _settings()
    os.nice(WORKER_NICENESS)

    async def until_told() -> None:
        task = asyncio.ensure_future(run(settings, queue or []))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(until_told())


@db.command("upgrade")
def db_upgrade(
    superuser_url: Annotated[
        str,
        typer.Option(
            envvar="TICKETOS_SUPERUSER_DATABASE_URL",
            help="Make the three roles and the database first, with the passwords of the three URLs.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Bring the database schema up to date (DATABASE_URL, else the embedded database of this home)."""
    from ticketos.db.migrate import upgrade
    from ticketos.dev.postgres import EmbeddedPostgres

    settings = _settings()
    if settings.database_url is None:
        with EmbeddedPostgres(settings.home) as urls:
            upgrade(urls.owner)
    else:
        if superuser_url:
            from ticketos.dev.database import prepare_from_urls
            from ticketos.settings import sqlalchemy_url

            prepare_from_urls(
                sqlalchemy_url(superuser_url), settings.owner_url, settings.app_url, settings.system_url
            )
        upgrade(settings.owner_url)
    say("The database schema is up to date.")


def _reached() -> tuple[Settings, Database, Keyring]:
    """Settings that reach the stack of this home, its database and its keys; closed when the command ends."""
    from ticketos.crypto import Keyring
    from ticketos.db.session import Database
    from ticketos.dev.attach import attached
    from ticketos.settings import master_keys

    settings = _at_end.enter_context(attached(_settings()))
    database = Database(settings.app_url, settings.system_url)
    _at_end.callback(database.dispose)
    return settings, database, Keyring(*master_keys(settings))


def _trail() -> tuple[Database, Keyring]:
    """Database and keys of this home, for the commands about the trail."""
    _, database, keyring = _reached()
    return database, keyring


@app.command("month-end")
def month_end(
    client: Annotated[str, typer.Argument(help="The client (slug).")],
    period: Annotated[
        str | None, typer.Argument(help="The month, as 2026-10; the one that ended last when left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON on stdout.")] = False,
) -> None:
    """Run the month-end of a client's book now. Exit code 0: the month is shut; 1: something stands in the way."""
    from ticketos.dev.month_end_cli import run

    settings, database, keyring = _reached()
    told = run(settings, database, keyring, client, period, as_json)
    typer.echo(told.text, err=not told.report if as_json else not told.shut)
    if not told.shut:
        raise typer.Exit(FAILED)


app.add_typer(audit_commands(_trail), name="audit")


def _learnables() -> Sequence[Learnable]:
    """Every kind of model that corrections retrain; what they need is loaded when it is asked for."""
    from workers.wiring import LEARNABLES

    return LEARNABLES


app.add_typer(learn_commands(_trail, _learnables), name="learn")


def _told(error: BaseException) -> int:
    """Turn what went wrong into words on stderr and an exit code."""
    from ticketos.dev.processes import StackError
    from ticketos.settings import SettingsError

    if isinstance(error, StackError | SettingsError):
        say(f"ticketos: {error}")
        return FAILED
    place = _keep_trace(error)
    say(f"ticketos: something unexpected went wrong: {_one_line(error)}\nDetails: {place}")
    return FAILED


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]


def _keep_trace(error: BaseException) -> Path:
    from ticketos.settings import default_home

    log = Path(os.environ.get("TICKETOS_HOME") or default_home()) / "logs" / "crash.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as handle:
        handle.write(f"{datetime.now(UTC).isoformat()} ticketos {' '.join(sys.argv[1:2])}\n")
        handle.write("".join(traceback.format_exception(error)) + "\n")
    return log


def _leave(code: int) -> NoReturn:
    """End the process. With the Temporal SDK loaded that means at once: its native threads may call into
    an interpreter that is already going down, which aborts about one process in eight (exit code 134)."""
    if "temporalio" not in sys.modules:
        sys.exit(code)
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(BrokenPipeError):
            stream.flush()
    os._exit(code)


def main() -> NoReturn:
    """Entry point of the console script."""
    try:
        with _at_end:
            app()
        code = DONE
    except SystemExit as leave:  # typer has shown usage errors by now
        code = leave.code if isinstance(leave.code, int) else DONE if leave.code is None else FAILED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # the edge: everything else becomes words, the trace goes to a file
        code = _told(error)
    _leave(code)


if __name__ == "__main__":
    main()
