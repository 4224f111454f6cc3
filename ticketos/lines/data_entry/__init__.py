"""SL1 Data entry: documents become checked, coded and posted records."""

from __future__ import annotations

from ticketos.lines.data_entry import checking, coding, flow, rules
from ticketos.lines.line import ServiceLine

LINE = ServiceLine(
    key="data_entry",
    title="Data entry",
    skill=flow.SKILL,
    workflow="DataEntry",
    unit="document",
    document_types=checking.KNOWN_TYPES,
    reads_documents=True,
    level_one=checking.level_one,
    required=rules.required_fields,
    withdraw=coding.withdraw,
)
