"""Vendor lists and coding rules, as the HTTP API takes and gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from schemas.http import Body, Edit, Text, View


def _each_once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


Code = Annotated[Text, Field(min_length=1, max_length=60, examples=["V-001"])]
Name = Annotated[Text, Field(min_length=1, max_length=300, examples=["Bright Paper Pvt Ltd"])]
TaxIds = Annotated[
    list[Annotated[Text, Field(max_length=40)]],
    AfterValidator(_each_once),
    Field(max_length=20, examples=[["27AAPFU0939F1ZV"]]),
]
Aliases = Annotated[
    list[Annotated[Text, Field(max_length=300)]], AfterValidator(_each_once), Field(max_length=20)
]
Coding = Annotated[Text, Field(max_length=40)]
Address = Annotated[Text, Field(max_length=2_000)]


class NewVendor(Body):
    """A vendor of a client's own list. ``code`` is the client's own number for it."""

    client_id: UUID
    code: Code
    name: Name
    tax_ids: TaxIds = Field(default_factory=list)
    aliases: Aliases = Field(default_factory=list, description="Other names its papers carry")
    address: Address = ""
    account: Coding = Field(default="", description="Its usual account, of the client's chart")
    cost_centre: Coding = ""
    tax_code: Coding = ""
    active: bool = True


class EditVendor(Edit):
    """New values; what is absent stays as it is."""

    code: Code | None = None
    name: Name | None = None
    tax_ids: TaxIds | None = None
    aliases: Aliases | None = None
    address: Address | None = None
    account: Coding | None = None
    cost_centre: Coding | None = None
    tax_code: Coding | None = None
    active: bool | None = None


class VendorView(View):
    """A vendor."""

    id: UUID
    client_id: UUID
    code: str
    name: str
    tax_ids: list[str]
    aliases: list[str]
    address: str
    account: str
    cost_centre: str
    tax_code: str
    active: bool
    updated_at: datetime
    version: int


class RefusedRow(View):
    """A row of a file that was not taken."""

    line: int = Field(description="Where it stands in the file, from 1", examples=[4])
    code: str = Field(examples=["V-001"])
    reason: str = Field(examples=["account 9999 is not in the chart of accounts"])


class ListImport(View):
    """What a file did, or with ``dry_run`` would do. Good rows are taken though others are refused."""

    created: int
    updated: int
    unchanged: int
    refused: int
    dry_run: bool
    rows: list[RefusedRow] = Field(default_factory=list, description="Each refused row with its reason")


class NewCodingRule(Body):
    """Words in supplier or lines that choose account, cost centre and tax code."""

    client_id: UUID
    pattern: Text = Field(min_length=2, max_length=200, examples=["toner"])
    account: Text = Field(min_length=1, max_length=40, examples=["6815"])
    cost_centre: Coding = ""
    tax_code: Coding = ""
    place: int | None = Field(
        default=None, ge=1, le=500, description="Where it is tried, from 1; last when absent"
    )


class EditCodingRule(Edit):
    """New values; what is absent stays as it is."""

    pattern: Text | None = Field(default=None, min_length=2, max_length=200)
    account: Text | None = Field(default=None, min_length=1, max_length=40)
    cost_centre: Coding | None = None
    tax_code: Coding | None = None
    place: int | None = Field(default=None, ge=1, le=500, description="Where it is tried, from 1")


class CodingRuleView(View):
    """A coding rule."""

    id: UUID
    client_id: UUID
    place: int = Field(description="Where it is tried, from 1")
    pattern: str
    account: str
    cost_centre: str
    tax_code: str
    version: int


class CodingRuleOrder(Body):
    """Every rule of the client once, the first to be tried first."""

    rules: list[UUID] = Field(max_length=500)


class CodingRules(View):
    """A client's coding rules in the order they are tried."""

    items: list[CodingRuleView]
