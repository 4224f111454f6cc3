"""A model outside beside the reader, measured: how often it is right where it speaks, what it makes of the fields, what it
costs. Its address, name, key and prices are the installation's (``TICKETOS_MODEL_…``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from benchmarks.reading.folders import Case
from benchmarks.reading.measures import normal
from schemas.extraction import Extraction
from schemas.opinion import Seen
from ticketos.ai.engines.openai import Answer, OpenAiModel
from ticketos.ai.extract.answers import alone
from ticketos.ai.extract.reader import Reader
from ticketos.ai.governance import GovernedReader
from ticketos.domain.engines import Call, End, ModelUse, Reserved, Use


@dataclass
class Purse:
    """Pays up to a cap, and knows what was paid."""

    cap: Decimal
    spent: Decimal = Decimal(0)
    _aside: dict[UUID, Decimal] = field(default_factory=dict)

    def reserve(self, call: Call) -> Reserved:
        """Refused where the most it can cost passes the cap."""
        if self.spent + call.most > self.cap:
            return Reserved(None, "over-cap")
        made = uuid4()
        self._aside[made] = call.most
        return Reserved(made)

    def settle(self, reserved: UUID, end: End) -> None:
        """What it came to; the most, where nobody knows."""
        most = self._aside.pop(reserved)
        self.spent += most if end.cost is None else end.cost


class _Listening:
    """The model, and what it answered last."""

    def __init__(self, model: OpenAiModel) -> None:
        self._asked = model
        self.last: Seen | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._asked, name)

    def ask(self, system: str, user: str, shape: type[Any], most_out: int) -> Answer[Any]:
        answer = self._asked.ask(system, user, shape, most_out)
        self.last = answer.value if isinstance(answer.value, Seen) else None
        return answer


class _Local:
    """The reader in this process as the governed one wants it."""

    def __init__(self, reader: Reader, today: date | None) -> None:
        self._reader, self._today = reader, today

    def read(self, data: bytes, filename: str, *_: Any, **__: Any) -> Sequence[Mapping[str, Any]]:
        return [one.model_dump(mode="json") for one in self._reader.read_all(data, filename, self._today)]


class Beside:
    """A reader with a model beside it; counts what the model was asked, and by field how often it was right."""

    def __init__(
        self,
        reader: Reader,
        model: OpenAiModel,
        use: Use,
        cap: Decimal,
        reliability: float,
        today: date | None,
    ) -> None:
        self.purse = Purse(cap)
        self.outcomes: dict[str, int] = {}
        self.spoken: dict[str, list[bool]] = {}
        self._listening = _Listening(model)
        self._governed = GovernedReader(
            _Local(reader, today),
            self._listening,  # type: ignore[arg-type]
            reliability,
            lambda: datetime.combine(today, datetime.min.time(), UTC) if today else datetime.now(UTC),
        )
        self._use = use

    def read(self, data: bytes, filename: str, today: date | None = None) -> Extraction:
        """As the reader, with the model's opinion in it."""
        del today  # told once
        self._listening.last = None
        found = self._governed.read(data, filename, model=ModelUse(self._use, self.purse))
        result = alone([Extraction.model_validate(one) for one in found])
        outcome = str((result.opinion or {}).get("outcome", "not asked"))
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        return result

    def heard(self, case: Case) -> None:
        """Compare the model's own answer with the truth, field by field where it named a value."""
        if self._listening.last is None:
            return
        for name, said in self._listening.last.values().items():
            if said and name in case.fields:
                accepted = {normal(name, one) for one in (case.fields[name], *case.also_right.get(name, ()))}
                self.spoken.setdefault(name, []).append(normal(name, said) in accepted)

    def figures(self) -> dict[str, Any]:
        """For the line: ``reliability`` is what ``TICKETOS_MODEL_RELIABILITY`` should be."""
        every = [right for found in self.spoken.values() for right in found]
        return {
            "model": self._listening.model,
            "use": self._use,
            "outcomes": self.outcomes,
            "reliability": round(sum(every) / len(every), 4) if every else None,
            "by_field": {
                name: [len(found), round(sum(found) / len(found), 4)] for name, found in self.spoken.items()
            },
            "spent": str(self.purse.spent),
        }
