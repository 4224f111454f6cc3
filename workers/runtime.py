"""What every worker, replayer and test must share: the workflow sandbox."""

from __future__ import annotations

import dataclasses

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PASSED_THROUGH = (
    "activities",
    "schemas",
    "ticketos",
    "workflows",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "typing_inspection",
    "temporalio",
)
"""Modules that workflow code shares with the host: types and pure rules, nothing with state of its own."""


def sandbox() -> SandboxedWorkflowRunner:
    """The workflow sandbox, always on."""
    return SandboxedWorkflowRunner(
        restrictions=dataclasses.replace(
            SandboxRestrictions.default,
            passthrough_modules=SandboxRestrictions.passthrough_modules_default | set(PASSED_THROUGH),
        )
    )
