"""Every candidate of a paper, worked out once for all who choose among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from schemas.extraction import DocumentType
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.scoring.days import day_options
from ticketos.ai.extract.scoring.lines import Layout, layout
from ticketos.ai.extract.scoring.names import NameOption, name_options, turned
from ticketos.ai.extract.scoring.numbers import number_options
from ticketos.ai.extract.scoring.option import Option, ranked
from ticketos.ai.extract.scoring.scorer import SHIPPED, Scorer
from ticketos.ai.extract.scoring.sums import Money, amount_options, money_of
from ticketos.ai.extract.suppliers import KnownSuppliers
from ticketos.lines.data_entry.rules import AMOUNTS


@dataclass
class Offered:
    """What a paper offers for each kind of field; `line_nets` are the amounts of its lines, `known` this client's suppliers.
    `scorer` says what is likelier and may be changed: the candidates stay."""

    paper: Paper
    kind: DocumentType
    line_nets: Sequence[Decimal] = ()
    known: KnownSuppliers = field(default_factory=KnownSuppliers)
    scorer: Scorer = SHIPPED
    _ranked: dict[str, list[Option]] = field(default_factory=dict, init=False, repr=False)

    def ranked(self, name: str) -> list[Option]:
        """The candidates of a field with their scores, the likeliest first: scored when first asked for."""
        if name not in self._ranked:
            self._ranked[name] = ranked(turned(self.kind, name), self._for(name), self.scorer)
        return self._ranked[name]

    def score_by(self, scorer: Scorer) -> None:
        """Score the candidates with these trees from now on."""
        if scorer is not self.scorer:
            self.scorer = scorer
            self._ranked.clear()

    def _for(self, name: str) -> Sequence[Option]:
        if name in AMOUNTS:
            return self.amounts
        if name in ("issue_date", "due_date"):
            return self.days
        if name in ("number", "po_number"):
            return self.numbers
        return [it.option for it in self.names]

    @cached_property
    def layout(self) -> Layout:
        return layout(self.paper)

    @cached_property
    def names(self) -> list[NameOption]:
        return name_options(self.layout, self.kind, self.known)

    @cached_property
    def days(self) -> list[Option]:
        return day_options(self.paper, self.kind)

    @cached_property
    def numbers(self) -> list[Option]:
        return number_options(self.paper, self.kind)

    @cached_property
    def money(self) -> list[Money]:
        return money_of(self.paper)

    @cached_property
    def amounts(self) -> list[Option]:
        return amount_options(self.paper, self.kind, self.money, self.line_nets)
