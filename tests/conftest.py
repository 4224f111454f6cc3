"""Services every level of tests may ask for; each starts once per run, on first use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import pace
from tests.support.databases import PostgresCluster, running_cluster
from tests.support.shared import Started, shared
from ticketos.dev.database import PostgresUrls
from ticketos.dev.temporal import DevServer, TemporalAddress

# How fast values are drawn says what else the machine does, not whether a rule holds.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")


RUN_FOLDER = "TICKETOS_TEST_RUN"
"""Names the folder of another run, whose services a run inside it may use too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first; the order within a file stays (``pace``)."""
    items.sort(key=lambda item: pace.turn(item.path.as_posix()))


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share."""
    if RUN_FOLDER in os.environ:
        return Path(os.environ[RUN_FOLDER])
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def postgres_cluster(run_folder: Path) -> Iterator[PostgresCluster]:
    """The run's PostgreSQL cluster, without fsync."""
    with running_cluster(run_folder / "postgres") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def database(postgres_cluster: PostgresCluster) -> Iterator[PostgresUrls]:
    """A fresh database per test module, at the newest migration: URLs of owner, app and system role."""
    urls = postgres_cluster.migrated_database()
    yield urls
    postgres_cluster.drop(urls)


@pytest.fixture(scope="session")
def temporal_server(run_folder: Path) -> Iterator[TemporalAddress]:
    """The run's Temporal development server, in memory, without Web UI."""
    folder = run_folder / "temporal"

    def start() -> Started:
        server = DevServer(log=folder / "temporal.log", ui=False)
        return {"grpc": server.start().grpc}, server.stop

    with shared(folder, start) as facts:
        yield TemporalAddress(facts["grpc"], None)
