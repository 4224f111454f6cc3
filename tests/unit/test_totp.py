"""One-time codes: the vectors of the standards, drift, and that a code works once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ticketos.domain.totp import address, code_at, matching_step, spelled, step_of

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert code_at(SECRET, step_of(at), digits=8) == code


def test_a_clock_may_be_one_step_off_and_no_more() -> None:
    now = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
    step = step_of(now)
    for off, wanted in ((-2, None), (-1, step - 1), (0, step), (1, step + 1), (2, None)):
        assert matching_step(SECRET, code_at(SECRET, step + off), now) == wanted


def test_a_code_that_was_used_is_refused_and_so_is_every_earlier_one() -> None:
    now = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
    step = step_of(now)
    assert matching_step(SECRET, code_at(SECRET, step), now, last=step) is None
    assert matching_step(SECRET, code_at(SECRET, step - 1), now, last=step) is None
    assert matching_step(SECRET, code_at(SECRET, step + 1), now, last=step) == step + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６"])
def test_what_is_no_code_is_refused(typed: str) -> None:
    assert matching_step(SECRET, typed, datetime(2026, 11, 22, tzinfo=UTC)) is None


def test_spaces_that_people_type_do_not_matter() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    code = code_at(SECRET, step_of(now))
    assert matching_step(SECRET, f" {code[:3]} {code[3:]} ", now) == step_of(now)


def test_the_secret_as_authenticators_take_it() -> None:
    assert spelled(SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    told = address(SECRET, "asha@acme.example", "Ticketing OS")
    assert told.startswith("otpauth://totp/Ticketing%20OS%3Aasha%40acme.example?secret=GEZDGNBVGY3TQOJQ")
    assert "issuer=Ticketing%20OS" in told
