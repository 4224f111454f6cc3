"""What every worker, replayer and test must share: converter, sandbox, the Temporal client."""

from __future__ import annotations

import dataclasses

from temporalio.client import Client
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from ticketos.crypto import Keyring
from workers.codec import data_converter

PASSED_THROUGH = ("activities", "schemas", "ticketos", "workflows", "pydantic", "pydantic_core", "annotated_types", "typing_inspection",
                  "temporalio")
"""Modules that workflow code shares with the host: types and pure rules, nothing with state of its own."""


def sandbox() -> SandboxedWorkflowRunner:
    """The workflow sandbox, always on."""
    return SandboxedWorkflowRunner(restrictions=dataclasses.replace(
        SandboxRestrictions.default,
        passthrough_modules=SandboxRestrictions.passthrough_modules_default | set(PASSED_THROUGH)))


async def connect(address: str, namespace: str, keyring: Keyring) -> Client:
    """A client whose payloads are encrypted."""
    return await Client.connect(address, namespace=namespace, data_converter=data_converter(keyring), lazy=False)
