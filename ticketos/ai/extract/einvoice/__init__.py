"""Structured e-invoices: UN/CEFACT CII (ZUGFeRD, Factur-X, XRechnung, Order-X), UBL 2 (invoice, credit note,
order; also inside a Peppol envelope) and FatturaPA.
"""

from __future__ import annotations

import re

from lxml import etree

from ticketos.ai.extract.einvoice import cii, fatturapa, ubl
from ticketos.ai.extract.einvoice.found import EInvoice
from ticketos.ai.extract.einvoice.nodes import plain_text
from ticketos.ai.extract.limits import Quarantined

__all__ = ["EInvoice", "parse_xml", "read_einvoice"]

_CUT_OFF = {
    etree.ErrorTypes.ERR_DOCUMENT_END,
    etree.ErrorTypes.ERR_TAG_NOT_FINISHED,
    etree.ErrorTypes.ERR_GT_REQUIRED,
    etree.ErrorTypes.ERR_DOCUMENT_EMPTY,
}
_DRAFT_OF_ZUGFERD = "urn:un:unece:uncefact:data:standard:CBFBUY"


def parse_xml(data: bytes) -> etree._Element:
    """The root element. Raises Quarantined: hostile for entities, truncated, unreadable.

    No entity is expanded, no file or address opened; a document type is refused, no e-invoice has one.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, dtd_validation=False
    )
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", data.replace(b"\x00", b"")):
        raise Quarantined("hostile", "document type declaration")
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if "nested" in str(error) or "depth" in str(error).lower():
            raise Quarantined("hostile", "nesting") from error
        cut = error.code in _CUT_OFF or "Premature end" in str(error)
        raise Quarantined("truncated" if cut else "unreadable", str(error)) from error
    return root


def read_einvoice(root: etree._Element) -> EInvoice | None:
    """The e-invoice under this root; None when the XML is something else. Raises Quarantined
    (unsupported) for several invoices in one file.
    """
    found = _read(_unwrapped(root))
    if found is not None:
        found.text = plain_text(root)
    return found


def _read(root: etree._Element) -> EInvoice | None:
    name, space = etree.QName(root).localname, etree.QName(root).namespace or ""
    if name in cii.ROOTS or (name == "Invoice" and space.startswith(_DRAFT_OF_ZUGFERD)):
        return cii.read(root)
    if name in ubl.ROOTS and "oasis" in space:
        return ubl.read(root)
    if name == fatturapa.ROOT:
        return fatturapa.read(root)
    return None


def _unwrapped(root: etree._Element) -> etree._Element:
    """The document inside a StandardBusinessDocument, the envelope it travels in on the Peppol network."""
    if etree.QName(root).localname != "StandardBusinessDocument":
        return root
    inside = [
        it
        for it in root
        if isinstance(it.tag, str) and not it.tag.endswith("}StandardBusinessDocumentHeader")
    ]
    return inside[0] if len(inside) == 1 else root
