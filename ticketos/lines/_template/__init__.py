"""Copy this folder and say here what the line is; ``docs/adding-a-line.md`` goes through it step by step."""

from __future__ import annotations

from ticketos.lines._template import rules
from ticketos.lines.line import ServiceLine

LINE = ServiceLine(
    key="template",  # name of the folder and of the two files; stands in tickets and contracts
    title="Work that a person confirms",  # what people read
    skill="template",  # what an agent needs to be given its tasks
    workflow="Template",  # Temporal name of the workflow in workflows/lines/<key>.py; never changes once used
    unit="document",  # what is counted for money
    reads_documents=True,  # attachments are units of the work
    level_one=rules.level_one,  # the automatic check of each finished unit
    required=rules.required,  # fields that the second person's check counts
    words={},  # ticket type → (weight, pattern): how the local triage engine recognises the line
)
