"""Which language a message is in, among those a client expects; `unknown` rather than a guess."""

import re
import threading
from collections.abc import Sequence
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

DEFAULT_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "hi", "ta", "te", "bn", "mr", "ar", "ja", "zh")
UNKNOWN = "unknown"
_MIN_LETTERS = 8
_MIN_BELIEF = 0.6
_SAMPLE = 2_000
# No model tells Hindi in Latin letters from its neighbours, so its small words are recognised and the answer
# is "unknown"; words that are English as well ("to", "hum", "me", "use") are left out.
_ROMAN_HINDI = frozenset(
    re.findall(
        r"\w+",
        "hai hain nahi nahin kya kyun kyu kaise kab kahan kripya karo karein kare karna karke karwa "
        "kijiye kijye dijiye dijye mera meri mere mujhe humko hume aap aapka aapki aapke apna apni "
        "raha rahi rahe gaya gayi gaye hua hui abhi bhai jaldi sabhi paisa paise chahiye wala wali "
        "wale lekin aur phir bahut bohot kuch koi sakta sakte sakti tha thi hoga hogi yeh woh isko "
        "usko bhej bhejo batao bata dena lena milta mila mili hota hoti toh matlab turant ",
    )
)
_WORD = re.compile(r"[^\W\d_]+")
_NOISE = re.compile(r"https?://\S+|\S+@\S+|\b\w*\d\w*\b")
_lock = threading.Lock()


@lru_cache(maxsize=32)
def _identifier(languages: tuple[str, ...]) -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    known = [code for code in languages if code in identifier.labels]
    identifier.set_languages(known or list(DEFAULT_LANGUAGES))
    return identifier


def load() -> threading.Thread:
    """Unpack the usual languages' model on a thread of its own: half a second that leaves the interpreter free for whatever
    else a process loads. `detect` waits for it where it must."""

    def unpack() -> None:
        with _lock:
            _identifier(DEFAULT_LANGUAGES)

    loading = threading.Thread(target=unpack, daemon=True, name="languages")
    loading.start()
    return loading


def detect(text: str, languages: Sequence[str] = DEFAULT_LANGUAGES) -> str:
    """The ISO 639-1 code of the text's language among `languages`, or `unknown`."""
    sample = _NOISE.sub(" ", text[:_SAMPLE])
    words = [word.lower() for word in _WORD.findall(sample)]
    if sum(map(len, words)) < _MIN_LETTERS:
        return UNKNOWN
    hindi = sum(word in _ROMAN_HINDI for word in words)
    if hindi >= 2 and hindi * 8 >= len(words):
        return UNKNOWN
    with _lock:  # the loaded model keeps state while it reads
        code, belief = _identifier(tuple(languages)).classify(" ".join(words))
    return str(code) if belief >= _MIN_BELIEF else UNKNOWN
