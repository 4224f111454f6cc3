"""The OpenAPI document: security schemes, the scope and roles of every route, and what every route can
answer."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.access import AccessTable, Rule
from schemas.requests import NewTicket

ABOUT = """Everything the portal can do, for programs.

* **Repeats are safe**: send an `Idempotency-Key` with POST and PATCH; the first answer is kept for 48 hours.
* **Acts** wait up to ten seconds; 202 means *being applied*: repeat with the same key to learn the outcome.
* **Lists** page by `cursor`; **edits** take the `ETag` you read as `If-Match`.
* **Errors** are RFC 9457 problems; branch on `code`.
* **Limits** are in `RateLimit` and `RateLimit-Policy`; 429 and 503 carry `Retry-After`.
* Another client's row is 404 everywhere."""

SCHEMES: dict[str, Any] = {
    "session": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "tos_s_…",
        "description": "A person's session from POST /v1/sessions",
    },
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "tos_k_…",
        "description": "A program's key; needs the scope named in x-scope",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "tos_session",
        "description": "The session in a browser; unsafe methods are accepted from our own pages alone",
    },
}
_RATE = {
    "RateLimit": {
        "schema": {"type": "string"},
        "description": "What is left of the limit, and seconds to its reset",
    },
    "RateLimit-Policy": {
        "schema": {"type": "string"},
        "description": "The limit: requests (q) per seconds (w)",
    },
    "X-Request-Id": {"schema": {"type": "string"}, "description": "The trace id"},
}


def describe(app: FastAPI, access: AccessTable) -> None:
    """Give the app a document that says what the access table enforces."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, access)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI, access: AccessTable) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, openapi_version="3.1.0", description=ABOUT, routes=app.routes
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = SCHEMES
    _, extra = models_json_schema([(NewTicket, "validation")], ref_template="#/components/schemas/{model}")
    for name, schema in extra.get("$defs", {}).items():
        components.setdefault("schemas", {}).setdefault(name, schema)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            rule = access.rules.get((method.upper(), path))
            if rule is not None:
                _annotate(operation, rule)
    return document


def _annotate(operation: dict[str, Any], rule: Rule) -> None:
    if rule.public:
        operation["security"] = []
    else:
        operation["security"] = [{"session": []}, {"apiKey": []}, {"cookie": []}]
        operation["x-roles"] = sorted(rule.roles)
        if rule.scope:
            operation["x-scope"] = rule.scope
    for status, answer in operation.get("responses", {}).items():
        answer.setdefault("headers", {}).update(_RATE)
        content = answer.get("content", {})
        # The library lists its own JSON beside ours for documented errors; a problem has one media type.
        if str(status)[0] in "45" and "application/problem+json" in content and "application/json" in content:
            schema = content.pop("application/json").get("schema")
            if schema is not None:
                content["application/problem+json"].setdefault("schema", schema)
