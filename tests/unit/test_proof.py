"""The audit trail can be proven, and the first broken link is named (TA5)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money
from ticketos.domain.proof import (
    BrokenLink,
    Seal,
    canonical,
    event_hash,
    inclusion_proof,
    merkle_root,
    seal,
    verify_chain,
    verify_inclusion,
)

# The eight leaves and the roots published with the Certificate Transparency reference implementation.
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
CT_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
LEAVES = st.lists(st.binary(max_size=8), min_size=1, max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Colour(Enum):
    RED = "red"


def test_every_type_has_one_spelling() -> None:
    fields = {
        "z": None, "a": Decimal("3.5000"), "b": UUID("018F0000-0000-7000-8000-00000000ABCD"),
        "c": datetime(2026, 11, 21, 17, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        "d": date(2026, 1, 2), "e": (1, True), "f": b"\x00\xff", "g": Colour.RED, "h": "नमस्ते ₹",
        "i": Money.of("-0.10", "INR"), "j": Decimal("1E+2"), "k": Decimal("-0.00"),
    }  # fmt: skip
    assert (
        canonical(fields)
        == (
            '{"a":"3.5","b":"018f0000-0000-7000-8000-00000000abcd","c":"2026-11-21T12:00:00.000000Z",'
            '"d":"2026-01-02","e":[1,true],"f":"00ff","g":"red","h":"नमस्ते ₹",'
            '"i":{"amount":"-0.1","currency":"INR"},"j":"100","k":"0","z":null}'
        ).encode()
    )


@given(st.dictionaries(st.text(), JSON, max_size=6))
def test_the_order_of_keys_does_not_matter_and_every_change_does(fields: dict[str, object]) -> None:
    backwards = dict(reversed(list(fields.items())))
    assert canonical(backwards) == canonical(fields)
    assert event_hash({**fields, "seq": 1}) != event_hash({**fields, "seq": 2})


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3), st.integers(0, 4))
def test_equal_amounts_hash_alike_whatever_their_scale(amount: Decimal, zeros: int) -> None:
    padded = Decimal(f"{amount:f}" + "0" * zeros)
    assert canonical(padded) == canonical(amount)


def test_what_has_no_single_spelling_is_refused() -> None:
    assert canonical(["1.5", 1, Decimal("1.5")])
    for code, value in (
        ("canonical-float-refused", {"a": [1.5]}),
        ("canonical-number-invalid", Decimal("NaN")),
        ("canonical-key-invalid", {1: "a"}),
        ("canonical-type-refused", {"a": {1, 2}}),
        ("canonical-text-invalid", "\ud800"),
        ("datetime-naive", datetime(2026, 1, 1)),  # noqa: DTZ001
    ):
        with pytest.raises(DomainError) as error:
            canonical(value)
        assert error.value.code == code


@pytest.mark.parametrize("size", sorted(CT_ROOTS))
def test_roots_agree_with_certificate_transparency(size: int) -> None:
    assert merkle_root(CT_LEAVES[:size]).hex() == CT_ROOTS[size]


@given(LEAVES, st.data())
def test_an_inclusion_proof_holds_for_its_leaf_and_nothing_else(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, proof, size = merkle_root(leaves), inclusion_proof(leaves, index), len(leaves)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    assert not verify_inclusion(leaves[index] + b"!", index, size, proof, root)
    assert not verify_inclusion(leaves[index], index, size, (*proof, root), root)
    assert not verify_inclusion(leaves[index], index, size, proof, bytes(32))
    assert not verify_inclusion(leaves[index], size, size, proof, root)
    if proof:
        assert not verify_inclusion(leaves[index], index, size, proof[:-1], root)
        changed = (bytes(32), *proof[1:])
        assert not verify_inclusion(leaves[index], index, size, changed, root)


def test_a_proof_needs_a_leaf_of_the_batch() -> None:
    with pytest.raises(DomainError) as error:
        inclusion_proof([b"a"], 1)
    assert error.value.code == "proof-index-invalid"


def chain(batches: list[list[bytes]]) -> tuple[list[Seal], dict[int, list[bytes]]]:
    seals: list[Seal] = []
    first = 1
    for leaves in batches:
        # Every second number belongs to another client.
        last = first + 2 * len(leaves)
        seals.append(seal(seals[-1] if seals else None, "acme", first, last, leaves))
        first = last + 1
    return seals, {item.number: leaves for item, leaves in zip(seals, batches, strict=True)}


SEALS, BATCHES = chain([[event_hash({"seq": 10 * n + m}) for m in range(n + 1)] for n in range(4)])


def broken(
    seals: list[Seal], batches: dict[int, list[bytes]] = BATCHES, heads: dict[int, bytes] | None = None
) -> object:
    found = verify_chain(seals, batches, heads)
    return (found.number, found.reason) if found else None


def test_an_untouched_chain_holds() -> None:
    assert verify_chain(SEALS, BATCHES) is None
    assert verify_chain(SEALS, BATCHES, {4: SEALS[3].hash, 2: SEALS[1].hash}) is None
    assert verify_chain([], {}) is None
    assert [item.number for item in SEALS] == [1, 2, 3, 4]


@given(LEAVES.flatmap(lambda first: st.lists(LEAVES, max_size=4).map(lambda rest: [first, *rest])), st.data())
def test_any_changed_event_breaks_its_own_batch(batches: list[list[bytes]], data: st.DataObject) -> None:
    seals, stored = chain(batches)
    assert verify_chain(seals, stored) is None
    number = data.draw(st.integers(1, len(seals)))
    index = data.draw(st.integers(0, len(stored[number]) - 1))
    leaves = list(stored[number])
    leaves[index] += b"!"
    assert verify_chain(seals, {**stored, number: leaves}) == BrokenLink("acme", number, "root-differs")


def test_the_first_broken_link_is_named_with_its_reason() -> None:
    one, two, three, four = SEALS
    assert broken([one, two, three, four]) is None
    assert broken(SEALS, {**BATCHES, 3: BATCHES[3][:-1]}) == (3, "event-count-differs")
    assert broken(SEALS, {1: BATCHES[1], 2: BATCHES[2], 4: BATCHES[4]}) == (3, "event-count-differs")
    assert broken([one, three, four]) == (2, "seal-missing")
    assert broken([two, three, four]) == (1, "seal-missing")
    assert broken([one, two, two, three]) == (2, "seal-repeated")
    assert broken([one, replace(two, last_seq=two.last_seq + 1), three]) == (2, "hash-differs")
    assert broken([one, replace(two, previous=bytes(32)), three]) == (2, "previous-differs")
    assert broken([one, replace(two, client_id="globex"), three]) == (2, "client-differs")
    assert broken([one, replace(two, first_seq=1), three]) == (2, "sequence-overlaps")


@pytest.mark.parametrize(
    "change", [{"count": 9}, {"root": bytes(32)}, {"first_seq": 5}, {"last_seq": 9}, {"hash": bytes(32)}]
)
def test_the_seals_hash_covers_every_field(change: dict[str, object]) -> None:
    # The second batch holds numbers 4 to 8: each change fits between its neighbours.
    assert broken(SEALS) is None
    assert broken([SEALS[0], replace(SEALS[1], **change), *SEALS[2:]]) == (2, "hash-differs")  # type: ignore[arg-type]


def test_a_batch_rewritten_with_its_seal_breaks_the_next_link() -> None:
    forged_leaves = [*BATCHES[2][:-1], b"forged"]
    forged = seal(SEALS[0], "acme", SEALS[1].first_seq, SEALS[1].last_seq, forged_leaves)
    assert broken([SEALS[0], forged, *SEALS[2:]], {**BATCHES, 2: forged_leaves}) == (3, "previous-differs")


def test_heads_kept_outside_catch_a_chain_rewritten_or_cut_off() -> None:
    heads = {4: SEALS[3].hash}
    assert broken(SEALS, heads=heads) is None
    assert broken(SEALS[:3], heads=heads) == (4, "seal-missing")
    rewritten, batches = chain([[b"forged"], *[BATCHES[n] for n in (2, 3, 4)]])
    assert broken(rewritten, batches) is None
    assert broken(rewritten, batches, heads) == (4, "differs-from-kept-head")


def test_a_seal_needs_events_and_follows_its_predecessor() -> None:
    seal(SEALS[3], "acme", SEALS[3].last_seq + 1, SEALS[3].last_seq + 1, [b"x"])
    refusals: tuple[tuple[str, Callable[[], object]], ...] = (
        ("seal-batch-invalid", lambda: seal(None, "acme", 1, 1, [])),
        ("seal-batch-invalid", lambda: seal(None, "acme", 1, 1, [b"a", b"b"])),
        ("seal-out-of-order", lambda: seal(SEALS[0], "acme", 1, 9, [b"a"])),
        ("seal-out-of-order", lambda: seal(SEALS[0], "globex", 99, 99, [b"a"])),
    )
    for code, refused in refusals:
        with pytest.raises(DomainError) as error:
            refused()
        assert error.value.code == code


def test_instants_are_compared_in_utc() -> None:
    utc = datetime(2026, 1, 1, 0, 0, tzinfo=UTC)
    assert canonical(utc) == canonical(utc.astimezone(timezone(timedelta(hours=-5))))
