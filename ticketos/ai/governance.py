"""Every question to a model outside goes through here: is it agreed, is there money, is the text free of personal data;
what came of it is kept (AG2, AG5). The local engine has done its work before, so a model that may not be asked or does not
answer costs nothing but its help."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from schemas.extraction import Extraction
from schemas.opinion import Seen
from ticketos.ai.engines.openai import NAME, OpenAiModel
from ticketos.ai.extract import opinion
from ticketos.ai.extract.sandbox import DECIDED_S
from ticketos.ai.redaction import redact
from ticketos.domain import engines
from ticketos.domain.ai_policy import READING
from ticketos.domain.engines import AskLaterError, Call, End, ModelUse
from ticketos.domain.ports import NO_VENDORS, VendorList

Shape = TypeVar("Shape", bound=BaseModel)
_ALL_S = 90.0
"""How long a file's documents are asked about, one after another: a stack scanned as one file must not outlast the step."""


@dataclass(frozen=True)
class Asked(Generic[Shape]):
    """What a governed question came to: the answer with its personal data back in place, or None; ``record`` is what is
    told of it, without content."""

    value: Shape | None
    record: dict[str, Any]


def ask(
    model: OpenAiModel | None,
    use: ModelUse,
    *,
    action: str,
    prompt: str,
    system: str,
    text: str,
    shape: type[Shape],
    most_out: int,
) -> Asked[Shape]:
    """One question. ``text`` is redacted and sent as JSON, so that nothing in it stands beside the instructions. Raises
    ``AskLaterError`` where the model is away for now and the asker is patient."""
    if model is None:
        return Asked(None, _record("no-endpoint", use))
    clean = redact(text)
    user = json.dumps({"document": clean.text}, ensure_ascii=False)
    call = Call(
        action,
        NAME,
        model.model,
        model.endpoint,
        prompt,
        hashlib.sha256(user.encode()).hexdigest(),
        clean.counts,
        model.most(system, user, shape, most_out),
        model.price.currency,
    )
    money = use.purse.reserve(call)
    if money.id is None:
        return Asked(None, _record(money.refused, use, call))
    answer = model.ask(system, user, shape, most_out)
    use.purse.settle(money.id, answer.end)
    if answer.end.outcome in engines.MAY_PASS and use.patient:
        raise AskLaterError(answer.end.outcome, answer.after_s)
    record = _record(answer.end.outcome, use, call, answer.end)
    if answer.value is None:
        return Asked(None, record)
    return Asked(_restored(answer.value, clean.restored), record)


class LocalReader(Protocol):
    """The reader that needs no network."""

    def read(
        self,
        data: bytes,
        filename: str,
        timeout_s: float = ...,
        memory: Sequence[Mapping[str, Any]] = (),
        scorer: Mapping[str, Any] | None = None,
        vendors: VendorList = ...,
    ) -> Sequence[Mapping[str, Any]]: ...


class GovernedReader:
    """The reader port: the local reader, and a model outside where the contract of the paper asks for one."""

    def __init__(
        self, local: LocalReader, model: OpenAiModel | None, reliability: float, now: Callable[[], datetime]
    ) -> None:
        self._local = local
        self._model = model
        self._reliability = reliability
        self._now = now

    def read(
        self,
        data: bytes,
        filename: str,
        timeout_s: float = DECIDED_S,
        memory: Sequence[Mapping[str, Any]] = (),
        scorer: Mapping[str, Any] | None = None,
        vendors: VendorList = NO_VENDORS,
        model: ModelUse | None = None,
    ) -> Sequence[Mapping[str, Any]]:
        """As ``domain.ports.Reader``. A document on which a model was asked, or was to be, has ``opinion``."""
        found = self._local.read(data, filename, timeout_s, memory=memory, scorer=scorer, vendors=vendors)
        if model is None or model.use == engines.LOCAL:
            return found
        today, ends = self._now().date(), monotonic() + _ALL_S
        answers: list[Mapping[str, Any]] = []
        for one in found:
            reading = Extraction.model_validate(one)
            if not opinion.wanted(reading, model.use):
                answers.append(one)
            elif monotonic() > ends:
                late = reading.model_copy(update={"opinion": _record("too-many", model)})
                answers.append(late.model_dump(mode="json"))
            else:
                answers.append(self._with_opinion(reading, model, today))
        return answers

    def _with_opinion(self, reading: Extraction, use: ModelUse, today: date) -> Mapping[str, Any]:
        asked = ask(
            self._model,
            use,
            action=READING,
            prompt=opinion.PROMPT,
            system=opinion.SYSTEM,
            text=opinion.question(reading),
            shape=Seen,
            most_out=opinion.MOST_OUT,
        )
        record = asked.record
        if asked.value is not None:
            reading, weighed = opinion.weighed(reading, asked.value, self._reliability, use.use, today)
            record |= weighed.told()
            reading = reading.model_copy(
                update={
                    "engine": f"{reading.engine}+{record['model']}",
                    "versions": {**reading.versions, "model": record["model"], "prompt": record["prompt"]},
                }
            )
        return reading.model_copy(update={"opinion": record}).model_dump(mode="json")


def _restored(value: Shape, back: Callable[[str], str]) -> Shape:
    """The answer with every text in it put back."""
    return type(value).model_validate(_each(value.model_dump(), back))


def _each(value: Any, back: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return back(value)
    if isinstance(value, Mapping):
        return {name: _each(it, back) for name, it in value.items()}
    return [_each(it, back) for it in value] if isinstance(value, list) else value


def _record(outcome: str, use: ModelUse, call: Call | None = None, end: End | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"outcome": outcome, "use": use.use}
    if outcome in engines.REFUSALS:
        told["words"] = engines.REFUSALS[outcome]
    if call is not None:
        told |= {
            "engine": call.engine,
            "model": call.model,
            "endpoint": call.endpoint,
            "prompt": call.prompt,
            "input": call.input_sha256,
            "redacted": dict(call.redacted),
            "currency": call.currency,
        }
    if end is not None:
        cost = call.most if end.cost is None and call is not None else end.cost
        told |= {"cost": str(cost), "tokens_in": end.tokens_in, "tokens_out": end.tokens_out}
    return told
