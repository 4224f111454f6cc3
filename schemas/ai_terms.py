"""How the API's document describes ``terms.ai`` of a contract. The domain judges it and says in words what is wrong."""

from __future__ import annotations

from typing import Any

from ticketos.domain import ai_policy, engines
from ticketos.domain.terms import AiTerms

_BASE = AiTerms()


def _share(description: str, default: object = None) -> dict[str, Any]:
    usual = {} if default is None else {"default": str(default)}
    return {"type": ["string", "number"], "description": f"{description}; from 0 to 1", **usual}


AI_TERMS: dict[str, Any] = {
    "description": "SLA, QA, AI, approval, rework, scope, pricing, survey and assignment. Absent parts take the defaults.",
    "properties": {
        "ai": {
            "type": "object",
            "description": "What AI may do, how sure it must be, what makes it ask a person, and who answers for it",
            "properties": {
                "modes": {
                    "type": "object",
                    "description": "By action: `act` decides by itself where it is sure, `act with approval` prepares"
                    " the decision for a person who confirms it, `suggest` is shown beside an empty form",
                    "additionalProperties": False,
                    "properties": {
                        action: {"enum": list(allowed), "default": ai_policy.DEFAULTS[action]}
                        for action, allowed in ai_policy.ALLOWED.items()
                    },
                },
                "straight_through": {
                    "type": "boolean",
                    "deprecated": True,
                    "description": "The older way to say `modes.reading`: true is `act`, false `act with approval`",
                },
                "triage_threshold": _share(
                    "A request is routed from this confidence on", _BASE.triage_threshold
                ),
                "field_threshold": _share("A field passes from this confidence on", _BASE.field_threshold),
                "field_thresholds": {
                    "type": "object",
                    "description": "By field, in place of `field_threshold`",
                    "additionalProperties": False,
                    "properties": {
                        name: _share("This field passes from this confidence on")
                        for name in sorted(ai_policy.FIELDS)
                    },
                },
                "coding_threshold": _share(
                    "A learnt coding counts from this confidence on", _BASE.coding_threshold
                ),
                "escalate": {
                    "type": "object",
                    "description": "A person is asked however sure AI is",
                    "additionalProperties": False,
                    "properties": {
                        "amount_over": {
                            "type": "object",
                            "description": "By currency: total of a document above which a person is asked; a currency"
                            " without a limit is asked about as well",
                            "additionalProperties": {"type": "string", "examples": ["100000.00"]},
                        },
                        "new_supplier": {"type": "boolean", "default": False},
                        "words": {
                            "type": "array",
                            "description": "Words and phrases in subject or text of the message",
                            "items": {"type": "string", "maxLength": ai_policy.LONGEST_WORDS},
                            "maxItems": ai_policy.MOST_WORDS,
                        },
                        "confidence_below": _share("A document is as sure as its weakest required field"),
                    },
                },
                "engines": {
                    "type": "object",
                    "description": "By action: `local` needs no network; a model outside, set up by the installation, gives"
                    " a `second opinion` where the local engine is unsure, or `takes over`",
                    "additionalProperties": False,
                    "properties": {
                        action: {"enum": list(uses), "default": engines.LOCAL}
                        for action, uses in engines.ENGINES.items()
                    },
                },
                "spend_cap": {
                    "type": "object",
                    "description": "By currency: what models outside may cost in a month of the client; needed where one is"
                    " asked",
                    "additionalProperties": {"type": "string", "examples": ["25.00"]},
                },
                "accountable": {
                    "type": "string",
                    "maxLength": ai_policy.LONGEST_NAME,
                    "description": "Who answers for it: a name, or the address of somebody active here",
                },
            },
        }
    },
}
