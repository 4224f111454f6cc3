"""What people's corrections of a supplier's papers teach, and how it judges the next paper of that supplier.

`learn` turns a corrected document into a better `SupplierMemory`; `apply.apply_memory` lets it speak on a new one.
Both are pure. `places.py` says where on a paper a value stands, `supplier.py` is the memory itself,
`recognise.py` tells whose paper it is, `apply.py` weighs memory against reading. That one loads the whole reader, which
who only learns does not need: it is not offered here.
"""

from ticketos.ai.extract.memory.learning import Corrected, learn
from ticketos.ai.extract.memory.paper import packed, pages_of
from ticketos.ai.extract.memory.recognise import Recognised, recognise
from ticketos.ai.extract.memory.supplier import SupplierMemory

__all__ = [
    "Corrected",
    "Recognised",
    "SupplierMemory",
    "learn",
    "packed",
    "pages_of",
    "recognise",
]
