"""What two readings of one value are worth together, by Bayes.

``first`` is the probability that the first reader's value is right, ``second`` that the second reader is right where it
speaks. Wrong readings of one text are often wrong alike: ``alike`` is the chance that a second reader, wrong by itself, says
the very same, and ``shared`` the part of the first's errors that lie in what both were given, such as letters misread on
a scan, where the second repeats them as surely as it would repeat the truth.
"""

from __future__ import annotations

ALIKE = 0.5
MOST = 0.99
"""Two readers that have not been measured together are never surer than this."""


def agreed(first: float, second: float, shared: float) -> float:
    """Both say the same. Never less than the first alone: agreement is no evidence against."""
    right = first * second
    wrong = (1 - first) * (shared * second + (1 - shared) * (1 - second) * ALIKE)
    together = right / (right + wrong) if right + wrong else 0.0
    return max(first, min(together, MOST))


def differing(first: float, second: float) -> tuple[float, float]:
    """They differ: how likely each is right. Both can be wrong, so the two do not add up to one."""
    ours, theirs, neither = first * (1 - second), (1 - first) * second, (1 - first) * (1 - second)
    whole = ours + theirs + neither
    return (ours / whole, theirs / whole) if whole else (0.0, 0.0)
