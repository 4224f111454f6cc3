"""What a line is called: the words of its description, as far as they are its name.

Under the name papers print delivery notes, article numbers and properties. A row belongs to the name when the
row before had no room for its first word, which is how a long name comes to be on two rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ticketos.ai.ocr.page import Row, Word

_LEADING = 1.2  # widest gap between rows of one name, in heights
# What a blank takes, in heights, and how ragged an edge is, of the column's width.
_ROOM, _RAGGED = 0.6, 0.1
_MOST_ROWS = 6
_PROPERTY = re.compile(r"[^\W\d_][\w.\- /]{0,28}\s?:(?:\s|$)")

TextRow = tuple[Row, tuple[Word, ...]]


def name_of(
    before: Sequence[TextRow], own: Sequence[TextRow], after: Sequence[TextRow], right: float, coded: bool
) -> tuple[Word, ...]:
    """The words of the name. `own` stand beside the numbers, `before` and `after` around them; `right` is
    where descriptions of this table end; `coded` tables print the article's number in the first row.
    """
    rows = [*before, *own, *after]
    if coded and len(rows) > 1 and _is_code(rows[0][1]):
        rows = rows[1:]
    # What stands over the numbers, and beside them, belongs to the name in any case.
    fixed = max(len(before) + len(own) - (len(before) + len(own) + len(after) - len(rows)), 1)
    words: list[Word] = []
    for index, (row, here) in enumerate(rows[:_MOST_ROWS]):
        if index >= fixed or (index and not before):
            last_row, last = rows[index - 1]
            if not _goes_on(last_row, last, row, here, right):
                break
        words += here
    return tuple(words)


def _goes_on(last_row: Row, last: Sequence[Word], row: Row, here: Sequence[Word], right: float) -> bool:
    height = min(last[-1].height, here[0].height)
    if row.page != last_row.page or here[0].y0 - last[-1].y1 > _LEADING * height:
        return False
    if last[-1].text.endswith("-") or last[-1].text.endswith("("):
        return True
    if _PROPERTY.match(" ".join(word.text for word in here)):
        return False
    first = here[0]
    room = max(_ROOM * height, _RAGGED * (right - last[0].x0))
    return last[-1].x1 + (first.x1 - first.x0) > right - room


def _is_code(words: Sequence[Word]) -> bool:
    return len(words) == 1 and any(c.isdigit() for c in words[0].text)
