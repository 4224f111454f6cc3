"""Documents put together from parts: a maker's hand decides place, look and wording, a seed the contents.

`hand.py` makes each maker's choices, `markets.py` and `makers.py` know countries and invent companies,
`contents.py` draws what a document says, `sheets.py`, `slips.py` and their parts set it on paper,
`drawing.py` is that paper before it is a PDF, and `misread.py` what an optical reader makes of it.
"""

from ticketos.dev.sim.documents.composed.compose import Labelled, Paper, compose
from ticketos.dev.sim.documents.composed.markets import MARKET_CODES
from ticketos.dev.sim.documents.composed.training import labelled_words, papers, write_folder

__all__ = ["MARKET_CODES", "Labelled", "Paper", "compose", "labelled_words", "papers", "write_folder"]
