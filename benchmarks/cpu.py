"""Processor time of process trees, from /proc: what a ticket costs however busy the machine is."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _FIRST_TIME, _LAST_TIME = 1, 11, 15
"""Places in /proc/<pid>/stat behind the command's name: parent, then own and reaped children's times."""


def seconds(roots: Mapping[str, int]) -> dict[str, float]:
    """Name → processor seconds used so far by the tree under that process, ended children included.

    Empty where there is no /proc."""
    times: dict[int, int] = {}
    children: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        pid = int(stat.parent.name)
        times[pid] = sum(int(part) for part in after_name[_FIRST_TIME:_LAST_TIME])
        children[int(after_name[_PARENT])].append(pid)
    if not times:
        return {}
    return {name: _tree(pid, times, children) / _TICKS for name, pid in roots.items()}


def _tree(pid: int, times: Mapping[int, int], children: Mapping[int, list[int]]) -> int:
    return times.get(pid, 0) + sum(_tree(child, times, children) for child in children.get(pid, ()))
