"""The one composition root: which implementation stands behind each port."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from activities import quality, rework
from activities.approval import ApprovalActivities, readdress
from activities.assignment import AssignmentActivities
from activities.billing import BillingActivities
from activities.calibration import CalibrationActivities
from activities.closure import ClosureActivities
from activities.contract import ContractActivities
from activities.deadline import DeadlineActivities
from activities.delivery import DeliveryActivities
from activities.following import following
from activities.handling import Completion, HandlingActivities, TaskActivities, classify, release
from activities.intake import IntakeActivities
from activities.invoicing import InvoicingActivities
from activities.learning import LearningActivities
from activities.lines.line import LinePorts, LineWork
from activities.month_end import MonthEndActivities
from activities.quality import QualityActivities
from activities.reconciliation import ReconciliationActivities
from activities.renewal import RenewalActivities
from activities.rework import ReworkActivities
from activities.triage import TriageActivities
from ticketos.ai.engines.openai import OpenAiModel
from ticketos.ai.extract.sandbox import DECIDED_S, SandboxedReader
from ticketos.ai.extract.scoring.learnable import LEARNABLE
from ticketos.ai.extract.taxid import checksum_right
from ticketos.ai.governance import GovernedReader, LocalReader
from ticketos.ai.triage.engine import local_triage
from ticketos.crypto import Keyring
from ticketos.db.audit import AuditTrail
from ticketos.db.ids import new_id
from ticketos.db.objects import ObjectStore
from ticketos.db.repositories.calibration import Calibrations, SqlCalibrationRuns
from ticketos.db.repositories.invoice_runs import SqlInvoiceRuns
from ticketos.db.repositories.invoices import Invoices
from ticketos.db.repositories.learning import SHIPPED, Learning, SqlLearningRuns
from ticketos.db.repositories.ledger_erp import ErpOn, LedgerErp
from ticketos.db.repositories.month_end import SqlMonthEnds
from ticketos.db.repositories.reconciliation import Reconciliations, SqlReconciliationRuns
from ticketos.db.repositories.renewals import SqlRenewalRuns
from ticketos.db.repositories.step import SqlStore
from ticketos.db.session import Database
from ticketos.domain import unreached
from ticketos.domain.engines import Price
from ticketos.domain.ports import NO_VENDORS, Reader, Store, Triage, VendorList
from ticketos.lines import KEYS, LINES, line_of
from ticketos.lines.line import BY_HAND
from ticketos.settings import Settings, master_keys
from workflows import names
from workflows.scheduled.calibration import CalibrationWorkflow
from workflows.scheduled.invoicing import InvoicingWorkflow
from workflows.scheduled.learning import LearningWorkflow
from workflows.scheduled.month_end import MonthEndWorkflow
from workflows.scheduled.reconciliation import ReconciliationWorkflow
from workflows.scheduled.renewal import RenewalWorkflow
from workflows.ticket import TicketWorkflow

BUILT: tuple[str, ...] = ("manual", *(line.key for line in LINES if line.workflow != BY_HAND))
"""Lines with files of their own: ``workflows/lines/<key>.py`` offers ``WORKFLOW``, ``activities/lines/<key>.py``
``work(ports)``."""

WORKFLOWS: tuple[type, ...] = (
    TicketWorkflow,
    *(import_module(f"workflows.lines.{key}").WORKFLOW for key in BUILT),
    InvoicingWorkflow,
    ReconciliationWorkflow,
    MonthEndWorkflow,
    CalibrationWorkflow,
    LearningWorkflow,
    RenewalWorkflow,
)
"""Every workflow a worker serves."""


LEARNABLES = (LEARNABLE, *SHIPPED)
"""Every kind of model that corrections retrain, in that order: what a confidence is worth comes after what is read."""


class SandboxReader:
    """The local reader over the sandboxed processes."""

    def __init__(self, sandbox: SandboxedReader) -> None:
        self._sandbox = sandbox

    def read(
        self,
        data: bytes,
        filename: str,
        timeout_s: float = DECIDED_S,
        memory: Sequence[Mapping[str, Any]] = (),
        scorer: Mapping[str, Any] | None = None,
        vendors: VendorList = NO_VENDORS,
    ) -> Sequence[Mapping[str, Any]]:
        """Fields of each document of a file, or why it was put aside."""
        found = self._sandbox.read_all(
            data, filename, timeout_s, memory=memory, scorer=scorer, vendors=vendors
        )
        return [one.model_dump(mode="json") for one in found]


def model_outside(settings: Settings) -> OpenAiModel | None:
    """The model that contracts may have asked, where the installation names one."""
    if settings.model_url is None:
        return None
    price = Price(settings.model_price_in, settings.model_price_out, settings.model_currency)
    key = settings.model_key.get_secret_value() if settings.model_key else ""
    return OpenAiModel(settings.model_url, settings.model_name or "", key, price, settings.model_timeout_s)


def governed(settings: Settings, local: LocalReader) -> Reader:
    """The reader port: the local reader, with a model outside beside it where a contract asks for one."""
    return GovernedReader(local, model_outside(settings), settings.model_reliability, utc_now)


@dataclass(frozen=True)
class Parts:
    """The pieces of a process that touch the outside."""

    settings: Settings
    keyring: Keyring
    database: Database
    objects: ObjectStore
    audit: AuditTrail
    erp: ErpOn = LedgerErp
    """Where clients' books are kept: what posts, reconciles and closes months asks this one."""


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def parts(settings: Settings, *, app_pool: int = 12) -> Parts:
    """Open keys, database and files of a home."""
    keyring = Keyring(*master_keys(settings))
    database = Database(settings.app_url, settings.system_url, app_pool=app_pool)
    return Parts(
        settings,
        keyring,
        database,
        ObjectStore(keyring, database, settings.objects_url),
        AuditTrail(keyring, new_id),
    )


