"""The whole OpenAPI document, answered as it says: made-up requests by several people, on a real database.

``TICKETOS_FUZZ_REQUESTS`` sets how many requests are sent; every figure beyond the default explores anew.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, Response
from schemathesis.checks import CheckFunction
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.api import Person, World, world_on
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls

DEFAULT_REQUESTS = 1_000
LONGEST_S = 60.0
"""The wait for an answer, on a machine that has other things to do as well."""
REQUESTS = int(os.environ.get("TICKETOS_FUZZ_REQUESTS", DEFAULT_REQUESTS))
CHECKS: tuple[CheckFunction, ...] = (
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with world_on(database, folder) as made:
        yield made


@dataclass
class Callers:
    """Who sends: headers by name. Sessions end by the fuzzer's own sign-outs, so each is renewed when it has."""

    world: World
    people: Mapping[str, Person] = field(init=False)
    headers: dict[str, dict[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        world = self.world
        self.people = {
            "admin": world.person(world.provider, ("admin", None), ("ops", None), ("finance", None)),
            "agent": world.person(
                world.provider, ("agent", world.acme), ("lead", world.acme), skills=["data_entry"]
            ),
            "client": world.person(world.acme, ("client_admin", world.acme)),
        }
        self.headers = {name: person.headers for name, person in self.people.items()}
        self.headers["nobody"] = {}

    def renewed(self, name: str) -> None:
        """Sign in again: a fuzzer finds the way out sooner or later, or takes its own rights away."""
        fresh = Callers(self.world)
        self.headers[name] = fresh.headers[name]


def rows_of(world: World) -> dict[str, list[str]]:
    """Rows that exist, by the name of the path parameter that holds their id; the fuzzer alone would find none."""
    open_one, done = world.ticket(world.acme), world.ticket(world.acme, state="closed", stage="closure")
    stuck = world.ticket(world.acme, state="needs_attention", attention_workflow=f"ticket/{open_one}")
    foreign = world.ticket(world.beta)
    tasks = [
        world.task(world.acme, open_one, skill="data_entry"),
        world.task(world.acme, open_one, kind="qa_review", skill="qa"),
    ]
    documents = [world.document(world.acme, open_one), world.document(world.beta, foreign)]
    world.approval(world.acme, open_one)
    user = world.person(world.acme, ("client_user", world.acme))
    vendor, rule, account = new_id(), new_id(), new_id()
    about = {
        "id": vendor,
        "client_id": world.acme,
        "vendor_key": "bright paper",
        "updated_at": datetime.now(UTC),
    }
    world._insert("vendor", world.acme, {**about, "code": "V-001", "name": "Bright Paper"})
    world._insert(
        "coding_rule",
        world.acme,
        {"id": rule, "client_id": world.acme, "pattern": "toner", "account": "6815"},
    )
    listed = {"id": account, "client_id": world.acme, "code": "6815", "name": "Office supplies"}
    world._insert("ledger_account", world.acme, {**listed, "kind": "expense"})
    return {
        "account_id": [str(account)],
        "vendor_id": [str(vendor)],
        "rule_id": [str(rule)],
        "ticket_id": [str(i) for i in (open_one, done, stuck, foreign)],
        "task_id": [str(i) for i in tasks],
        "document_id": [str(i) for i in documents],
        "client_id": [str(world.acme), str(world.beta)],
        "user_id": [str(user.id)],
    }


@dataclass
class Fuzzer:
    """Sends made-up requests and keeps what came back."""

    callers: Callers
    rows: Mapping[str, list[str]]
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)

    def send(self, operation: Any, times: int) -> None:
        """So many requests of one operation, by whoever."""
        exploring = settings(
            max_examples=times,
            deadline=None,
            database=None,
            derandomize=REQUESTS <= DEFAULT_REQUESTS,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        who = st.sampled_from(sorted(self.callers.headers))
        exploring(given(case=operation.as_strategy(), who=who, data=st.data())(self._one))()

    def _one(self, case: Case[Any], who: str, data: st.DataObject) -> None:
        for name, known in self.rows.items():
            if name in case.path_parameters and data.draw(st.integers(0, 3)):
                case.path_parameters[name] = data.draw(st.sampled_from(known))
        headers = {**self.callers.headers[who], "Idempotency-Key": str(new_id())}
        answer = case.call(headers=headers, timeout=LONGEST_S)
        self.answers[case.operation.label, answer.status_code] += 1
        if answer.status_code == 401 and who != "nobody":
            self.callers.renewed(who)
        for code, words in _faults(case, answer):
            name = f"{case.operation.label} {answer.status_code} {code}"
            self.faults.setdefault(name, f"{words}\n{case.as_curl_command()}")


@pytest.mark.timeout(7_200)
def test_every_answer_is_what_the_document_says(world: World) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", world.app)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    each = -(
        -REQUESTS * 6 // (5 * len(operations))
    )  # a few operations have fewer different requests than that
    fuzzer = Fuzzer(Callers(world), rows_of(world))
    for operation in operations:
        fuzzer.send(operation, each)
    answers, faults = fuzzer.answers, fuzzer.faults
    sent = sum(answers.values())
    assert not faults, f"{len(faults)} kinds of fault in {sent} requests\n\n" + "\n\n".join(
        f"{name}\n{words}" for name, words in sorted(faults.items())
    )
    assert sent >= REQUESTS, f"only {sent} requests were sent: {answers}"
    reached = {label for (label, status) in answers if status < 400}
    assert len(reached) >= len(operations) * 0.5, f"too few operations were ever served: {sorted(reached)}"


def _faults(case: Case[Any], answer: Response) -> Iterator[tuple[str, str]]:
    """What is wrong with an answer: an error of ours, or one that the document does not know."""
    if answer.status_code >= 500 and not (answer.status_code == 503 and "retry-after" in answer.headers):
        yield "server-error", answer.text[:500]
        return
    for check in CHECKS:
        try:
            case.validate_response(answer, checks=[check])
        except (Failure, FailureGroup) as error:
            causes: Any = error.exceptions if isinstance(error, FailureGroup) else [error]
            for cause in causes:
                yield check.__name__, f"{cause.title}: {cause.message}"[:700]
