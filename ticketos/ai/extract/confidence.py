"""From findings to a judged document: checks, evidence, and what may skip a person.

Kept apart from reading: the same findings give the same judgement whichever engine read the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from schemas.extraction import Check, ExtractedField, Extraction
from ticketos.ai.extract.analysis import Findings
from ticketos.ai.extract.fingerprint import simhash, text_sha256
from ticketos.ai.extract.limits import Quarantined
from ticketos.ai.extract.scoring import trees
from ticketos.ai.extract.scoring.calibration import curve
from ticketos.ai.extract.taxid import checksum_right
from ticketos.ai.extract.totals import with_evidence
from ticketos.ai.extract.unbooked import SAID
from ticketos.lines.data_entry import rules

# How much a rule's verdict says about the fields it speaks for. net_plus_tax chose the amounts, so it has
# been counted already; a checksum is right by chance one time in ten to thirty-six.
_PASSED = {"lines_sum": 12.0, "tax_by_rate": 8.0, "supplier_tax_id": 15.0, "buyer_tax_id": 15.0}
_FAILED = 0.25
_CAP = 0.998
_SPEAKING = ("lines_sum", "tax_by_rate", "supplier_tax_id", "buyer_tax_id", "due_date", "issue_date", "sign")
_SECOND_AGREES, _SECOND_DIFFERS = 6.0, 0.35
# A misread letter of a name shows only where the name stands a second time.
_READ_ONCE = 0.53
_TORN = 0.1
# Two engines that read the same letters say nothing about whose name they are: both readings are understood alike.
_TYPE = "document_type"
_CHOSEN = ("supplier_name", "buyer_name", "supplier_address", "buyer_address")


def conclude(
    filename: str,
    found: Findings,
    today: date,
    engine: str,
    pages: int,
    broken_xml: str | None = None,
    thresholds: Mapping[str, float] = rules.DEFAULT_THRESHOLDS,
) -> Extraction:
    """The document as it leaves the reader. Raises Quarantined (empty) when nothing was found at all."""
    if not found.text.strip() and not found.fields:
        raise Quarantined("empty", "no words")
    results = list(_check(found, today))
    if found.on_page is not None:
        detail = (
            "the total of the e-invoice is printed on the page"
            if found.on_page
            else ("the total of the e-invoice is not printed on the page")
        )
        results.append(rules.CheckResult("xml_on_page", found.on_page, detail, ("total",)))
    if found.unbooked is not None:
        results.append(rules.CheckResult(_TYPE, False, SAID[found.unbooked], ()))
    if broken_xml is not None:
        results.append(rules.CheckResult("embedded_xml", False, broken_xml, ()))
    weighed = _with_checks(found, results)
    fields = {name: _weigh(name, field, results, weighed.get(name)) for name, field in found.fields.items()}
    decisions = rules.auto_fields(
        {name: rules.FieldValue(it.value, it.confidence) for name, it in fields.items()},
        results,
        thresholds,
    )
    return Extraction(
        file=filename,
        type=found.type,
        status="read",
        fields={
            name: field.model_copy(
                update={
                    "auto": decisions[name].auto,
                    "blocked_by": decisions[name].blocked_by,
                    "blocked_because": decisions[name].because,
                }
            )
            for name, field in fields.items()
        },
        lines=found.lines,
        tax_rows=found.tax_rows,
        checks=tuple(Check(name=it.name, ok=it.ok, detail=it.detail) for it in results),
        engine=engine,
        pages=pages,
        candidates=found.candidates,
        words=found.words,
        unaided=found.unaided,
        memory=found.memory,
        versions={
            "reader": trees.version(),
            "memory": str((found.memory or {}).get("papers", 0)),
            **({"scorer": found.scorer} if found.scorer else {}),
        },
        text_sha256=text_sha256(found.text),
        simhash=simhash(found.text),
        language=found.language,
    )


def second_opinion(first: Findings, second: Findings) -> Findings:
    """Two engines seldom make the same mistake: what both read is likelier, what they dispute is not."""
    for name, field in first.fields.items():
        other = second.fields.get(name)
        if other is None:
            continue
        agrees = 1.0 if name in _CHOSEN else _SECOND_AGREES
        ratio = agrees if other.value == field.value else _SECOND_DIFFERS
        if ratio < 1 and other.confidence > field.confidence:
            first.fields[name] = other
            first.evidence[name] = second.evidence.get(name, {})
        if name in first.evidence:
            first.evidence[name] = _spoken(first.evidence[name], ratio)
    for name in second.fields.keys() - first.fields.keys():
        first.fields[name] = second.fields[name]
        first.evidence[name] = _spoken(second.evidence.get(name, {}), _SECOND_DIFFERS)
    return first


def spoken_for(found: Findings, name: str, ratio: float) -> None:
    """A witness other than the page (a code, a second engine) makes a field `ratio` times likelier."""
    if name in found.evidence:
        found.evidence[name] = _spoken(found.evidence[name], ratio)


def _spoken(evidence: Mapping[str, float], ratio: float) -> dict[str, float]:
    return {**evidence, "second": evidence.get("second", 1.0) * ratio}


def doubtful(result: Extraction) -> bool:
    """Whether a second reading is worth its time: a failed sum, or a required field that is weak or
    absent.
    """
    if any(not check.ok and check.name != _TYPE for check in result.checks):
        return True
    needed = rules.required_fields(result.type)
    return any(name not in result.fields or not result.fields[name].auto for name in needed)


def _check(found: Findings, today: date) -> tuple[rules.CheckResult, ...]:
    return rules.checks(
        found.type,
        {name: rules.FieldValue(field.value, field.confidence) for name, field in found.fields.items()},
        [rules.LineValue(it.quantity, it.unit_price, it.tax_rate, it.net) for it in found.lines],
        today,
        checksum_right,
        found.rounding,
    )


def weigh_evidence(found: Findings, today: date) -> dict[str, dict[str, float]]:
    """What speaks for each field, the verdicts of the checks included."""
    return _with_checks(found, _check(found, today))


def _with_checks(found: Findings, results: Sequence[rules.CheckResult]) -> dict[str, dict[str, float]]:
    """The evidence with how many checks passed and failed. net_plus_tax chose the amounts: it counts as agreement."""
    weighed = {}
    for name, evidence in found.evidence.items():
        spoken = [it for it in results if name in it.fields and it.name in _SPEAKING]
        passed = sum(it.ok for it in spoken)
        weighed[name] = evidence | {"passed": passed, "failed": len(spoken) - passed}
    return weighed


def _weigh(
    name: str, field: ExtractedField, results: Sequence[rules.CheckResult], evidence: dict[str, float] | None
) -> ExtractedField:
    """The confidence after the rules: by the fitted curve, or where there is none by each verdict's weight."""
    fitted = curve(name) if evidence is not None else None
    if fitted is not None and evidence is not None:
        read_once = _READ_ONCE if evidence.get("once") else _TORN if evidence.get("torn") else 1.0
        sure = with_evidence(
            fitted.probability(evidence, field.source), evidence.get("second", 1.0) * read_once
        )
        return field.model_copy(update={"confidence": round(min(sure, _CAP), 4)})
    confidence = field.confidence
    for result in results:
        if name in result.fields and not (result.name == "net_plus_tax" and field.source != "xml"):
            ratio = _PASSED.get(result.name, 1.0) if result.ok else _FAILED
            confidence = with_evidence(confidence, ratio) if ratio != 1.0 else confidence
    return field.model_copy(update={"confidence": round(min(confidence, _CAP), 4)})
