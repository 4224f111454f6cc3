"""Text that is meant to be read without a key in the Temporal Web UI: a workflow's summary, a step's name."""

from __future__ import annotations


class OpenText(str):
    """A text the payload codec leaves as it is. It holds no personal data and nothing a client told us:
    only our own words, ids and ticket numbers."""

    __slots__ = ()
