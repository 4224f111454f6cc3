"""What is loaded is out of the collector's sight; what is made later is still freed."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc, weakref
from ticketos.heap import hold, settle

hold()
assert not gc.isenabled(), "garbage is looked for while all is being loaded"

class Node: pass

loaded = [Node() for _ in range(50)]
settle()
assert not any(isinstance(thing, Node) for thing in gc.get_objects()), "the collector still walks over what was loaded"
assert gc.get_freeze_count() > 50
assert gc.isenabled(), "nothing is ever looked for again"
ring = Node()
ring.self, gone = ring, weakref.ref(ring)
del ring
many = [[] for _ in range(30_000)]
assert gone() is None, "a cycle made later was never freed"
"""


def test_settled_heap_is_not_walked_and_later_cycles_are_freed() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
