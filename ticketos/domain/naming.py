"""What a new company is called in short when nobody says: the word of its addresses and the capitals of its numbers."""

from __future__ import annotations

import re
import unicodedata

from ticketos.domain.errors import DomainError

LONGEST_SLUG, LONGEST_PREFIX = 20, 5
_SHORTEST = 3
"""A first word of fewer letters ("B & K Foods") says too little alone; the next ones are taken with it."""


def short_names(name: str) -> tuple[str, str]:
    """Slug and prefix of a company of this name: ("acme", "ACME") of "Acme Foods Pvt. Ltd.".

    Accents fall away and what is no letter or digit parts words. Raises ``DomainError`` "short-name-needed" when
    nothing of the name can be written so, as in a name of another script: then a person chooses.
    """
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.replace("'", "").lower())
    taken: list[str] = []
    for word in words:
        taken.append(word)
        if len("".join(taken)) >= _SHORTEST:
            break
    slug = "-".join(taken)[:LONGEST_SLUG].strip("-")
    prefix = "".join(taken).lstrip("0123456789").upper()[:LONGEST_PREFIX]
    if len(prefix) < 2:
        raise DomainError("short-name-needed", name=name)
    return slug, prefix
