"""The development Temporal server: our search attributes and retention, and a file that keeps its state."""

from __future__ import annotations

import os
import urllib.request
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from ticketos.dev import tools
from ticketos.dev.temporal import NAMESPACE, RETENTION_DAYS, SEARCH_ATTRIBUTES, DevServer, TemporalAddress


async def facts(address: str) -> tuple[int, set[str]]:
    """Retention in days and the names of the search attributes."""
    client = await Client.connect(address)
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=NAMESPACE)
    )
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=NAMESPACE)
    )
    return described.config.workflow_execution_retention_ttl.ToTimedelta().days, set(listed.custom_attributes)


async def test_the_server_has_our_search_attributes_and_thirty_days_of_retention(
    temporal_server: TemporalAddress,
) -> None:
    days, names = await facts(temporal_server.grpc)
    assert days == RETENTION_DAYS
    assert set(SEARCH_ATTRIBUTES) <= names


async def test_a_server_with_a_file_keeps_its_history_and_settings(tmp_path: Path) -> None:
    def server() -> DevServer:
        return DevServer(log=tmp_path / "log", db_file=tmp_path / "temporal" / "temporal.db", ui=False)

    with server() as address:
        client = await Client.connect(address.grpc)
        await client.start_workflow("Nothing", id="kept", task_queue="nobody")
    with server() as address:
        client = await Client.connect(address.grpc)
        assert (await client.get_workflow_handle("kept").describe()).id == "kept"
        assert (await facts(address.grpc))[0] == RETENTION_DAYS


def test_the_web_ui_answers_and_knows_the_codec_endpoint(tmp_path: Path) -> None:
    codec = "http://localhost:9/secret-path"
    with DevServer(log=tmp_path / "log", codec_endpoint=codec) as address:
        assert address.ui_url is not None
        with urllib.request.urlopen(f"{address.ui_url}/api/v1/settings", timeout=10) as answer:
            assert codec in answer.read().decode()


def test_a_temporal_on_the_path_that_is_too_old_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "temporal"
    program.write_text('#!/bin/sh\necho "temporal version 9 (Server 1.29.0, UI 2)"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert tools.known_temporal() == program
    program.write_text('#!/bin/sh\necho "temporal version 9 (Server 1.20.0, UI 2)"\n')
    assert tools.known_temporal() != program
