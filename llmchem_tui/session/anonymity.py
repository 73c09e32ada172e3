"""Nobody may know whose answer it grades: letters per reviewer, and self-identification masked."""

from __future__ import annotations

import random
import re
import string
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace

from llmchem_tui.domain.model import Answer

MASK = "[sentence masked: the author names itself]"

# These names mean nothing else: their mention is enough.
_UNMISTAKABLE = re.compile(
    r"(?<![\w-])(?:chatgpt|gpt-?[345]|openai|anthropic|deepmind|deepseek|mixtral|qwen)",
    re.IGNORECASE,
)

# These are also people, trials, enzymes and prefixes (Gemma, GEMINI-1, Claude Bernard, GPT, the
# angle phi, a meta analysis): a sentence is masked only where it speaks of itself. Those that are
# plain words too, such as a llama, name a model with a capital only.
_VERSION = r"(?:[-.:]?[\w.:-]{0,40}\d[\w.:-]{0,40})?"
_NO_MODEL = r"(?![\w-])(?!\s+(?:bernard|syndrome|analy|regress|data|scholar|trial|stud))"
_NAME = (
    r"(?<![\w-])(?:claude|gemini|gemma|alibaba|nvidia|xai|microsoft|llama(?=-?\d)"
    r"|(?=(?-i:[A-Z]))(?:llama|mistral|grok|command[- ]r|granite|google|meta|cohere))"
    rf"{_VERSION}{_NO_MODEL}"
)
_ANY_NAME = rf"(?:{_NAME}|(?<![\w-])(?:gpt|phi){_VERSION}{_NO_MODEL})"
_NAMED = re.compile(_NAME, re.IGNORECASE)
_ANY_NAMED = re.compile(_ANY_NAME, re.IGNORECASE)
_I_AM = "i am|i['\u2019]m|ich bin|je suis|yo soy|soy|sono|eu sou|ik ben"
_INTRODUCED = re.compile(
    rf"\b(?:{_I_AM}|my name is|call me|i,)\s+(?:[\w'\u2019]{{1,20}}\s){{0,3}}?{_ANY_NAME}"
    rf"|\b(?:as|this is)\s+(?:an? |the )?(?:model |assistant )?{_NAME}"
    rf"|\b(?:made|built|created|developed|trained|provided|released|powered)\s+by\s+{_NAME}"
    rf"|^\W*{_NAME}[\W\d]*$",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\b(?:i|me|my(?!\s+patient)|myself)\b", re.IGNORECASE)
_TRIAL = re.compile(r"\b(?:trials?|stud(?:y|ies))\b", re.IGNORECASE)
_ARTIFICIAL = re.compile(
    r"\b(?:an? ai|ai (?:assistant|model)|language model|chatbot|llm)\b", re.IGNORECASE
)

_STEMS = (
    *("gpt", "openai", "anthropic", "deepmind", "deepseek", "mixtral", "qwen", "claude", "gemini"),
    *("gemma", "alibaba", "nvidia", "xai", "microsoft", "llama", "mistral", "grok", "command"),
    *("granite", "google", "meta", "cohere", "phi"),
)
"""Without one of them no pattern above names a model."""

_MIN_LENGTH = 3
_BREAK = re.compile(r"((?<=[.!?])\s+|\n+)")


def draw_labels(seed: int, reviewer: str, authors: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Return each author's letter and position (1 is first) for one reviewer.

    Both are drawn per reviewer, so that neither tells an author nor favours one.
    """
    names = sorted(authors)
    rng = random.Random(f"labels|{seed}|{reviewer}")
    letters = [letter(i) for i in range(len(names))]
    rng.shuffle(letters)
    order = rng.sample(names, len(names))
    return {name: (letters[i], order.index(name) + 1) for i, name in enumerate(names)}


def letter(i: int) -> str:
    """Return the letter of position ``i`` (0 is A, 26 is AA)."""
    alphabet = string.ascii_uppercase
    size = len(alphabet)
    return alphabet[i] if i < size else letter(i // size - 1) + alphabet[i % size]


def mask_answer(answer: Answer, names: Iterable[str]) -> tuple[Answer, int]:
    """Return the answer without the sentences in which its author names itself, and their number.

    ``names``: the names and server ids of the pool. Medications are not touched.
    """
    names = tuple(names)
    assessment, masked = mask_text(answer.assessment, names)
    cautions = [mask_text(caution, names) for caution in answer.cautions]
    masked += sum(count for _, count in cautions)
    if not masked:
        return answer, 0
    return replace(
        answer, assessment=assessment, cautions=tuple(text for text, _ in cautions)
    ), masked


def mask_text(text: str, names: Iterable[str]) -> tuple[str, int]:
    """Return a text without the sentences in which its author names itself, and their number.

    ``names``: the names and server ids of the pool.
    """
    names = tuple(names)
    whole_names, hints = _any_of(names), _hints(names)
    pieces = _BREAK.split(text)
    masked = [
        i
        for i, sentence in enumerate(pieces)
        if _may_name(sentence, hints)
        and (whole_names.search(read := _as_read(sentence)) or _names_itself(read))
    ]
    for i in masked:
        pieces[i] = MASK
    return "".join(pieces), len(masked)


def _hints(names: Sequence[str]) -> tuple[str, ...]:
    """Of these one stands in every ASCII sentence that is masked, in small letters."""
    return (*_STEMS, *map(str.lower, names)) if all(map(str.isascii, names)) else ("",)


def _may_name(sentence: str, hints: Sequence[str]) -> bool:
    """Whether it is worth a closer look: that takes a second for a megabyte."""
    if not sentence.isascii():
        return True
    small = sentence.lower()
    return any(hint in small for hint in hints)


def _as_read(sentence: str) -> str:
    """The sentence as a reader takes it: wide and styled letters as plain ones, none between."""
    if sentence.isascii():
        return sentence
    return unicodedata.normalize("NFKC", sentence).replace("\ufffd", "")


def _names_itself(sentence: str) -> bool:
    if _UNMISTAKABLE.search(sentence) or _INTRODUCED.search(sentence):
        return True
    if _ARTIFICIAL.search(sentence):
        return _ANY_NAMED.search(sentence) is not None
    speaks_of_itself = _FIRST_PERSON.search(sentence) and not _TRIAL.search(sentence)
    return bool(speaks_of_itself and _NAMED.search(sentence))


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    # Whole words only: "claudication" holds no Claude, "meta-analysis" no Meta. Very short names
    # would hit plain words.
    escaped = sorted((re.escape(w) for w in words if len(w) >= _MIN_LENGTH), key=len, reverse=True)
    names = "|".join(escaped) or "(?!)"  # which matches nothing
    return re.compile(rf"(?<![\w-])(?:{names})(?![\w-])", re.IGNORECASE)
