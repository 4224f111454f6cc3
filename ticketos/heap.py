"""What the interpreter's collector of cycles need not look at again and again.

A process of ours holds some 300,000 objects once it is loaded: modules, classes, models, routes. A full collection
walks through all of them and holds everything up meanwhile, on an ordinary machine for more than a tenth of a second,
though none of them ever becomes garbage. ``settle`` takes them out of the collector's sight.
"""

from __future__ import annotations

import gc

YOUNGEST = 10_000
"""So many objects more than were freed begin a collection of the youngest. Answering one request makes thousands that
are freed by their count of references; at the interpreter's own 700 it collects several times for nothing."""


def hold() -> None:
    """Call before all is loaded: no collection until ``settle``. What modules make while they are loaded stays, and
    looking for garbage in it is up to a tenth of a start."""
    gc.disable()


def settle() -> None:
    """Call once, when all is loaded and before the first work: what lives now stays for the life of the process."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(YOUNGEST, *gc.get_threshold()[1:])
