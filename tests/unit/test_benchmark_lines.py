"""The last line of a benchmark: its keys stay, and what is kept of it says of what and when it is."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.chaos import PARTS, victims
from benchmarks.drive import Size
from benchmarks.figures import KEYS, Asked, finish, line, percentile, record

PROMISED = {
    "lifecycle": "ratio tickets_per_s floor_per_s p50_s p95_s transitions events bytes",
    "intake": "sent lost p50_ms p99_ms refused",
    "chaos": "kills tickets lost doubled double_billed journals_zero audit_ok recover_p95_s",
    "big_ticket": "documents seconds docs_per_s runs largest_run_events progress_seen state broken_named",
    "extraction": "fields line_f1 auto_right auto_cover cover_at_99 pages_per_s rss_mb",
    "speed": "text_per_cpu_s text_per_s scans_per_cpu_s scans_per_s worker_ready_s",
    "newcomer": "total_s ready_s machine_s human_s clicks typed pages billed",
    "networks": "ratio openvino_ms onnxruntime_ms openvino_mb",
    "lists": "tickets rows_p95_ms counts_p95_ms search_p95_ms board_p95_ms rows_worst_ms",
    "printing": "longest_s rows_6 rows_16",
    "pages": "tickets list_p95_ms ticket_p95_ms act_p95_ms first_load_kb",
}
"""Scripts outside of this repository read these keys: a line may get more of them, never fewer or others."""


@pytest.mark.parametrize("benchmark", sorted(PROMISED))
def test_a_line_has_the_promised_keys_first_and_in_their_order(benchmark: str) -> None:
    promised = PROMISED[benchmark].split()
    figures = {"more": 1} | dict.fromkeys(reversed(promised), 0)
    assert list(json.loads(line(benchmark, figures))) == [*promised, "more"]


@pytest.mark.parametrize("benchmark", sorted(PROMISED))
def test_a_line_without_a_promised_key_is_refused(benchmark: str) -> None:
    figures = dict.fromkeys(PROMISED[benchmark].split(), 0)
    assert line(benchmark, figures)
    absent = figures.popitem()[0]
    with pytest.raises(ValueError, match=absent):
        line(benchmark, figures)


def test_every_benchmark_with_a_line_is_a_command() -> None:
    assert set(KEYS) == set(PROMISED)
    for benchmark in KEYS:
        assert callable(importlib.import_module(f"benchmarks.{benchmark}").main)


def test_a_figure_that_json_cannot_say_is_refused() -> None:
    figures = dict.fromkeys(PROMISED["intake"].split(), 0.0)
    assert line("intake", figures)
    with pytest.raises(ValueError, match="JSON"):
        line("intake", {**figures, "p50_ms": float("nan")})


def test_a_kept_line_says_of_which_benchmark_commit_and_moment_it_is(tmp_path: Path) -> None:
    file = tmp_path / "docs" / "measured.jsonl"
    written = line("intake", dict.fromkeys(PROMISED["intake"].split(), 1))
    for second in (1, 2):
        record(
            "intake", written, commit="abc123", at=datetime(2026, 1, 2, 3, 4, second, tzinfo=UTC), file=file
        )
    first, second_line = (json.loads(one) for one in file.read_text().splitlines())
    assert (first["benchmark"], first["commit"]) == ("intake", "abc123")
    assert (first["date"], second_line["date"]) == ("2026-01-02T03:04:01+00:00", "2026-01-02T03:04:02+00:00")
    assert {key: first[key] for key in PROMISED["intake"].split()} == json.loads(written)


def test_the_line_is_the_last_output_and_a_missed_promise_fails_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    figures = dict.fromkeys(PROMISED["intake"].split(), 0)
    kept, missed = Asked("speed", 5, 3, at_least=True), Asked("loss", 1, 0)
    assert finish("intake", figures, [kept], keep=False) == 0
    assert finish("intake", figures, [kept, missed], keep=False) == 1
    said = capsys.readouterr()
    assert [json.loads(one) for one in said.out.splitlines()] == [figures, figures]
    assert "MISSED loss" in said.err


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([], 99) == 0
    assert percentile([3.0], 50) == 3.0
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 99), percentile(values, 100)) == (50.0, 99.0, 100.0)


def test_kills_follow_from_the_seed_and_reach_every_part() -> None:
    chosen = list(victims(8, seed=4))
    assert chosen == list(victims(8, seed=4))
    assert chosen != list(victims(8, seed=5))
    assert {part for part, _ in chosen[:4]} == set(PARTS) == {part for part, _ in chosen[4:]}


def test_the_worst_size_takes_each_figure_for_itself() -> None:
    assert Size.worst([Size(1, 20, 300), Size(2, 10, 100)]) == Size(2, 20, 300)
