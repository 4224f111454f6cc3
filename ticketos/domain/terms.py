"""What a contract says, as values a rule can use. Durations are seconds, so that a contract may be short.

Defaults are those of control points CP1, CP2 and CP13; a contract changes any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ticketos.domain import ai_policy, engines
from ticketos.domain.ai_policy import Escalation, Mode
from ticketos.domain.book_months import ASK, RULES
from ticketos.domain.calendar import WorkCalendar
from ticketos.domain.clock import ClockPolicy
from ticketos.domain.engines import EngineTerms
from ticketos.domain.errors import DomainError
from ticketos.domain.money import exact_decimal

HOUR = 3600
DAY = 24 * HOUR
PRIORITIES = ("P1", "P2", "P3", "P4")


STAGE_S: Mapping[str, int] = {
    "intake": HOUR,
    "triage": HOUR,
    "contract": 4 * HOUR,
    "assignment": HOUR,
    "delivery": 12 * HOUR,
    "quality": 4 * HOUR,
    "rework": 4 * HOUR,
    "approval": 2 * DAY,
    "billing": HOUR,
    "closure": HOUR,
}
"""Default targets of the stages (MF16) †, in seconds of the contract's calendar: a contract changes any, or switches it
off with null. Delivery has half of the standard turnaround, so that its desk hears before the client's promise is
near; the stages that end by themselves have an hour, after which something stands still."""


@dataclass(frozen=True)
class SlaTerms:
    """Targets in seconds of the contract's calendar (CP1, CP2)."""

    first_response_s: Mapping[str, int] = field(
        default_factory=lambda: {"P1": 4 * HOUR, "P2": DAY, "P3": DAY, "P4": DAY}
    )
    turnaround_s: Mapping[str, int] = field(default_factory=lambda: {"standard": DAY, "priority": 4 * HOUR})
    warn_percent: tuple[int, ...] = (50, 75, 90)
    ladder_s: tuple[int, ...] = (0, 2 * HOUR, 8 * HOUR)
    pause_max_s: int = 30 * DAY
    password_days: int = 2
    """How many business days a request waits for the password of a protected document before it goes on without;
    0: nobody is asked."""
    password_s: int | None = None
    """The same in working seconds, where a contract says so."""
    stage_s: Mapping[str, int] = field(default_factory=lambda: dict(STAGE_S))
    """Internal targets by stage (MF16): the owning desk is told when a stage takes longer. A stage that is not named here
    has none."""

    def policy(self) -> ClockPolicy:
        """When to warn and when to climb the ladder."""
        return ClockPolicy(warn_percent=self.warn_percent, ladder_s=self.ladder_s)

    def password_until(self, calendar: WorkCalendar, now: datetime) -> datetime | None:
        """Until when a password is waited for that is asked now; None: nobody is asked."""
        allowed = self.password_days if self.password_s is None else self.password_s
        return _after(calendar, now, self.password_days, self.password_s) if allowed else None

    priority_class_for: tuple[str, ...] = ()
    """Ticket priorities whose documents are of the priority class too (CP2, ADR 0014)."""
    priority_types: tuple[str, ...] = ()
    """Types of document that are of the priority class."""
    priority_senders: tuple[str, ...] = ()
    """Addresses or domains whose documents are of the priority class."""


@dataclass(frozen=True)
class QaTerms:
    """Two-level quality: share drawn for level 2, and the accuracy promised (CP3)."""

    sample_rate: Decimal = Decimal("0.15")
    accuracy_target: Decimal = Decimal("0.998")
    seed: str = ""


@dataclass(frozen=True)
class AiTerms:
    """What AI may do (AG1): a mode for each of its actions, how sure it must be where it acts, what makes it ask a
    person all the same, and who answers for it."""

    modes: Mapping[str, Mode] = field(default_factory=lambda: dict(ai_policy.DEFAULTS))
    triage_threshold: Decimal = Decimal("0.70")
    field_threshold: Decimal = Decimal("0.90")
    coding_threshold: Decimal = Decimal("0.80")
    field_thresholds: Mapping[str, Decimal] = field(default_factory=dict)
    """By field, in place of `field_threshold`."""
    escalate: Escalation = field(default_factory=Escalation)
    engines: EngineTerms = field(default_factory=EngineTerms)
    """Which engine serves an action, and what a model outside may cost (AG3, AG5)."""
    accountable: str = ""

    def passes_from(self, name: str) -> Decimal:
        """The confidence from which a field may pass."""
        return self.field_thresholds.get(name, self.field_threshold)

    def mode(self, action: str) -> Mode:
        """What an answer of AI counts for in this action (``ai_policy.ALLOWED``)."""
        return self.modes.get(action, ai_policy.DEFAULTS[action])


