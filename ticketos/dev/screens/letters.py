"""The pages behind signed links: their tokens stand in the mails that a demo wrote, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx2

_LINK = re.compile(r"https?://[^\s/<>\"]+/([aprs])/([\w.-]+)")
PAGES: Mapping[str, str] = {"approval": "a", "survey": "s", "repeat": "r", "password": "p"}
"""What a place calls a token → the first part of the page's address."""
_MOST = 30
"""Links tried of each page; most mails of a demo day are about work that is over."""


def tokens(folder: Path) -> dict[str, list[str]]:
    """Token of each signed link in the mails of this folder by page, the newest first; empty without a folder."""
    found: list[tuple[float, str, str]] = []
    for file in folder.glob("*.eml"):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        body = mail.get_body(("plain",))
        sent = parsedate_to_datetime(str(mail["Date"])).timestamp()
        found += [(sent, *one) for one in _LINK.findall(body.get_content() if body is not None else "")]
    newest = sorted(set(found), reverse=True)
    return {name: [token for _, page, token in newest if page == part] for name, part in PAGES.items()}


async def waiting(base: str, folder: Path) -> dict[str, str]:
    """For each page the newest token whose page still asks something, as whoever got the mail would meet it. A page
    that nobody is asked by is left out."""
    chosen: dict[str, str] = {}
    async with httpx2.AsyncClient(base_url=base) as client:
        for name, known in tokens(folder).items():
            for token in known[:_MOST]:
                answer = await client.get(f"/{PAGES[name]}/{token}")
                if answer.status_code == httpx2.codes.OK and "<form" in answer.text:
                    chosen[name] = token
                    break
    return chosen
