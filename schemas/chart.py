"""A client's chart of accounts, as the HTTP API takes and gives it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.http import Body, Edit, Text, View

Kind = Literal["asset", "liability", "equity", "income", "expense"]
Name = Annotated[Text, Field(min_length=1, max_length=200, examples=["Office supplies"])]


class NewLedgerAccount(Body):
    """An account of a client's own chart. Entries name it by ``code``, which never changes."""

    client_id: UUID
    code: Annotated[Text, Field(min_length=1, max_length=40, examples=["6815"])]
    name: Name
    kind: Kind
    active: bool = True


class EditLedgerAccount(Edit):
    """New values; what is absent stays as it is. The kind of an account with entries stays."""

    name: Name | None = None
    kind: Kind | None = None
    active: bool | None = Field(default=None, description="false switches it off: nothing new goes to it")


class LedgerAccountView(View):
    """An account of a chart."""

    id: UUID
    client_id: UUID
    code: str
    name: str
    kind: str
    active: bool
    updated_at: datetime
    version: int
