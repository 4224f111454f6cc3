"""AG3, AG5: which engine stands behind an action of AI under a contract, and what a model outside may cost.

``local`` does the work with no key and no network. A model outside, reached at an address that the installation names,
may be asked for a ``second opinion`` where the local engine is unsure, or ``take over``. Each call is agreed by the
contract, paid out of its cap of the month, and kept. Where a model may not be asked, or does not answer, the local
engine's word stands; where it was to take over, a person looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal
from typing import Any, Literal, Protocol, get_args
from uuid import UUID

from ticketos.domain.ai_policy import READING
from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money, exact_decimal

Use = Literal["local", "second opinion", "takes over"]
LOCAL: Use = "local"
SECOND: Use = "second opinion"
TAKES_OVER: Use = "takes over"
USES: tuple[Use, ...] = get_args(Use)
ENGINES: Mapping[str, tuple[Use, ...]] = {READING: USES}
"""The actions that a model outside may serve."""

REFUSALS: Mapping[str, str] = {
    "no-endpoint": "no model is set up here",
    "no-cap": "the contract has no spending cap in the currency the model is paid in",
    "over-cap": "the contract's spending cap of this month is used up",
    "too-many": "the file holds more documents than a model is asked about at once",
    "unreachable": "the model could not be reached",
    "timeout": "the model did not answer in time",
    "busy": "the model turned the question away for now",
    "key-refused": "the model did not accept this installation's key",
    "request-refused": "the model did not accept the question",
    "failed": "the model failed",
    "filtered": "the model declined to answer",
    "cut-short": "the model's answer was cut short",
    "unreadable": "the model's answer was not in the form asked for",
}
"""Why no answer came, in words."""
MAY_PASS = frozenset({"unreachable", "timeout", "busy", "failed"})
"""What may be over the next time."""

_MILLION = 1_000_000
_SMALLEST = Decimal("0.000001")


@dataclass(frozen=True)
class Price:
    """What a model costs per million tokens, read and written, in one currency."""

    incoming: Decimal
    outgoing: Decimal
    currency: str

    def of(self, tokens_in: int, tokens_out: int) -> Decimal:
        """The cost of so many tokens, rounded up to a millionth: a cap must hold."""
        exact = (self.incoming * tokens_in + self.outgoing * tokens_out) / _MILLION
        return exact.quantize(_SMALLEST, rounding=ROUND_UP)


@dataclass(frozen=True)
class Call:
    """One question to a model outside, before it is asked. ``most`` is what it can cost at the very most."""

    action: str
    engine: str
    model: str
    endpoint: str
    prompt: str
    """Version of the instructions and the form of the answer."""
    input_sha256: str
    """Of what is sent, after redaction."""
    redacted: Mapping[str, int]
    """How many personal data of each kind were taken out."""
    most: Decimal
    currency: str


@dataclass(frozen=True)
class End:
    """How a call ended: ``answered``, or a name of ``REFUSALS``. ``cost`` None: nobody knows, the most it can be counts."""

    outcome: str
    cost: Decimal | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: Decimal = Decimal(0)


@dataclass(frozen=True)
class Reserved:
    """The money for a call is set aside, or ``refused`` says why not."""

    id: UUID | None
    refused: str = ""


class Purse(Protocol):
    """Sets money aside before a call, and keeps what it came to. One contract's, for one paper."""

    def reserve(self, call: Call) -> Reserved: ...
    def settle(self, reserved: UUID, end: End) -> None: ...


@dataclass(frozen=True)
class ModelUse:
    """What a contract lets a model do about one paper. ``patient``: the asker comes again if the model says later."""

    use: Use
    purse: Purse
    patient: bool = False


@dataclass(frozen=True)
class EngineTerms:
    """``ai.engines`` and ``ai.spend_cap`` of a contract."""

    uses: Mapping[str, Use] = field(default_factory=dict)
    """The actions that a model outside serves."""
    cap: Mapping[str, Decimal] = field(default_factory=dict)
    """By currency, for a calendar month of the client."""

    def use(self, action: str) -> Use:
        """Which engine serves the action."""
        return self.uses.get(action, LOCAL)


class AskLaterError(ConnectionError):
    """The model cannot answer now and may be asked again, after ``after_s`` seconds where it said so."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(REFUSALS.get(reason, reason))
        self.reason = reason
        self.after_s = after_s


def terms_from(engines: Any, cap: Any) -> EngineTerms:
    """Read ``ai.engines`` and ``ai.spend_cap``. Raises ``ValueError`` in words."""
    if engines is not None and not isinstance(engines, Mapping):
        raise ValueError("engines is an object with an engine for each action")
    uses: dict[str, Use] = {}
    for action, use in (engines or {}).items():
        allowed = ENGINES.get(str(action))
        if allowed is None:
            raise ValueError(f"engines knows {', '.join(ENGINES)}, not {str(action)[:40]}")
        if use not in allowed:
            either = " or ".join(f"“{one}”" for one in allowed)
            raise ValueError(f"engines: {action} may be {either}, not {str(use)[:40]}")
        if use != LOCAL:
            uses[str(action)] = use
    if cap is not None and not isinstance(cap, Mapping):
        raise ValueError("spend_cap is an object with an amount for each currency")
    return EngineTerms(
        uses, {str(currency): _amount(str(currency), it) for currency, it in (cap or {}).items()}
    )


def check(terms: EngineTerms) -> None:
    """What can be read and still not be agreed. Raises ``ValueError`` in words."""
    for currency in terms.cap:
        try:
            Money.zero(currency)
        except DomainError as error:
            raise ValueError(f"spend_cap knows no currency {currency[:20]}") from error
    if terms.uses and not terms.cap:
        raise ValueError(
            f"engines: a model outside for {', '.join(sorted(terms.uses))} needs a spend_cap of the month"
        )


def may_spend(terms: EngineTerms, call: Call, spent: Decimal) -> str:
    """Why a call may not be made (a name of ``REFUSALS``), empty where it may: what was spent and set aside this month
    with the most it can cost must stay within the cap. A model that costs nothing needs none."""
    if not call.most:
        return ""
    if call.currency not in terms.cap:
        return "no-cap"
    return "over-cap" if spent + call.most > terms.cap[call.currency] else ""


def _amount(currency: str, value: object) -> Decimal:
    try:
        amount = exact_decimal(value)
    except DomainError as error:
        raise ValueError(
            f"spend_cap of {currency[:20]} must be a decimal in quotes or a whole number"
        ) from error
    if amount < 0:
        raise ValueError(f"spend_cap of {currency[:20]} must not be negative")
    return amount
