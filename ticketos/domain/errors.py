"""The one exception of the domain: a stable code and its parameters, never a sentence.

Words come from a catalogue at the edge; HTTP status and retry behaviour are mapped there too.
"""


class DomainError(Exception):
    """A rule refused its input. `code` is kebab-case and stable; `params` are facts for the message."""

    code: str
    params: dict[str, object]

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        if not self.params:
            return self.code
        return f"{self.code} " + " ".join(f"{name}={value}" for name, value in self.params.items())

    def __reduce__(self) -> tuple[object, ...]:
        # Exception's own pickling would call the constructor with the params as a second positional argument.
        return (_rebuild, (self.code, self.params))


def _rebuild(code: str, params: dict[str, object]) -> DomainError:
    return DomainError(code, **params)
