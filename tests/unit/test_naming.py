"""Short names of a new company: what the forms and the API would take, for names as they come."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.domain.errors import DomainError
from ticketos.domain.naming import short_names


@pytest.mark.parametrize(
    ("name", "slug", "prefix"),
    [
        ("Acme Foods Pvt. Ltd.", "acme", "ACME"),
        ("Müller & Söhne GmbH", "muller", "MULLE"),
        ("Straße & Co", "strasse", "STRAS"),
        ("B & K Foods", "b-k-foods", "BKFOO"),
        ("3M India", "3m-india", "MINDI"),
        ("O'Neill Logistics", "oneill", "ONEIL"),
        ("Bo", "bo", "BO"),
    ],
)
def test_a_name_says_its_short_names(name: str, slug: str, prefix: str) -> None:
    assert short_names(name) == (slug, prefix)


@pytest.mark.parametrize("name", ["कावेरी", "…", "42"])
def test_a_name_that_cannot_be_written_so_is_refused_in_words(name: str) -> None:
    with pytest.raises(DomainError) as refused:
        short_names(name)
    assert refused.value.code == "short-name-needed"


@given(st.text(max_size=60))
def test_what_is_made_is_always_taken(name: str) -> None:
    try:
        slug, prefix = short_names(name)
    except DomainError:
        return
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", slug)
    assert re.fullmatch(r"[A-Z][A-Z0-9]{1,7}", prefix)