@dataclass(frozen=True)
class ApprovalTerms:
    """Client sign-off: asked or not, and after how many business days of the contract's calendar silence is acceptance;
    ``deemed_s`` says it in working seconds instead, where a contract does."""

    required: bool = True
    deemed_days: int = 5
    deemed_s: int | None = None

    def deemed_at(self, calendar: WorkCalendar, now: datetime) -> datetime:
        """When what is offered now counts as accepted."""
        return _after(calendar, now, self.deemed_days, self.deemed_s)


@dataclass(frozen=True)
class ReworkTerms:
    """How often an item may come back before a lead decides, and what an hour of it costs (None: nobody said)."""

    max_rounds: int = 2
    hourly_rate: Decimal | None = None
    currency: str = ""
    """Of the hourly rate; empty: the currency of the price."""


@dataclass(frozen=True)
class ScopeTerms:
    """What the client bought; empty means everything of the line."""

    document_types: tuple[str, ...] = ()
    monthly_volume: int | None = None


@dataclass(frozen=True)
class PricingTerms:
    """How accepted units become money: a pricing kind of ``domain.pricing`` and its data."""

    kind: str = "flat"
    data: Mapping[str, Any] = field(default_factory=dict)
    currency: str = "INR"
    sac: str = "998599"
    tax_rate: Decimal = Decimal("18")
    fee_percent: Decimal = Decimal("20")
    due_days: int = 30


@dataclass(frozen=True)
class SurveyTerms:
    """Whether to ask, and for how many days the same person is then left alone."""

    ask: bool = True
    quiet_days: int = 7


@dataclass(frozen=True)
class ClosureTerms:
    """What follows the end of a ticket, and of the contract: for how many days a finished request may be reopened (CP13),
    and how many days before the contract's end a recommendation is made (MF10)."""

    reopen_days: int = 7
    renewal_days: int = 60


@dataclass(frozen=True)
class DisputeTerms:
    """What a client may dispute of an invoice: for how many days after its issue (0: not at all), and in how many business
    days finance owes an answer †."""

    within_days: int = 30
    answer_days: int = 5


@dataclass(frozen=True)
class ExpertTerms:
    """Documents that only a subject expert may key: of these types, or of more than ``amount`` in ``currency``."""

    document_types: tuple[str, ...] = ()
    amount: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True)
class AssignmentTerms:
    """Queues (skills) whose tasks are offered, and for how many seconds to one person; all others give by themselves.
    What is an expert's work beside a second round of rework."""

    offers: Mapping[str, int] = field(default_factory=dict)
    expert: ExpertTerms = field(default_factory=ExpertTerms)


@dataclass(frozen=True)
class PostingTerms:
    """What becomes of a document dated into a shut month of the client's book: ``person`` (finance decides), or
    ``first_open_day`` (booked on it, with its own date kept beside)."""

    closed_period: str = ASK


