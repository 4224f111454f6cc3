"""An unexpected error is written with where it happened and without what was in hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from ticketos import logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    kept = structlog.get_config()
    yield
    structlog.configure(**kept)


def test_an_error_says_where_and_never_what_was_typed(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()

    def sign_in(typed: str) -> None:
        raise LookupError("nobody of that name")

    try:
        sign_in("pass" + "word")
    except LookupError as error:
        structlog.get_logger().error("api.failed", path="/login", exc_info=error)
    said = capsys.readouterr().out
    assert "api.failed" in said
    assert "sign_in" in said
    assert "nobody of that name" in said
    assert "password" not in said


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("WARNING")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    said = capsys.readouterr().out
    assert "quiet" not in said
    assert "loud" in said
