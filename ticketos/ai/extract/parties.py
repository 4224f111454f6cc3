"""Who sold and who bought: names, the supplier's address, and whose tax identifier is whose."""

from __future__ import annotations

import re
from statistics import median

from ticketos.ai.extract.find import Candidate, Paper, Place
from ticketos.ai.extract.taxid import TaxId, checksum_right, tax_ids
from ticketos.ai.extract.values import amounts, days, fold
from ticketos.ai.ocr.page import Cell, Word

_LEGAL = re.compile(
    r"(?<![a-z])(?:ltd|limited|llc|llp|inc|incorporated|corp|corporation|plc|co|company|pvt|private|gmbh|ag|kg|ohg|ug|e\.?\s?k|gbr|"
    r"a\.g|se|s\.?a\.?r\.?l|sarl|s\.?a\.?s|sas|sasu|eurl|s\.?a|bv|b\.v|nv|oy|ab|aps|srl|s\.?r\.?l|spa|s\.?p\.?a|sdn|bhd|pte|pty|"
    r"enterprises?|trading|industries|holdings?|group|bros|sons|stores?|mart|hotel|restaurant|services|traders|agency)(?![a-z])"
)
_CONTACT = re.compile(
    r"(?<![a-z])(?:tel|phone|fax|fon|mob|e-?mail|www|http|web|vat|gst|iban|bic)|@|https?:|www\."
)
_PLACE = re.compile(
    r"\d{4,6}|strasse|straße|str\.|street|st\.|road|rd\b|avenue|ave\b|rue|lane|jalan|jln|lot\b|floor|block|park|platz|weg\b|nagar|"
    r"building|suite|boulevard|chemin|taman|unit\b|allee|plot|sector|way\b|drive|gasse|cross\b|\bno\.?\s?\d"
)
_NAME_PREFIX = re.compile(r"^(?:name|company(?: name)?|firma|nom|raison sociale)\s*[:.]?\s*$", re.IGNORECASE)
_NAME_INLINE = re.compile(r"^(?:name|company(?: name)?|firma|nom|raison sociale)\s*:\s*", re.IGNORECASE)
_SALUTATION = re.compile(r"^(?:herrn?|frau|mr|mrs|ms|m\.|mme|monsieur|madame|to|an)\.?$", re.IGNORECASE)
_POSTCODE = re.compile(
    r"^(?:[A-Z]{1,2}[ -])?\d{4,5}\s+[^\W\d]{3,}|"
    r"[^\W\d]{3,},?\s+[A-Z]{2}\s+\d{5}(?:-\d{4})?$|[A-Z]{1,2}\d{1,2}[A-Z]?\s\d[A-Z]{2}$"
)
_SENDER_BREAK = re.compile(r"\s+[●•·|*–—-]\s+|\s*[●•·|]\s*")
_ADDRESS_ROWS = 6


def supplier(paper: Paper, document_type: str) -> tuple[Candidate | None, Candidate | None]:
    """The supplier's name and address. On orders the issuer at the top is the buyer."""
    named = _labelled(paper, "supplier")
    if named is None and document_type in ("purchase_order", "goods_receipt"):
        return None, None
    candidate, cell = named or _letterhead(paper) or (None, None)
    if candidate is None or cell is None:
        return None, None
    return candidate, _address(paper, candidate, cell)


def buyer(paper: Paper, document_type: str) -> Candidate | None:
    """The buyer's name: after its label, or the letterhead of an order."""
    named = _labelled(paper, "buyer")
    if named is None and document_type in ("purchase_order", "goods_receipt"):
        named = _letterhead(paper)
    if named is None and document_type in ("invoice", "credit_note"):
        return _address_window(paper)
    return named[0] if named else None


def _address_window(paper: Paper) -> Candidate | None:
    """The block a letter's window shows: rows on the left of the upper page that end in a postcode and
    town.
    """
    page = paper.pages[0] if paper.pages else None
    if page is None:
        return None
    issuer = _letterhead(paper)
    for index, row in enumerate(page.rows):
        cell = row.cells[0]
        if (
            not 0.1 < cell.y0 / page.height < 0.4
            or cell.x0 > 0.4 * page.width
            or not _POSTCODE.search(cell.text)
        ):
            continue
        top = cell
        above = index
        for above in range(index - 1, max(index - 6, -1), -1):
            near = next(
                (it for it in page.rows[above].cells if abs(it.x0 - cell.x0) < 1.0 * cell.height), None
            )
            if near is None and top.y0 - page.rows[above].y1 < 0.3 * cell.height:
                continue
            if near is None or top.y0 - near.y1 > 1.2 * cell.height or _SALUTATION.match(near.text):
                break
            top = near
        inside = top is not cell and _is_name(top.text) and not _SENDER_BREAK.search(top.text)
        if inside and not (issuer and issuer[0].value.casefold() == top.text.casefold()):
            return Candidate(top.text, 0.65, top.words, top.page, above)
    return None