@dataclass(frozen=True)
class Terms:
    """Everything of a contract that a rule reads."""

    sla: SlaTerms = field(default_factory=SlaTerms)
    qa: QaTerms = field(default_factory=QaTerms)
    ai: AiTerms = field(default_factory=AiTerms)
    approval: ApprovalTerms = field(default_factory=ApprovalTerms)
    rework: ReworkTerms = field(default_factory=ReworkTerms)
    scope: ScopeTerms = field(default_factory=ScopeTerms)
    pricing: PricingTerms = field(default_factory=PricingTerms)
    survey: SurveyTerms = field(default_factory=SurveyTerms)
    assignment: AssignmentTerms = field(default_factory=AssignmentTerms)
    posting: PostingTerms = field(default_factory=PostingTerms)
    closure: ClosureTerms = field(default_factory=ClosureTerms)
    disputes: DisputeTerms = field(default_factory=DisputeTerms)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Terms:
        """Read stored terms; unknown keys are ignored, absent ones take the defaults.

        Raises ``DomainError("terms-invalid")`` naming the section that cannot be read.
        """
        return Terms(
            sla=_section("sla", data, _sla),
            qa=_section("qa", data, _qa),
            ai=_section("ai", data, _ai),
            approval=_section("approval", data, _approval),
            rework=_section("rework", data, _rework),
            scope=_section("scope", data, _scope),
            pricing=_section("pricing", data, _pricing),
            survey=_section("survey", data, _survey),
            assignment=_section("assignment", data, _assignment),
            posting=_section("posting", data, _posting),
            closure=_section("closure", data, _closure),
            disputes=_section("disputes", data, _disputes),
        )


def _after(calendar: WorkCalendar, now: datetime, days: int, seconds: int | None) -> datetime:
    """So many business days on, or so many working seconds where those are given."""
    return calendar.add_business_days(now, days) if seconds is None else calendar.add_working(now, seconds)


def _section(name: str, data: Mapping[str, Any], read: Any) -> Any:
    try:
        return read(data.get(name) or {})
    except (TypeError, ValueError, ArithmeticError, KeyError, AttributeError) as error:
        raise DomainError("terms-invalid", section=name, cause=str(error)) from error


def _seconds(value: Any) -> int:
    number = int(value)
    if number < 0:
        raise ValueError("negative duration")
    return number


def _maybe(value: Any) -> int | None:
    return None if value is None else _seconds(value)


def _rate(value: Any, low: str = "0", high: str = "1") -> Decimal:
    if isinstance(value, float):
        value = str(value)
    number = Decimal(value)
    if not Decimal(low) <= number <= Decimal(high):
        raise ValueError(f"{number} is outside {low}..{high}")
    return number


def _sla(data: Mapping[str, Any]) -> SlaTerms:
    base = SlaTerms()
    first = {
        **base.first_response_s,
        **{k: _seconds(v) for k, v in (data.get("first_response_s") or {}).items()},
    }
    turn = {**base.turnaround_s, **{k: _seconds(v) for k, v in (data.get("turnaround_s") or {}).items()}}
    return SlaTerms(
        first_response_s=first,
        turnaround_s=turn,
        warn_percent=tuple(int(p) for p in data.get("warn_percent", base.warn_percent)),
        ladder_s=tuple(_seconds(s) for s in data.get("ladder_s", base.ladder_s)),
        pause_max_s=_seconds(data.get("pause_max_s", base.pause_max_s)),
        password_days=_seconds(data.get("password_days", base.password_days)),
        password_s=_maybe(data.get("password_s")),
        priority_class_for=_names(data.get("priority_class_for") or ()),
        priority_types=_names(data.get("priority_types") or ()),
        priority_senders=tuple(one.strip().lower() for one in _names(data.get("priority_senders") or ())),
        stage_s=_stages(data.get("stage_s") or {}),
    )


def _stages(stated: Mapping[str, Any]) -> dict[str, int]:
    """The defaults with what a contract states; null switches a stage's target off."""
    targets = {**STAGE_S, **{str(name): _maybe(seconds) for name, seconds in stated.items()}}
    return {name: seconds for name, seconds in targets.items() if seconds is not None}


def _qa(data: Mapping[str, Any]) -> QaTerms:
    base = QaTerms()
    return QaTerms(
        sample_rate=_rate(data.get("sample_rate", base.sample_rate)),
        accuracy_target=_rate(data.get("accuracy_target", base.accuracy_target)),
        seed=str(data.get("seed", base.seed)),
    )


def _by_field(data: Mapping[str, Any]) -> dict[str, Decimal]:
    if not isinstance(data, Mapping):
        raise ValueError("field_thresholds names a confidence by field")
    if unknown := sorted(set(map(str, data)) - ai_policy.FIELDS):
        raise ValueError(f"field_thresholds knows no field {unknown[0][:40]}")
    return {name: _rate(value) for name, value in data.items()}


