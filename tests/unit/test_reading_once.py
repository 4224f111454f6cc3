"""What is worked out at once, once, or only when called for says the same as what is worked out one by one."""

from __future__ import annotations

import hashlib
import json
import random
import re
import subprocess
import sys

import numpy
import pytest

from benchmarks import speed
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.fingerprint import simhash
from ticketos.ai.extract.labels import LABELS, Label, Mention, mentions, pattern_of
from ticketos.ai.extract.limits import Limits
from ticketos.ai.extract.pdf import PdfFile
from ticketos.ai.extract.scoring import offered as offering
from ticketos.ai.extract.scoring import option, trees
from ticketos.ai.extract.scoring.offered import Offered
from ticketos.ai.extract.scoring.scorer import Scorer
from ticketos.ai.extract.values import fold
from ticketos.ai.ocr.page import Page
from ticketos.dev.sim.documents.samples import generate

FIELDS = (
    "supplier_name",
    "buyer_name",
    "number",
    "po_number",
    "issue_date",
    "due_date",
    "net_total",
    "tax_total",
    "total",
)


@pytest.fixture(scope="module")
def papers() -> list[list[Page]]:
    """The text layers of some generated documents."""
    read = []
    for seed in range(6):
        file = PdfFile(
            generate("invoice", seed, country=("IN", "DE", "FR", "GB")[seed % 4]).content, Limits()
        )
        pages = [file.text_page(number) for number in range(1, file.pages + 1)]
        read.append([page for page in pages if page is not None])
        file.close()
    assert all(read)
    return read


def test_rows_scored_together_get_the_scores_they_get_alone(papers: list[list[Page]]) -> None:
    for pages in papers:
        names = [it.option.features for it in Offered(Paper(pages), "invoice").names]
        known = trees.champion("supplier_name")
        assert known is not None
        assert len(names) > 5
        together = known.log_odds(trees.matrix(known, names))
        alone = [float(known.log_odds(trees.matrix(known, [row]))[0]) for row in names]
        assert together.tolist() == alone


def test_a_feature_that_one_row_lacks_is_nought_for_that_row_alone() -> None:
    known = trees.champion("supplier_name")
    assert known is not None
    whole = dict.fromkeys(known.names, 1.0) | {"not a feature": 7.0}
    lacking = {name: value for name, value in whole.items() if name != known.names[3]}
    table = trees.matrix(known, [whole, lacking])
    assert table[0].tolist() == [1.0] * len(known.names)
    assert numpy.flatnonzero(table[1] == 0.0).tolist() == [3]


def test_the_candidates_of_a_field_are_scored_once(
    papers: list[list[Page]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def counted(name: str, options: list[option.Option], scorer: Scorer) -> list[option.Option]:
        asked.append(name)
        return option.ranked(name, options, scorer)

    monkeypatch.setattr(offering, "ranked", counted)
    found = Offered(Paper(papers[0]), "invoice")
    pools = {
        "supplier_name": [it.option for it in found.names],
        "buyer_name": [it.option for it in found.names],
        "number": found.numbers,
        "po_number": found.numbers,
        "issue_date": found.days,
        "due_date": found.days,
    }
    for name in FIELDS:
        assert found.ranked(name) == found.ranked(name) == option.ranked(name, pools.get(name, found.amounts))
    assert sorted(asked) == sorted(FIELDS)


def every_phrase_tried(text: str) -> list[Mention]:
    """The labels of a text, each phrase tried at each word."""
    folded, done, found = fold(text), 0, []
    same: dict[str, list[Label]] = {}
    for label in LABELS:
        same.setdefault(label.phrase, []).append(label)
    for start in re.finditer(r"(?<![^\W\d_])[^\W\d_]|n°|nº|#|(?<![\w#])#", folded):
        at = end = start.start()
        if at < done:
            continue
        labels: set[Label] = set()
        for phrase, group in same.items():
            match = TRIED[phrase].match(folded, at)
            if not match or (match.end() - at <= 3 and re.match(r"[-/]?\d", folded[match.end() :])):
                continue
            if match.end() > end:
                end, labels = match.end(), set(group)
            elif match.end() == end and labels:
                labels |= set(group)
        if labels:
            done = end
            found.append(Mention(at, end, tuple(labels)))
    return found


TRIED = {it.phrase: re.compile(rf"(?:{pattern_of(it.phrase)})(?![^\W\d])") for it in LABELS}


def test_no_label_is_lost_by_trying_only_what_a_word_can_begin(papers: list[list[Page]]) -> None:
    printed = [cell.text for pages in papers[:3] for page in pages for row in page.rows for cell in row.cells]
    plain = [
        it.phrase.replace("{no}", "No.") for it in LABELS if re.fullmatch(r"[^()?*\[\]\\|+.]+", it.phrase)
    ]
    odd = [
        "Rechnungs-Nr. 12",
        "N° de facture",
        "nº factura 3",
        "# 4411",
        "P.O. No PO-77",
        "Lieferantenrechnung 8",
    ]
    assert len(plain) > 500
    for text in [*printed[::3], *plain[::4], *odd]:
        found = {(it.start, it.end, frozenset(it.labels)) for it in mentions(text)}
        assert found == {(it.start, it.end, frozenset(it.labels)) for it in every_phrase_tried(text)}, text


def bit_by_bit(text: str) -> str:
    tokens = re.findall(r"\w+", text.casefold())
    weights = [0] * 64
    for start in range(max(1, len(tokens) - 2)):
        digest = hashlib.blake2b(" ".join(tokens[start : start + 3]).encode(), digest_size=8).digest()
        bits = int.from_bytes(digest)
        for position in range(64):
            weights[position] += 1 if bits >> position & 1 else -1
    return f"{sum(1 << position for position in range(64) if weights[position] > 0):016x}"


def test_a_fingerprint_is_what_it_always_was() -> None:
    rng = random.Random(3)
    for count in (1, 2, 3, 4, 5, 40, 301):
        text = " ".join(f"Wort{rng.randrange(50)}" for _ in range(count))
        assert simhash(text) == bit_by_bit(text)


def test_a_worker_does_not_load_what_only_its_reading_process_needs() -> None:
    asked = "import json, sys, workers.main; print(json.dumps(sorted(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True, text=True).stdout
    reading = {"pypdfium2", "PIL", "cv2", "openvino", "ticketos.ai.extract.analysis"}
    assert not reading & set(json.loads(said))


def test_the_pace_of_reading_counts_the_pages_after_the_first_documents() -> None:
    papers = [
        speed.Document(f"{seed}.pdf", generate("invoice", seed).content)
        for seed in range(speed.UNCOUNTED + 2)
    ]
    found = speed.pace(papers)
    assert (found.pages, found.quarantined) == (2, 0)
    assert 0 < found.cpu_s < found.first_s + 30
    assert found.first_s > 0
    assert found.per_cpu_s == pytest.approx(2 / found.cpu_s)


def test_a_folder_of_too_few_documents_is_refused_in_words(tmp_path: object) -> None:
    assert speed.main(["--text", str(tmp_path), "--most", "1"]) == 2
