"""Rupees in words, as Indian invoices state them: lakh and crore."""

from __future__ import annotations

from decimal import Decimal

SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_STEPS = ((10_000_000, "crore"), (100_000, "lakh"), (1_000, "thousand"), (100, "hundred"))


def rupees_in_words(amount: Decimal) -> str:
    """`Rupees four hundred ninety-five and sixty paise only`; the sign is left out, as the paper says what it
    is."""
    whole, paise = divmod(int((abs(amount) * 100).to_integral_value()), 100)
    text = f"Rupees {_number(whole)}"
    if paise:
        text += f" and {_number(paise)} paise"
    return f"{text} only"


def _number(value: int) -> str:
    for step, name in _STEPS:
        if value >= step:
            rest = value % step
            return f"{_number(value // step)} {name}" + (f" {_number(rest)}" if rest else "")
    if value < 20:
        return SMALL[value]
    tens, ones = divmod(value, 10)
    return TENS[tens - 2] + (f"-{SMALL[ones]}" if ones else "")
