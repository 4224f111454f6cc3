"""A model behind any address that speaks OpenAI's chat completions: asked once, for an answer of a given form.

Nothing is tried again here: whoever asks has durable retries. The library is loaded with the first question.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from ticketos.domain.engines import End, Price

if TYPE_CHECKING:
    import openai

Shape = TypeVar("Shape", bound=BaseModel)
NAME = "openai"
_PER_MESSAGE = 64
"""Tokens a server may add around a message; a token is at least one byte of text."""
_LONGEST_WAIT_S = 60.0


@dataclass(frozen=True)
class Answer(Generic[Shape]):
    """What came back: the answer in its form, or None and ``end`` says why. ``after_s`` is when to come again."""

    value: Shape | None
    end: End
    after_s: float | None = None


class OpenAiModel:
    """One model at one address."""

    def __init__(
        self, base_url: str, model: str, key: str = "", price: Price | None = None, timeout_s: float = 20.0
    ) -> None:
        self.model = model
        self.endpoint = urlsplit(base_url).netloc.rpartition("@")[2]
        """Host and port: what a record may tell of the address."""
        self.price = price or Price(Decimal(0), Decimal(0), "USD")
        self._base_url, self._key, self._timeout_s = base_url, key, timeout_s

    @cached_property
    def _client(self) -> openai.OpenAI:
        from openai import OpenAI

        return OpenAI(
            base_url=self._base_url, api_key=self._key or "none", timeout=self._timeout_s, max_retries=0
        )

    def most(self, system: str, user: str, shape: type[BaseModel], most_out: int) -> Decimal:
        """The most that a question can cost, in the price's currency."""
        sent = sum(
            len(text.encode()) + _PER_MESSAGE for text in (system, user, str(shape.model_json_schema()))
        )
        return self.price.of(sent, most_out)

    def ask(self, system: str, user: str, shape: type[Shape], most_out: int) -> Answer[Shape]:
        """Ask. Never raises for what the other side does; ``end.outcome`` names it (``domain.engines.REFUSALS``)."""
        import openai

        begun, free = time.monotonic(), Decimal(0)

        def ended(outcome: str, cost: Decimal | None = free, after: float | None = None) -> Answer[Shape]:
            return Answer(None, End(outcome, cost, seconds=_since(begun)), after)

        try:
            said = self._client.chat.completions.parse(
                model=self.model,
                messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
                response_format=shape,
                max_completion_tokens=most_out,
            )
        except openai.APITimeoutError:
            return ended("timeout", None)  # the work may have been done, and be charged
        except openai.APIConnectionError:
            return ended("unreachable")
        except openai.RateLimitError as error:
            return ended("busy", after=_after(error.response.headers))
        except (openai.AuthenticationError, openai.PermissionDeniedError):
            return ended("key-refused")
        except openai.InternalServerError as error:
            return ended("failed", after=_after(error.response.headers))
        except openai.APIStatusError:
            return ended("request-refused")
        except openai.LengthFinishReasonError as error:
            return Answer(None, self._end("cut-short", error.completion.usage, begun))
        except openai.ContentFilterFinishReasonError:
            return ended("filtered", None)
        except (openai.OpenAIError, ValidationError, ValueError, TypeError, AttributeError):
            return ended(
                "unreadable", None
            )  # not of the form asked for, or no answer of this kind of service
        if not said.choices or said.choices[0].message.parsed is None:
            refused = bool(said.choices) and bool(said.choices[0].message.refusal)
            return Answer(None, self._end("filtered" if refused else "unreadable", said.usage, begun))
        return Answer(said.choices[0].message.parsed, self._end("answered", said.usage, begun))

    def _end(self, outcome: str, usage: Any, begun: float) -> End:
        if usage is None:
            return End(outcome, None, seconds=_since(begun))
        came, went = max(int(usage.prompt_tokens or 0), 0), max(int(usage.completion_tokens or 0), 0)
        return End(outcome, self.price.of(came, went), came, went, _since(begun))


def _since(begun: float) -> Decimal:
    return Decimal(str(round(time.monotonic() - begun, 3)))


def _after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After, at most a minute; a date there, or nonsense, says nothing."""
    try:
        return min(max(float(headers.get("retry-after", "")), 0.0), _LONGEST_WAIT_S)
    except ValueError:
        return None