def _ai(data: Mapping[str, Any]) -> AiTerms:
    base = AiTerms()
    return AiTerms(
        modes=ai_policy.modes_from(data.get("modes"), data.get("straight_through")),
        triage_threshold=_rate(data.get("triage_threshold", base.triage_threshold)),
        field_threshold=_rate(data.get("field_threshold", base.field_threshold)),
        coding_threshold=_rate(data.get("coding_threshold", base.coding_threshold)),
        field_thresholds=_by_field(data.get("field_thresholds") or {}),
        escalate=ai_policy.escalation_from(data.get("escalate")),
        engines=engines.terms_from(data.get("engines"), data.get("spend_cap")),
        accountable=str(data.get("accountable") or "").strip(),
    )


def _approval(data: Mapping[str, Any]) -> ApprovalTerms:
    base = ApprovalTerms()
    return ApprovalTerms(
        required=bool(data.get("required", base.required)),
        deemed_days=_seconds(data.get("deemed_days", base.deemed_days)),
        deemed_s=_maybe(data.get("deemed_s")),
    )


def _rework(data: Mapping[str, Any]) -> ReworkTerms:
    rate = data.get("hourly_rate")
    return ReworkTerms(
        max_rounds=_seconds(data.get("max_rounds", ReworkTerms().max_rounds)),
        hourly_rate=None if rate is None else _amount(rate),
        currency=str(data.get("currency") or ""),
    )


def _scope(data: Mapping[str, Any]) -> ScopeTerms:
    volume = data.get("monthly_volume")
    return ScopeTerms(
        document_types=tuple(data.get("document_types", ())),
        monthly_volume=None if volume is None else _seconds(volume),
    )


def _pricing(data: Mapping[str, Any]) -> PricingTerms:
    base = PricingTerms()
    return PricingTerms(
        kind=str(data.get("kind", base.kind)),
        data=dict(data.get("data", {})),
        currency=str(data.get("currency", base.currency)),
        sac=str(data.get("sac", base.sac)),
        tax_rate=_rate(data.get("tax_rate", base.tax_rate), "0", "100"),
        fee_percent=_rate(data.get("fee_percent", base.fee_percent), "0", "100"),
        due_days=_seconds(data.get("due_days", base.due_days)),
    )


def _survey(data: Mapping[str, Any]) -> SurveyTerms:
    base = SurveyTerms()
    return SurveyTerms(
        ask=bool(data.get("ask", base.ask)), quiet_days=_seconds(data.get("quiet_days", base.quiet_days))
    )


def _closure(data: Mapping[str, Any]) -> ClosureTerms:
    base = ClosureTerms()
    return ClosureTerms(
        reopen_days=_seconds(data.get("reopen_days", base.reopen_days)),
        renewal_days=_seconds(data.get("renewal_days", base.renewal_days)),
    )


def _disputes(data: Mapping[str, Any]) -> DisputeTerms:
    base = DisputeTerms()
    return DisputeTerms(
        within_days=_seconds(data.get("within_days", base.within_days)),
        answer_days=_seconds(data.get("answer_days", base.answer_days)),
    )


def _assignment(data: Mapping[str, Any]) -> AssignmentTerms:
    return AssignmentTerms(
        {str(skill): _seconds(wait) for skill, wait in (data.get("offers") or {}).items()},
        _expert(data.get("expert") or {}),
    )


def _expert(data: Mapping[str, Any]) -> ExpertTerms:
    amount = data.get("amount")
    return ExpertTerms(
        document_types=_names(data.get("document_types") or ()),
        amount=None if amount is None else _amount(amount),
        currency=str(data.get("currency") or ""),
    )


def _amount(value: Any) -> Decimal:
    try:
        return exact_decimal(value)
    except DomainError as error:
        raise ValueError(str(error)) from error


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):  # else its letters would be taken for names
        raise TypeError("a list of names is needed")
    return tuple(str(one) for one in value)


def _posting(data: Mapping[str, Any]) -> PostingTerms:
    rule = str(data.get("closed_period", ASK))
    if rule not in RULES:
        raise ValueError(f"closed_period {rule} is none of {', '.join(RULES)}")
    return PostingTerms(rule)
