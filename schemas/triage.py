"""What triage says about a message."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]


class TriageResult(BaseModel):
    """One message judged. `decision` is `auto` when the engine is sure enough to route without a person.

    `top` lists at most three lines with their probabilities, best first. `language` is an ISO 639-1 code or
    `unknown`. The probabilities are the engine's belief over all lines of the company, also when a client has
    booked only some: a message for a line outside the contract is not made to look certain.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    service_line: str
    ticket_type: str
    priority: Literal["P1", "P2", "P3", "P4"]
    language: str
    sentiment: Literal["negative", "neutral", "positive"]
    confidence: Probability
    decision: Literal["auto", "review"]
    top: list[tuple[str, Probability]]
    engine: str
