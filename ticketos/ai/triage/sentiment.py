"""How a message feels, by a lexicon of our own for the language of service work.

Words that only sound loaded in general lexica ("please", "issue", "support", "critical path") weigh nothing here;
threats to leave or to complain elsewhere weigh most.
"""

import re
from typing import Literal

Sentiment = Literal["negative", "neutral", "positive"]

_NEGATIVE = {
    3: r"consumer (?:court|forum)|legal (?:action|notice)|lawyer|anwalt|sue you|ombudsman|fraud|cheat(?:ed|ing)?|scam|"
    r"worst|pathetic|disgust\w*|horrible|terrible|awful|unacceptable|ridiculous|useless|never again|furious|"
    r"inakzeptabel|unverschämt\w*|frechheit|katastroph\w*|bakwas|bekar|ghatiya|dhokha|harass\w*|incompetent|"
    r"cancel (?:my|our) (?:contract|account|subscription)|rude|shame(?:ful)?|hate",
    2: r"angry|frustrat\w*|disappoint\w*|annoy\w*|upset|fed up|complain\w*|beschwer\w*|verärgert|enttäusch\w*|"
    r"unzufrieden|poor (?:service|quality)|no (?:one|body) (?:is )?(?:respond\w*|answer\w*|repl\w*|help\w*|listen\w*)|"
    r"nobody (?:cares|helps|answers)|third time|again and again|how many times|yet again|still (?:not|no|waiting|"
    r"nothing|pending|broken|wrong)|sick of|waste of|not (?:happy|satisfied|acceptable)|pareshan|gussa|naraz|"
    r"koi (?:jawab|reply) nahi|kab tak|lost my|rip ?off|stuck|delayed again|no response|ignored|unhappy|"
    r"nicht akzeptabel|immer noch (?:nicht|kein\w*)|zum (?:dritten|wiederholten) mal",
    1: r"wrong|late|delay\w*|fail(?:ed|s|ing|ure)?|broken|not working|doesn'?t work|error|missing|overcharged|"
    r"damaged|bad|problem|unable|can'?t|cannot|lost|blocked|kaputt|fehler\w*|falsch|verspätet|nahi (?:aaya|mila|hua)|"
    r"kharab|galat|slow|crash\w*",
}
_POSITIVE = {
    3: r"excellent|outstanding|amazing|fantastic|awesome|love (?:it|you|your|the|this)|wonderful|superb|brilliant|"
    r"hervorragend|ausgezeichnet|great (?:job|work|service|help|support)|very happy|delighted|badhiya|bahut accha",
    2: r"great|appreciate\w*|thank you so much|thanks a lot|many thanks|vielen dank|happy (?:with|to see)|satisfied|"
    r"impressed|perfect|super|toll|shukriya|dhanyavaad|zufrieden|well done|nice work|best (?:service|team|airline)",
    1: r"good|nice|helpful|quick response|resolved|works (?:now|again)|danke|thanks|thank you|glad|pleased|accha",
}
_NEGATION = re.compile(
    r"(?:\b(?:not|never|no|nor|hardly|without|nicht|kein\w*|nahi|nahin)|n't)\s+(?:\w+\s+){0,2}$"
)
_POLITE = re.compile(
    r"\b(?:thanks|thank you|vielen dank|danke|many thanks)(?:\s+(?:in advance|and regards|im voraus))?[\s,.!]*$"
)
_EDGE = 1.5


def _compile(table: dict[int, str]) -> list[tuple[int, re.Pattern[str]]]:
    return [
        (weight, re.compile(rf"\b(?:{words})\b")) for weight, words in sorted(table.items(), reverse=True)
    ]


_TABLES = ((-1, _compile(_NEGATIVE)), (1, _compile(_POSITIVE)))


def score(text: str) -> float:
    """Below zero unhappy, above zero pleased; each expression counts once."""
    rest = _POLITE.sub("", text[:8_000].lower().replace("\u2019", "'").strip())
    total = 0.0
    for sign, table in _TABLES:
        seen: set[str] = set()
        for weight, pattern in table:
            for match in pattern.finditer(rest):
                if match[0] in seen:
                    continue
                seen.add(match[0])
                denied = bool(_NEGATION.search(rest[max(0, match.start() - 30) : match.start()]))
                # "not good" is a complaint; "no error" is merely no complaint.
                total += (-weight if sign > 0 else 0) if denied else sign * weight
    shouting = sum(1 for word in re.findall(r"\b[A-Z]{4,}\b", text[:8_000])) >= 3 or "!!" in text
    return total - 1 if shouting and total < 0 else total


def sentiment(text: str) -> Sentiment:
    """The message's tone; a single mild word does not move it."""
    value = score(text)
    if value <= -_EDGE:
        return "negative"
    return "positive" if value >= _EDGE else "neutral"
