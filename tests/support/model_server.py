"""A model behind an address on loopback that speaks OpenAI's chat completions: it answers what a test tells it to, and
remembers what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from schemas.extraction import FIELD_NAMES


@dataclass(frozen=True)
class Reply:
    """What comes back: a status, a body as it stands or the text of an answer, after ``wait_s`` seconds."""

    text: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    finish: str = "stop"
    refusal: str | None = None
    usage: tuple[int, int] | None = (1_000, 200)
    wait_s: float = 0.0


class ModelServer:
    """Answers by ``reply``, which is given the document as it was sent."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.reply: Callable[[str], Reply] = lambda _: Reply(seen())

    def sent(self) -> list[str]:
        """The text of each document that was sent, in order."""
        return [str(json.loads(one["messages"][1]["content"])["document"]) for one in self.asked]


def seen(kind: str = "invoice", lines: list[dict[str, Any]] | None = None, **values: str) -> str:
    """An answer of the form asked for: what is not named is null."""
    return json.dumps(
        {"type": kind, "fields": {name: values.get(name) for name in FIELD_NAMES}, "lines": lines or []}
    )


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """A server for the time of the block."""

    class Handler(_Handler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = ModelServer(f"http://127.0.0.1:{server.server_address[1]}/v1")
        Handler.model = made
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: ModelServer

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.model.asked.append(asked)
        self.model.keys.append(self.headers.get("authorization", ""))
        reply = self.model.reply(str(json.loads(asked["messages"][1]["content"])["document"]))
        time.sleep(reply.wait_s)
        body = (reply.body if reply.body is not None else _completion(asked, reply)).encode()
        try:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # whoever asked did not wait

    def log_message(self, *_: object) -> None:
        """Tests look at ``asked``."""


def _completion(asked: Mapping[str, Any], reply: Reply) -> str:
    if reply.status != 200:
        return json.dumps({"error": {"message": "no", "type": "x", "code": "x"}})
    said: dict[str, Any] = {
        "id": "c-1",
        "object": "chat.completion",
        "created": 1,
        "model": asked["model"],
        "choices": [
            {
                "index": 0,
                "finish_reason": reply.finish,
                "message": {"role": "assistant", "content": reply.text, "refusal": reply.refusal},
            }
        ],
    }
    if reply.usage:
        came, went = reply.usage
        said["usage"] = {"prompt_tokens": came, "completion_tokens": went, "total_tokens": came + went}
    return json.dumps(said)
