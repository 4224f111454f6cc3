"""KP13: what is left of what was billed for accepted work, after the people who did it.

    margin = net − people − rework        rate = margin ÷ net

**Net** is of the papers issued for the month, without tax, credit notes taken off. **People** is what is owed to persons for
that work (payouts, clawbacks taken off); what nobody finished falls to the house account and is nobody's pay. **Rework** is
what the minutes of rework cost, worked in the month, where the contract says what an hour costs (``domain.effort``).

Amounts of different currencies are never added: a figure is of one currency. Pay for checking and leading, models outside
and running the house are not in it: nothing says what they cost by client.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from ticketos.domain.measures import Measure
from ticketos.domain.money import Money

MARGIN = Measure(
    "margin",
    "papers",
    "net - people - rework",
    "net",
    "share",
    "KP13",
    "papers issued for the month, and rework worked in it",
    "drafts, pay for checking and leading, models outside, overheads; rework without an hourly rate",
    house=True,
)
"""The definition. Its counters are money by currency, so it is reckoned here and not from counts."""
GROUPS = ("client", "line")
"""What it can be parted by."""
_DIGITS = Decimal("0.000001")


def share_left(net: Decimal, people: Decimal, rework: Decimal) -> Decimal | None:
    """What is left of the net, as a share of it; None where nothing was billed to have a share of. All of one currency."""
    return ((net - people - rework) / net).quantize(_DIGITS, rounding=ROUND_HALF_UP) if net > 0 else None


@dataclass(frozen=True)
class Earned:
    """A month's money in one currency, of one group or of all."""

    month: str
    net: Money
    people: Money
    rework: Money
    group: str | None = None

    @property
    def margin(self) -> Money:
        """What is left; negative where the work cost more than it brought. Raises ``currency-mismatch``."""
        return self.net - self.people - self.rework

    @property
    def rate(self) -> Decimal | None:
        """Its share of the net; None where nothing was billed to have a share of."""
        return share_left(self.net.amount, self.people.amount, self.rework.amount)


def together(rows: Iterable[Earned]) -> list[Earned]:
    """Several groups' money of the same month and currency as one, by month and currency."""
    found: dict[tuple[str, str], Earned] = {}
    for one in rows:
        key = (one.month, one.net.currency)
        before = found.get(key)
        found[key] = Earned(
            one.month,
            one.net if before is None else before.net + one.net,
            one.people if before is None else before.people + one.people,
            one.rework if before is None else before.rework + one.rework,
        )
    return [found[key] for key in sorted(found)]
