"""What every worker, replayer and test must share: the workflow sandbox."""

from __future__ import annotations

import dataclasses
from typing import Any

from temporalio.api.enums.v1 import CommandType
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import (
    SerializationContext,
    StorageDriverStoreContext,
    WorkflowSerializationContext,
)
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import Info

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
    return _Runner(
        restrictions=dataclasses.replace(
            SandboxRestrictions.default,
            passthrough_modules=SandboxRestrictions.passthrough_modules_default | set(PASSED_THROUGH),
        )
    )


class _Runner(SandboxedWorkflowRunner):
    """The SDK's sandbox; only what it is asked about payloads is answered outside of it."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Instance(super().create_instance(det))


class _Instance(WorkflowInstance):
    """A workflow in its sandbox. For each payload the SDK asks the workflow what it is for, and each question is
    compiled and run inside the sandbox: a tenth of a worker's time. Our codec looks at the workflow's id alone
    (`ticketos.payloads`), and values are never stored outside of Temporal, so most answers are known here."""

    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner
        info = inner.get_info()
        self._own = WorkflowSerializationContext(namespace=info.namespace, workflow_id=info.workflow_id)

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        return self._inner.activate(act)

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        if (
            command_info is None
            or command_info.command_type == CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK
        ):
            return self._own
        return self._inner.get_serialization_context(command_info)  # a child's or another workflow's

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()
