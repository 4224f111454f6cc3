"""The full Temporal server on the system's PostgreSQL: serves, survives a kill, keeps what was started."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from temporalio.client import Client

from ticketos.dev.postgres import system_binaries
from ticketos.dev.processes import StackError
from ticketos.dev.temporal import NAMESPACE
from ticketos.dev.temporal_full import FullServer
from ticketos.dev.tools import TEMPORAL_SERVER, TEMPORAL_SQL


def missing() -> str:
    from ticketos.dev.machine import tool_cache

    try:
        system_binaries()
    except StackError as error:
        return str(error)
    built = all((tool_cache() / tool.name).exists() for tool in (TEMPORAL_SERVER, TEMPORAL_SQL))
    return "" if built else "the full server is built by the first benchmark, not by the tests"


@pytest.mark.skipif(bool(missing()), reason=missing() or "present")
async def test_a_workflow_survives_the_kill_of_the_server(tmp_path: Path) -> None:
    server = FullServer(tmp_path / "full")
    try:
        client = await Client.connect(server.start().grpc, namespace=NAMESPACE)
        await client.start_workflow("Nothing", id="kept", task_queue="nobody")
        server.kill_server()
        client = await Client.connect(server.start_server().grpc, namespace=NAMESPACE)
        assert (await client.get_workflow_handle("kept").describe()).id == "kept"
    finally:
        server.stop()
    assert not (tmp_path / "full" / "postgres").exists()
    shutil.rmtree(tmp_path / "full")
