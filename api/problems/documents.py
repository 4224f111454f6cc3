"""Files and documents: how large, how many, their passwords, and what is read from them."""

from __future__ import annotations

from collections.abc import Mapping

from api.problems.answer import Answer

ANSWERS: Mapping[str, Answer] = {
    "file-too-large": Answer("File too large", "{filename} is larger than {limit_mb} MB.", 413),
    "too-many-files": Answer("Too many files", "This takes at most {limit} files.", 413),
    "file-unknown": Answer("Unknown file", "These are no files of this request: {files}"),
    "object-missing": Answer("File gone", "The file is no longer kept.", 404),
    "workbook-full": Answer(
        "Too many rows for a workbook", "It takes {most} rows. Narrow the list, or take it as CSV.", 413
    ),
    "paper-full": Answer(
        "Too many rows for paper", "It takes {most} rows. Narrow the list, or take it as CSV or Excel.", 413
    ),
    "password-wrong": Answer(
        "Wrong password", "The password does not open {file}. Mind capitals and spaces."
    ),
    "password-missing": Answer("Password missing", "Enter the password, or say that there is none."),
    "password-not-asked": Answer(
        "No password asked",
        "{document} does not wait for a password: it was opened, left out, or nobody asked in time.",
        409,
    ),
    "amount-unreadable": Answer("Not an amount", "{field}: “{given}” is not an amount."),
    "amount-too-fine": Answer("Too many decimals", "An amount has at most 4 digits after its point."),
    "amount-too-large": Answer(
        "Amount too large",
        "{field}: “{given}” has more than {limit} digits before its point; no book takes it.",
    ),
    "currency-unreadable": Answer(
        "Not a currency", "{field}: “{given}” is no currency code. Write its three letters, such as INR."
    ),
}
