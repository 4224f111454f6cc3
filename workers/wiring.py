"""The one composition root: which implementation stands behind each port."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from activities import quality, rework
from activities.approval import ApprovalActivities
from activities.assignment import AssignmentActivities
from activities.billing import BillingActivities
from activities.closure import ClosureActivities
from activities.contract import ContractActivities
from activities.deadline import DeadlineActivities
from activities.delivery import DeliveryActivities
from activities.handling import Completion, HandlingActivities, TaskActivities, classify, release
from activities.intake import IntakeActivities
from activities.invoicing import InvoicingActivities
from activities.lines import manual
from activities.lines.data_entry import DataEntryActivities
from activities.lines.manual import ManualActivities
from activities.quality import QualityActivities
from activities.reconciliation import ReconciliationActivities
from activities.rework import ReworkActivities
from activities.triage import TriageActivities
from ticketos.ai.extract.sandbox import SandboxedReader
from ticketos.ai.extract.taxid import checksum_right
from ticketos.ai.triage.engine import local_triage
from ticketos.crypto import Keyring
from ticketos.db.audit import AuditTrail
from ticketos.db.ids import new_id
from ticketos.db.objects import ObjectStore
from ticketos.db.repositories.invoice_runs import SqlInvoiceRuns
from ticketos.db.repositories.invoices import Invoices
from ticketos.db.repositories.reconciliation import Reconciliations, SqlReconciliationRuns
from ticketos.db.repositories.step import SqlStore
from ticketos.db.session import Database
from ticketos.domain.ports import Documents, Reader, Store, Triage
from ticketos.settings import Settings, ensure_master_key
from workflows import names
from workflows.lines.data_entry import DataEntryWorkflow
from workflows.lines.manual import ManualWorkflow
from workflows.scheduled.invoicing import InvoicingWorkflow
from workflows.scheduled.reconciliation import ReconciliationWorkflow
from workflows.ticket import TicketWorkflow

WORKFLOWS: tuple[type, ...] = (TicketWorkflow, DataEntryWorkflow, ManualWorkflow, InvoicingWorkflow, ReconciliationWorkflow)
"""Every workflow a worker serves."""


class SandboxReader:
    """The reader port over the sandboxed processes."""

    def __init__(self, sandbox: SandboxedReader) -> None:
        self._sandbox = sandbox

    def read(self, data: bytes, filename: str, timeout_s: float = 60.0) -> Mapping[str, Any]:
        """Fields of a file, or why it was put aside."""
        return self._sandbox.read(data, filename, timeout_s).model_dump(mode="json")


@dataclass(frozen=True)
class Parts:
    """The pieces of a process that touch the outside."""

    settings: Settings
    keyring: Keyring
    database: Database
    objects: ObjectStore
    audit: AuditTrail


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def parts(settings: Settings, *, app_pool: int = 12) -> Parts:
    """Open keys, database and files of a home."""
    keyring = Keyring(ensure_master_key(settings.home))
    database = Database(settings.app_url, settings.system_url, app_pool=app_pool)
    return Parts(settings, keyring, database, ObjectStore(keyring, database, settings.objects_url), AuditTrail(keyring, new_id))


def store(found: Parts) -> SqlStore:
    """Steps in the database."""
    return SqlStore(found.database, now=utc_now, new_id=new_id, audit=found.audit)


def ticket_activities(steps: Store, triage: Triage, data_entry: DataEntryActivities) -> Sequence[Callable[..., Any]]:
    """The local activities of tickets: one class per stage, and the lines'."""
    intake, triaged, contract = IntakeActivities(steps), TriageActivities(steps, triage), ContractActivities(steps)
    assignment, delivery, judged = AssignmentActivities(steps), DeliveryActivities(steps), QualityActivities(steps)
    again, approval, billing = ReworkActivities(steps), ApprovalActivities(steps), BillingActivities(steps)
    closure, deadline, handling = ClosureActivities(steps), DeadlineActivities(steps), HandlingActivities(steps)
    by_hand = ManualActivities(steps)
    completions: dict[str, Completion] = {
        "triage": classify, "contract": release, "qa_review": quality.review, "escalation": rework.lead_decides,
        "work": manual.done, **data_entry.completions(),
    }
    tasks = TaskActivities(steps, completions)
    return (
        intake.enter, triaged.enter, contract.enter, assignment.enter, delivery.begin, delivery.finish,
        judged.inspect, judged.remaining, judged.conclude, again.begin, approval.offer, approval.decide, approval.lapse,
        billing.record, closure.close, deadline.tick, handling.act, handling.attention, tasks.complete,
        data_entry.plan, data_entry.rework, data_entry.post, by_hand.open,
    )


def money_activities(found: Parts) -> Sequence[Callable[..., Any]]:
    """Runs of a period: invoicing and reconciliation."""
    months = InvoicingActivities(SqlInvoiceRuns(found.database, Invoices(found.audit, new_id), utc_now))
    days = ReconciliationActivities(SqlReconciliationRuns(found.database, Reconciliations(found.audit, new_id), utc_now))
    return (months.due, months.run, days.due, days.run)


def activities_of(queue: str, steps: Store, documents: Documents, reader: Reader,
                  money: Sequence[Callable[..., Any]] = ()) -> Sequence[Callable[..., Any]]:
    """What a worker of this queue offers. Local activities belong to the queue of their workflows."""
    data_entry = DataEntryActivities(steps, documents, reader, checksum_right)
    offered: dict[str, Sequence[Callable[..., Any]]] = {
        names.TICKETS: ticket_activities(steps, local_triage, data_entry),
        names.DOCUMENTS: (data_entry.read,),
        names.MONEY: money,
    }
    return offered.get(queue, ())
