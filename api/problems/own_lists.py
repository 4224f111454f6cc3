"""What a client's own lists and coding rules refuse: its vendors, its chart of accounts."""

from __future__ import annotations

from collections.abc import Mapping

from api.problems.answer import Answer

_OF_A_FILE: Mapping[str, Answer] = {
    "too-large": Answer("File too large", "The file is larger than {limit_mb} MB; split it.", 413),
    "too-long": Answer("Too many rows", "A file holds at most {limit} rows; split it."),
    "no-text": Answer(
        "No text",
        "The file is no UTF-8 text. Save it as “CSV UTF-8” and send it again.",
    ),
    "unreadable": Answer("File not readable", "From line {line} on the file cannot be read as CSV."),
    "columns": Answer(
        "Columns not known",
        "The first row names the columns {columns}; code and name are needed. Missing: {missing}. Not known:"
        " {unknown}. Named twice: {twice}.",
    ),
    "missing": Answer("No file", "Choose a file first."),
}
"""What is said of a file with such a list."""

ANSWERS: Mapping[str, Answer] = {
    "account-unknown": Answer(
        "Unknown account", "Account {account} is not in the client's chart of accounts."
    ),
    "account-inactive": Answer(
        "Account switched off", "Account {account} is switched off in the client's chart of accounts."
    ),
    "account-code-invalid": Answer(
        "Not a code",
        "“{account}” is no code of an account: letters, digits and . - _ / between them, at most {limit}.",
    ),
    "account-needed": Answer(
        "Account is needed",
        "Entries go to account {account} by themselves. Name another in the client's settings first.",
        409,
    ),
    "account-kind-fixed": Answer(
        "Kind stays", "Account {account} has entries as {kind}; its kind stays.", 409
    ),
    "account-in-use": Answer(
        "Account is in use",
        "Account {account} is named by {used_by}. Switch it off instead: what names it keeps its name.",
        409,
    ),
    "too-many-accounts": Answer("Too many accounts", "A chart holds at most {limit} accounts."),
    "too-many-rules": Answer("Too many rules", "A client has at most {limit} coding rules."),
    "rules-incomplete": Answer(
        "Not all rules", "The order names {given} of {of} rules. Read them again and name each once.", 409
    ),
    **{
        f"{noun}-file-{code}": answer for noun in ("vendor", "account") for code, answer in _OF_A_FILE.items()
    },
}