def warm_up() -> None:
    """Load what the local engines load on first use."""
    local_triage("Please enter the attached invoice.", subject="", attachments=(), sender="")


def store(found: Parts) -> SqlStore:
    """Steps in the database."""
    return SqlStore(found.database, now=utc_now, new_id=new_id, audit=found.audit, erp=found.erp)


def line_work(ports: LinePorts) -> tuple[LineWork, ...]:
    """Each built line's part of the workers."""
    return tuple(import_module(f"activities.lines.{key}").work(ports) for key in BUILT)


def ticket_activities(
    steps: Store, triage: Triage, lines: Sequence[LineWork], sampling_secret: str = ""
) -> Sequence[Callable[..., Any]]:
    """The local activities of tickets: one class per stage, and the lines'. ``sampling_secret`` is the installation's;
    without it samples can be foretold, as tests want it."""
    intake, triaged, contract = (
        IntakeActivities(steps),
        TriageActivities(steps, triage),
        ContractActivities(steps),
    )
    assignment, delivery, judged = (
        AssignmentActivities(steps),
        DeliveryActivities(steps),
        QualityActivities(steps, sampling_secret),
    )
    again, approval, billing = ReworkActivities(steps), ApprovalActivities(steps), BillingActivities(steps)
    closure, deadline, handling = (
        ClosureActivities(steps),
        DeadlineActivities(steps),
        HandlingActivities(steps),
    )
    completions: dict[str, Completion] = {
        "triage": classify,
        "contract": release,
        "qa_review": quality.review,
        "escalation": rework.lead_decides,
        unreached.KIND: readdress,
    }
    for line in lines:
        if taken := completions.keys() & line.completions.keys():
            raise ValueError(f"two meanings for finishing a task of kind {', '.join(sorted(taken))}")
        completions |= line.completions
    tasks = TaskActivities(steps, completions)
    return following(
        (
            intake.enter,
            triaged.enter,
            contract.enter,
            assignment.enter,
            delivery.begin,
            delivery.finish,
            judged.inspect,
            judged.remaining,
            judged.conclude,
            again.begin,
            approval.offer,
            approval.decide,
            approval.lapse,
            billing.record,
            closure.close,
            deadline.tick,
            handling.act,
            handling.attention,
            tasks.complete,
            *(one for line in lines for one in line.local),
        )
    )


def money_activities(found: Parts) -> Sequence[Callable[..., Any]]:
    """Runs of a period: invoicing, reconciliation, month-end, calibration, renewal and learning."""
    closings = MonthEndActivities(SqlMonthEnds(found.database, found.audit, new_id, utc_now, found.erp))
    months = InvoicingActivities(SqlInvoiceRuns(found.database, Invoices(found.audit, new_id), utc_now))
    days = ReconciliationActivities(
        SqlReconciliationRuns(found.database, Reconciliations(found.audit, new_id, found.erp), utc_now)
    )
    weeks = CalibrationActivities(
        SqlCalibrationRuns(found.database, Calibrations(found.audit, new_id), _questions, utc_now)
    )
    learner = Learning(found.audit, new_id, LEARNABLES)
    ends = RenewalActivities(SqlRenewalRuns(found.database, found.audit, new_id, utc_now))
    nights = LearningActivities(SqlLearningRuns(found.database, learner, utc_now))
    return (
        months.due,
        months.run,
        days.due,
        days.run,
        closings.due,
        closings.run,
        weeks.due,
        weeks.run,
        nights.due,
        nights.run,
        ends.due,
        ends.run,
    )


def _questions(line: str | None, doc_type: str) -> Sequence[str]:
    """What a second scoring asks of a document of that line."""
    return line_of(line).required(doc_type) if line in KEYS else ()


def activities_of(
    queue: str, found: Parts, steps: Store, reader: Reader, money: Sequence[Callable[..., Any]] = ()
) -> Sequence[Callable[..., Any]]:
    """What a worker of this queue offers. Local activities belong to the queue of their workflows."""
    lines = line_work(LinePorts(steps, found.objects, reader, checksum_right))
    secret = found.keyring.derive("sampling").hex()
    offered: dict[str, Sequence[Callable[..., Any]]] = {
        names.TICKETS: ticket_activities(steps, local_triage, lines, secret),
        names.DOCUMENTS: tuple(one for line in lines for one in line.documents),
        names.MONEY: money,
    }
    return offered.get(queue, ())