def _labelled(paper: Paper, field: str) -> tuple[Candidate, Cell] | None:
    best: tuple[Candidate, Cell] | None = None
    for place in paper.places(field):
        if not _heads_a_block(paper, place):
            continue
        for cell, start, stop, sure in [*_own_words(paper, place), *_under(paper, place)]:
            text = cell.text[start:stop]
            shift = len(text) - len(text.lstrip(" .:-,"))
            text = text.strip(" .:-,")
            prefix = _NAME_INLINE.match(text)
            if prefix:
                shift += prefix.end()
                text = text[prefix.end() :]
            if not _is_name(text) or (
                re.search(r"\d", text) and _PLACE.search(fold(text)) and not _LEGAL.search(fold(text))
            ):
                continue
            probability = place.label.strength * sure * (1.0 if _LEGAL.search(fold(text)) else 0.9)
            words = cell.words_between(start + shift, start + shift + len(text))
            if best is None or probability > best[0].probability:
                best = Candidate(text, probability, words, cell.page, place.row, place.label), cell
            break
    return best


def _heads_a_block(paper: Paper, place: Place) -> bool:
    """A party's label stands alone, before a colon or beside another label: "Lieferant GmbH" is a name."""
    text = paper.rows[place.row].cells[place.cell].text
    before, rest = text[: place.mention.start], text[place.mention.end :].strip()
    if (
        any(character.isalpha() for character in before)
        and not paper.found[place.row][place.cell][0].end < place.mention.start
    ):
        return False
    other = any(it.start >= place.mention.end for it in paper.found[place.row][place.cell])
    return not any(c.isalnum() for c in rest) or rest[0] in ":-" or other


def _own_words(paper: Paper, place: Place) -> list[tuple[Cell, int, int, float]]:
    """Behind the label, only after a colon: "Customer service" is no customer."""
    cell = paper.rows[place.row].cells[place.cell]
    colon = cell.text[place.mention.end :].lstrip()[:1] == ":"
    return [spot for spot in paper.after(place) if colon or spot[0] is not cell][:1]


def _under(paper: Paper, place: Place) -> list[tuple[Cell, int, int, float]]:
    """The rows under the label in its column, whole cells: names contain words that are labels elsewhere."""
    label = paper.rows[place.row].cells[place.cell]
    found: list[tuple[Cell, int, int, float]] = []
    last = paper.rows[place.row]
    for row in paper.rows[place.row + 1 : place.row + 7]:
        if row.page != last.page or row.y0 - last.y1 > 2.5 * last.height:
            break
        last = row
        for position, cell in enumerate(row.cells):
            if not (abs(cell.x0 - label.x0) < 3 * cell.height or cell.x0 <= label.x0 < cell.x1):
                continue
            beside = row.cells[position + 1] if position + 1 < len(row.cells) else None
            if _NAME_PREFIX.match(cell.text) and beside is not None:
                found.insert(0, (beside, 0, len(beside.text), 0.98))
            elif not cell.text.endswith(":") and not _SALUTATION.match(cell.text):
                found.append((cell, 0, len(cell.text), 0.95 if not found else 0.7))
            break
    return found[:3]


