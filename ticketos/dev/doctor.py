"""What this machine has, what it lacks, and how to get it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import httpx2

from ticketos.dev import attach, postgres, tools
from ticketos.dev.processes import StackError, port_answers
from ticketos.settings import MASTER_KEY_FILE, Settings, SettingsError, ensure_master_key

OCR_LANGUAGES = ("eng", "osd", "deu", "fra", "hin", "ita", "spa")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ANSWER_S = 15
"""The wait for an answer over the network. What is not there refuses at once; a busy machine may take its time."""
_PACKAGES_FIX = "make setup (it installs system-packages.txt)"


@dataclass(frozen=True)
class Check:
    """One thing looked at. `fix` is a command or a sentence, empty when nothing is wrong."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    required: bool = True


def examine(settings: Settings) -> list[Check]:
    """Look at everything the product uses; changes nothing on the machine."""
    return [
        _python(),
        _postgres(settings),
        *_temporal(settings),
        _ocr(),
        _browser(),
        _pango(),
        _fonts(),
        _home(settings.home),
        _master_key(settings.home),
        _port(settings.port),
        _oidc(settings),
    ]


def print_json(checks: list[Check]) -> None:
    """One JSON object: ok, and the checks."""
    good = all(check.ok for check in checks if check.required)
    print(json.dumps({"ok": good, "checks": [asdict(check) for check in checks]}, ensure_ascii=False))


def print_table(checks: list[Check]) -> None:
    """A table for a person; the state is a word as well as a colour."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in ("", "Part", "Found", "To fix"):
        table.add_column(title, overflow="fold")
    for check in checks:
        word, style = (
            ("ok", "green") if check.ok else ("MISSING", "red") if check.required else ("absent", "yellow")
        )
        table.add_row(
            Text(word, style), Text(check.name), Text(check.found), Text("" if check.ok else check.fix)
        )
    Console().print(table)


def _python() -> Check:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Check("Python", sys.version_info >= (3, 11), found, "Install Python 3.11 or newer.")


def _postgres(settings: Settings) -> Check:
    if settings.database_url is not None:
        return Check("PostgreSQL", True, "DATABASE_URL is set")
    try:
        postgres.wheel_binaries()
        return Check("PostgreSQL", True, f"{postgres.WHEEL} {version(postgres.WHEEL)}")
    except (StackError, PackageNotFoundError) as error:
        return Check("PostgreSQL", False, str(error), "make setup")


def _temporal(settings: Settings) -> list[Check]:
    go = shutil.which("go")
    if "temporal_address" in settings.model_fields_set:
        return [
            _answering(
                settings.temporal_address,
                "Start that server, or unset TEMPORAL_ADDRESS to use the embedded one.",
            )
        ]
    running = attach.temporal_of(settings.home)
    if running is not None:
        return [_answering(running, "End `ticketos up` and start it again.")]
    program = tools.known_temporal()
    fix = (
        "It is built at the next start, two to four minutes once." if go else "Install Go: https://go.dev/dl"
    )
    return [
        Check("Temporal", program is not None, str(program or "not built yet"), fix, required=go is None),
        Check("Go", go is not None, go or "not found", "https://go.dev/dl", required=False),
    ]


def _answering(address: str, fix: str) -> Check:
    """A Temporal that should be there, asked by the client that workers and API use."""
    answers = asyncio.run(_healthy(address))
    return Check("Temporal", answers, f"{address} {'answers' if answers else 'does not answer'}", fix)


async def _healthy(address: str) -> bool:
    from temporalio.client import Client
    from temporalio.service import RPCError

    try:
        async with asyncio.timeout(ANSWER_S):
            client = await Client.connect(address)
            return await client.service_client.check_health(timeout=timedelta(seconds=ANSWER_S))
    except (RPCError, RuntimeError, ValueError, TimeoutError):
        return False


def _ocr() -> Check:
    program = shutil.which("tesseract")
    if program is None:
        return Check("Tesseract", False, "not found", _PACKAGES_FIX)
    done = subprocess.run([program, "--list-langs"], capture_output=True, text=True)
    known = set(done.stdout.split())
    missing = [name for name in OCR_LANGUAGES if name not in known]
    words = f"languages {' '.join(name for name in OCR_LANGUAGES if name in known)}"
    return Check("Tesseract", not missing, words, f"Missing: {' '.join(missing)}. {_PACKAGES_FIX}")


def _browser() -> Check:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return Check(
        "Chromium", found is not None, found or "not found", f"{_PACKAGES_FIX}; tests alone use it", False
    )


def _pango() -> Check:
    import ctypes.util

    needed = ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")
    missing = [name for name in needed if ctypes.util.find_library(name) is None]
    found = "present" if not missing else f"without {', '.join(missing)}"
    return Check("Pango (PDF)", not missing, found, _PACKAGES_FIX)


def _fonts() -> Check:
    """Invoices carry ₹ and Hindi names: a PDF without such a font shows empty boxes."""
    program = shutil.which("fc-list")
    if program is None:
        return Check("Fonts", False, "fc-list not found", _PACKAGES_FIX, required=False)
    wanted = {"Devanagari": ":charset=915", "₹": ":charset=20b9"}
    missing = [
        name
        for name, pattern in wanted.items()
        if not subprocess.run([program, pattern, "family"], capture_output=True, text=True).stdout.strip()
    ]
    found = f"no font with {', '.join(missing)}" if missing else "Latin, Devanagari, ₹"
    return Check("Fonts", not missing, found, _PACKAGES_FIX)


def _home(home: Path) -> Check:
    nearest = home
    while not nearest.exists():
        nearest = nearest.parent
    usable = os.access(nearest, os.W_OK | os.X_OK) and nearest.is_dir()
    found = str(home) if home.exists() else f"{home} (made at the first start)"
    return Check("Home folder", usable, found, "Set TICKETOS_HOME to a folder you may write to.")


def _master_key(home: Path) -> Check:
    path = home / MASTER_KEY_FILE
    if not path.exists():
        return Check("Master key", True, f"{path} (made at the first start; then back it up)")
    try:
        ensure_master_key(home)
    except SettingsError as error:
        return Check("Master key", False, str(path), str(error))
    return Check("Master key", True, f"{path} (part of your backup)")


def _port(port: int) -> Check:
    taken = port_answers(port)
    return Check(f"Port {port}", not taken, "taken" if taken else "free", "Another free port is used.", False)


def _oidc(settings: Settings) -> Check:
    """Where people may sign in through an identity provider: which one, and whether it answers."""
    issuer = settings.oidc_issuer
    if issuer is None:
        return Check("OIDC sign-in", True, "not configured (TICKETOS_OIDC_ISSUER)", required=False)
    kind = "with a secret" if settings.oidc_client_secret else "public client"
    factor = "its second factor counts" if settings.oidc_trust_factor else "own second factor asked"
    found = f"{issuer} as {settings.oidc_client_id}, {kind}, {factor}"
    try:
        answer = httpx2.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=ANSWER_S)
        named = answer.json().get("issuer") if answer.status_code == 200 else None
    except (httpx2.HTTPError, ValueError, AttributeError) as error:
        return Check(
            "OIDC sign-in",
            False,
            f"{found}; it does not answer ({error})",
            "Check TICKETOS_OIDC_ISSUER.",
            False,
        )
    if named != issuer:
        fix = f"Set TICKETOS_OIDC_ISSUER to exactly what it calls itself: {named}"
        return Check("OIDC sign-in", False, f"{found}; it names another issuer", fix, False)
    return Check("OIDC sign-in", True, f"{found}; redirect address {settings.public_url}/login/oidc/back")
