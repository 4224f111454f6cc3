"""What a worker loads before it takes work, and what it leaves for later."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LATER = (
    "alembic", "api", "babel", "cv2", "dateparser", "fastapi", "jinja2", "lxml", "onnxruntime", "openvino", "pdfplumber",
    "PIL", "pypdf", "pypdfium2", "rapidocr", "sklearn", "starlette", "weasyprint", "xlsxwriter", "zxingcpp",
)  # fmt: skip
"""Libraries of the portal, of reading (which has processes of its own), of papers and of set-up."""

IMPORTS = f"""
import sys
import workers.main
print(*sorted({{name.partition(".")[0] for name in sys.modules}} & set({LATER!r})))
"""

LANGUAGES = """
import threading
from ticketos.ai.triage import language
begun = language.load()
assert begun is not threading.current_thread()
assert language.detect("Please enter the attached invoice into our books today.") == "en"
begun.join()
assert language._identifier.cache_info().misses == 1, "the model was unpacked twice"
"""


def said(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_worker_starts_without_what_its_first_ticket_does_not_need() -> None:
    assert said(IMPORTS) == ""


def test_the_languages_model_is_unpacked_once_by_whoever_is_first() -> None:
    assert said(LANGUAGES) == ""