def _is_name(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    if not 3 <= len(text) <= 80 or letters < 3 or letters < 0.5 * len(text.replace(" ", "")):
        return False
    folded = fold(text)
    if folded.rstrip(" :").endswith((" no", " nr", "anschrift", "address", "adresse")) or text.endswith(":"):
        return False
    return not _CONTACT.search(folded) and not days(text)


def _letterhead(paper: Paper) -> tuple[Candidate, Cell] | None:
    """The likeliest issuer on the first page: high up, large, with a legal form, not in a labelled block."""
    if not paper.pages:
        return None
    page = paper.pages[0]
    usual = median([word.height for word in page.words] or [1.0])
    buyers = [it for it in [_labelled(paper, "buyer")] if it]
    best: tuple[float, Candidate, Cell] | None = None
    for index, row in enumerate(paper.rows):
        if row.page != page.number:
            break
        for position, cell in enumerate(row.cells):
            text = _SENDER_BREAK.split(cell.text)[0].strip(" ,.-")
            labelled = any(mention.start < len(text) for mention in paper.found[index][position])
            legal = bool(_LEGAL.search(fold(text)))
            if not _is_name(text) or (labelled and not legal) or any(cell is it[1] for it in buyers):
                continue
            if any(text.casefold() == it[0].value.casefold() for it in buyers) or amounts(text):
                continue
            height = cell.y0 / max(page.height, 1.0)
            score = 2.0 * legal + min(cell.height / usual, 2.5) + 1.5 * max(0.0, 1 - 2.5 * height)
            score += 0.5 if index == 0 else 0.0
            # The sender's line over a letter's window: name, street and town in one small row.
            parts = _SENDER_BREAK.split(cell.text)
            score += (
                2.5 if len(parts) >= 3 and any(re.search(r"\d{4,6}\b", part) for part in parts[1:]) else 0.0
            )
            score -= 1.0 if _PLACE.search(fold(text)) or labelled else 0.0
            if best is None or score > best[0]:
                words = cell.words_between(0, len(text))
                probability = min(0.45 + 0.08 * score, 0.85)
                best = score, Candidate(text, probability, words, cell.page, index), cell
    return (best[1], best[2]) if best else None


def _address(paper: Paper, name: Candidate, cell: Cell) -> Candidate | None:
    """The rows under the name that look like an address, or the rest of the sender line itself."""
    rest = cell.text.partition(name.value)[2].strip(" ●•·|,-–—")
    if _PLACE.search(fold(rest)):
        words = cell.words_between(cell.text.index(rest), len(cell.text))
        return Candidate(", ".join(_SENDER_BREAK.split(rest)), 0.8, words, cell.page, name.row)
    parts: list[str] = []
    words_found: list[Word] = []
    start = next(i for i, row in enumerate(paper.rows) if cell in row.cells)
    last = cell
    for index in range(start + 1, min(start + 1 + _ADDRESS_ROWS, len(paper.rows))):
        row = paper.rows[index]
        if row.page != cell.page or row.y0 - last.y1 > 1.6 * max(last.height, row.height):
            break
        under = next((it for it in row.cells if _aligned(it, cell)), None)
        if under is None:
            continue
        last = under
        folded = fold(under.text)
        if _CONTACT.search(folded) or days(under.text) or any(True for _ in tax_ids(under.text)):
            break
        labelled = any(mention.start == 0 for mention in paper.found[index][row.cells.index(under)])
        if labelled and not folded.startswith(("anschrift", "address", "adresse")):
            break
        if not parts and not _PLACE.search(folded) and not any(c.isdigit() for c in under.text):
            continue  # a second line of the name, or its registration
        if re.fullmatch(r"\W*[a-z. :#]{0,16}\w{4,}\W*[a-z]?\W*", folded) and folded.strip().startswith("("):
            continue
        parts.append(
            re.sub(r"^(?:anschrift|address|adresse)\s*:\s*", "", under.text, flags=re.IGNORECASE).strip(" ,")
        )
        words_found += under.words
    if not parts or not any(_PLACE.search(fold(part)) for part in parts):
        return None
    return Candidate(", ".join(parts), 0.7, tuple(words_found), cell.page, start)


def _aligned(cell: Cell, name: Cell) -> bool:
    centred = abs((cell.x0 + cell.x1) - (name.x0 + name.x1)) / 2 < 2 * name.height
    return abs(cell.x0 - name.x0) < 1.5 * name.height or centred


def tax_identifiers(paper: Paper) -> dict[str, Candidate]:
    """supplier_tax_id and buyer_tax_id. An identifier in the buyer's block or under its label is the
    buyer's.
    """
    found: dict[str, Candidate] = {}
    buyers = _labelled(paper, "buyer")
    buyer_row = buyers[0].row if buyers else None
    buyer_x = buyers[1].x0 if buyers else 0.0
    for index, row in enumerate(paper.rows):
        for position, cell in enumerate(row.cells):
            mentions = paper.found[index][position]
            theirs = any(mention.of("buyer_tax_id") for mention in mentions)
            left = row.cells[position - 1] if position else None
            if left is not None and not mentions:
                theirs = any(mention.of("buyer_tax_id") for mention in paper.found[index][position - 1])
            in_block = (
                buyer_row is not None
                and 0 < index - buyer_row <= 9
                and row.page == paper.rows[buyer_row].page
                and abs(cell.x0 - buyer_x) < 0.25 * paper.pages[row.page - 1].width
            )
            for item in tax_ids(cell.text):
                name = "buyer_tax_id" if theirs or in_block else "supplier_tax_id"
                probability = 0.95 if theirs or not in_block else 0.85
                _keep(found, name, item, probability, cell, index)
    if "supplier_tax_id" not in found:
        _by_label(paper, found)
    return found


def _keep(
    found: dict[str, Candidate], name: str, item: TaxId, probability: float, cell: Cell, row: int
) -> None:
    right = checksum_right(item.value)
    probability *= 1.0 if right else 0.6
    if name not in found or probability > found[name].probability:
        words = cell.words_between(item.start, item.end)
        found[name] = Candidate(item.value, probability, words, cell.page, row)


def _by_label(paper: Paper, found: dict[str, Candidate]) -> None:
    """Identifiers of schemes whose shape says nothing: only what stands directly behind the label."""
    for place in paper.places("tax_id"):
        for cell, start, stop, sure in [*paper.after(place)][:1]:
            text = cell.text[start:stop]
            match = re.match(
                r"[\s.:#()\-]*([A-Z]{0,4}\d[\dA-Z/\-]{6,18}[\dA-Z]|[A-Z]{0,3}\d{8,15}[A-Z]?)(?!\S*[.,]\d{2}\b)",
                text,
            )
            if match and not days(text):
                words = cell.words_between(start + match.start(1), start + match.end(1))
                found["supplier_tax_id"] = Candidate(
                    match[1], 0.8 * sure, words, cell.page, place.row, place.label
                )
                return
