"""Sample business documents with exactly known contents: for the demo, the tests and training.

Everything follows from a seed. Companies, numbers and amounts are invented; tax numbers are well formed.
"""

from ticketos.dev.sim.documents.broken import broken
from ticketos.dev.sim.documents.canvas import FontsMissingError
from ticketos.dev.sim.documents.samples import batch, duplicate_of, generate, resend_of, write_samples
from ticketos.dev.sim.documents.truth import (
    BROKEN_KINDS,
    COUNTRIES,
    FIELD_NAMES,
    FORMS,
    KINDS,
    LANGUAGES,
    UNBOOKED,
    BrokenKind,
    Country,
    Form,
    Kind,
    Language,
    Request,
    SampleDocument,
    Truth,
    TruthLine,
    Unbooked,
)

__all__ = [
    "BROKEN_KINDS",
    "COUNTRIES",
    "FIELD_NAMES",
    "FORMS",
    "KINDS",
    "LANGUAGES",
    "UNBOOKED",
    "BrokenKind",
    "Country",
    "FontsMissingError",
    "Form",
    "Kind",
    "Language",
    "Request",
    "SampleDocument",
    "Truth",
    "TruthLine",
    "Unbooked",
    "batch",
    "broken",
    "duplicate_of",
    "generate",
    "resend_of",
    "write_samples",
]
