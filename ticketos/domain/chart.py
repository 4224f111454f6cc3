"""A client's own chart of accounts: which codes there may be, which account may be chosen, what becomes of one in use.

An account that anything names is switched off and never removed, so that old entries keep their names; what is switched
off is chosen for nothing new. Checks return errors as values that name the offender.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketos.domain.errors import DomainError

KINDS = ("asset", "liability", "equity", "income", "expense")
USES = ("entries", "documents", "coding-rules", "vendors")
"""What an account may be named by."""
LONGEST_CODE, LONGEST_NAME = 40, 200
MOST = 5_000
"""Accounts of one chart."""

_CODE = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._/-]*[0-9A-Za-z])?")


@dataclass(frozen=True)
class Account:
    """An account of a chart; ``kind`` is one of ``KINDS``."""

    code: str
    name: str
    kind: str
    active: bool = True


@dataclass(frozen=True)
class Needed:
    """An account that entries go to without anybody choosing it: the chart always has it, in use. ``role`` is what for."""

    account: Account
    role: str


@dataclass(frozen=True)
class Chart:
    """The codes of a client's accounts, in use and switched off. Who has no chart takes any account."""

    active: frozenset[str] = field(default_factory=frozenset)
    off: frozenset[str] = field(default_factory=frozenset)

    def refusal(self, account: str) -> DomainError | None:
        """Why an account may not be chosen (``account-unknown``, ``account-inactive``); None for one that may, and for
        none at all."""
        if not account or account in self.active or not (self.active or self.off):
            return None
        return DomainError("account-inactive" if account in self.off else "account-unknown", account=account)

    def takes(self, account: str) -> bool:
        """Whether an account may be chosen."""
        return self.refusal(account) is None

    def require(self, account: str) -> None:
        """Raises what ``refusal`` says."""
        if (error := self.refusal(account)) is not None:
            raise error


ANY = Chart()
"""No chart: any account is taken."""


def code_refused(code: str) -> DomainError | None:
    """Codes are letters, digits and ``. - _ /`` between them: no code is a formula, holds a space that nobody sees, or
    looks like another one."""
    if len(code) <= LONGEST_CODE and _CODE.fullmatch(code):
        return None
    return DomainError("account-code-invalid", account=code[:LONGEST_CODE], limit=LONGEST_CODE)


def change_refused(
    before: Account, news: Mapping[str, Any], needed: Mapping[str, str], booked: bool
) -> DomainError | None:
    """Whether an account may take new values. ``needed`` are the codes that entries go to by themselves, each with what
    for; ``booked`` says that entries stand on this one, whose kind then is what they were read by."""
    if news.get("active") is False and before.code in needed:
        return DomainError("account-needed", account=before.code, role=needed[before.code])
    if booked and news.get("kind", before.kind) != before.kind:
        return DomainError("account-kind-fixed", account=before.code, kind=before.kind)
    return None


def removal_refused(code: str, needed: Mapping[str, str], used_by: Sequence[str]) -> DomainError | None:
    """Whether an account may be removed: one that nothing needs and nothing names (``used_by``, of ``USES``)."""
    if code in needed:
        return DomainError("account-needed", account=code, role=needed[code])
    if used_by:
        return DomainError("account-in-use", account=code, used_by=list(used_by))
    return None


def missing(needed: Sequence[Needed], known: Collection[str]) -> tuple[Account, ...]:
    """The accounts that entries need and the chart does not have yet, each once."""
    return tuple({one.account.code: one.account for one in needed if one.account.code not in known}.values())
