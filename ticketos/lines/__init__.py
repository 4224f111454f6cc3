"""The service lines the company sells. One line of work, one folder, one entry in ``LINES``.

Triage choices, intake forms, skills and quality checks read this registry; nothing else asks which line it is.
"""

from __future__ import annotations

from ticketos.lines.data_entry import LINE as DATA_ENTRY
from ticketos.lines.line import ServiceLine

LINES: tuple[ServiceLine, ...] = (
    DATA_ENTRY,
    ServiceLine("customer_support", "Call centre and customer support", "customer_support", contact=True),
    ServiceLine("finance_accounting", "Finance and accounting", "finance_accounting"),
    ServiceLine("hr_recruitment", "HR and recruitment", "hr_recruitment"),
    ServiceLine("it_helpdesk", "IT helpdesk", "it_helpdesk", contact=True),
    ServiceLine("reporting_analytics", "Reporting and analytics", "reporting_analytics"),
)

KEYS: tuple[str, ...] = tuple(line.key for line in LINES)


def line_of(key: str) -> ServiceLine:
    """The line of that key; raises ``KeyError`` for one that is not registered."""
    for line in LINES:
        if line.key == key:
            return line
    raise KeyError(key)
