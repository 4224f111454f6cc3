"""A real identity provider for tests: the npm package ``oidc-provider`` as a process of its own. It is installed
once into the user's cache folder, never into the project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from ticketos.dev.processes import free_port

PACKAGE = "oidc-provider@9.13.3"
SCRIPT = Path(__file__).with_name("identity_provider.mjs")
CLIENT, SECRET, PUBLIC_CLIENT = "ticketos", "s3cret of the +test/ client", "ticketos-public"


@dataclass
class IdentityProvider:
    """The running provider and a person's browser at it."""

    issuer: str

    def told(self, **what: Any) -> None:
        """Who signs in next and how: ``account``, ``verified``, ``amr``, ``deny``, ``rotate``."""
        httpx2.post(f"{self.issuer}/control", json=what).raise_for_status()

    def visit(self, address: str, browser: httpx2.Client | None = None) -> str:
        """Follow the provider's own pages until it sends the browser somewhere else; returns where."""
        with browser or httpx2.Client() as client:
            for _ in range(12):
                answer = client.get(address)
                if answer.status_code not in (302, 303):
                    raise AssertionError((answer.status_code, answer.text[:600]))
                address = urljoin(address, answer.headers["location"])
                if not address.startswith(self.issuer):
                    return address
        raise AssertionError("the provider goes round in circles")


def installed() -> Path:
    """The folder with the package; skips the test, with the reason, where it cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("the provider for tests needs node and npm")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ticketos-tests" / PACKAGE
    if not (cache / "ready").exists():
        cache.mkdir(parents=True, exist_ok=True)
        (cache / "package.json").write_text(json.dumps({"private": True}))
        command = [npm, "install", PACKAGE, "--no-audit", "--no-fund", "--ignore-scripts"]
        try:
            done = subprocess.run(command, cwd=cache, capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm install {PACKAGE} took more than two minutes")
        if done.returncode:
            pytest.skip(f"npm install {PACKAGE} failed: {done.stderr.strip()[-300:]}")
        (cache / "ready").touch()
    return cache


@contextmanager
def identity_provider(back: str, home: str) -> Iterator[IdentityProvider]:
    """The provider, listening; it sends browsers ``back`` and, signed out, ``home``."""
    folder, port = installed(), free_port()
    node = shutil.which("node")
    assert node is not None
    with subprocess.Popen(
        [node, SCRIPT, folder, str(port), back, home],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            end = time.monotonic() + 40
            while (line := process.stdout.readline()).strip() != "ready":
                assert line, "the provider did not start"
                assert time.monotonic() < end
            yield IdentityProvider(f"http://localhost:{port}")
        finally:
            process.kill()
