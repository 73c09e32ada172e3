"""What the Help screen says: sections of short lines, with the keys as the keymap has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from textual.binding import Binding, BindingType

from llmchem_tui.domain.model import Status
from llmchem_tui.session.events import Phase
from llmchem_tui.ui.words import state_glyph

ShowKey = Callable[[Binding], str]
"""How a binding's key is written."""

_MOST_KEYS = 3
"""Of one thing; of more the first and the last are named."""


@dataclass(frozen=True, slots=True)
class Line:
    """A term and what it means; without a term it is a sentence. ``colour``: of the term."""

    term: str
    text: str
    colour: str = "$accent"


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together."""

    title: str
    lines: tuple[Line, ...]

    def having(self, words: Iterable[str]) -> Section:
        """Return the section with only the lines that have all these words, or all of them."""
        words = [word.casefold() for word in words]
        if all(word in self.title.casefold() for word in words):
            return self
        lines = (
            line
            for line in self.lines
            if all(word in f"{line.term} {line.text}".casefold() for word in words)
        )
        return replace(self, lines=tuple(lines))


WHAT = Section(
    "What this is",
    (
        Line(
            "",
            "A laboratory for medication recommendation by several language models. Each answers "
            "the same vignette; each then grades the answers of the others without knowing whose "
            "they are; the grades become a consensus, and the consensus a recommendation with a "
            "confidence. From the saved rounds the program computes how strongly the models "
            "interact and offers the ensemble to try next.",
        ),
        Line("", "Research use only, not medical advice."),
    ),
)

_STATES = {
    "queued": "waits for a free slot, its model, or an answer to review",
    "waiting": "sent; the server has not said anything yet",
    Phase.RETRYING: "refused for a while only; it is asked again by itself",
    Phase.LOADING: "the server loads the model; in brackets how long it took the last time",
    Phase.THINKING: "the model reasons before it answers",
    Phase.WRITING: "text arrives",
    Status.OK: "complete, and of the form that was asked for",
    Status.TRUNCATED: "cut off at max_tokens, or by the server",
    Status.REFUSED: "the model would not answer",
    Status.EMPTY: "nothing came",
    Status.UNPARSED: "no usable form, nor after one request to repair it",
    Status.TIMEOUT: "took longer than the settings allow",
    Status.CANCELLED: "stopped by you",
    Status.ERROR: "the server or the line failed; the pane says how",
}

SIGNS = Section(
    "What the signs mean",
    (
        *(
            Line(
                f"{state_glyph(word)[0]} {'done' if word == Status.OK else word}",
                meaning,
                state_glyph(word)[1],
            )
            for word, meaning in _STATES.items()
        ),
        Line("● ○", "a model that is in the ensemble, and one that is not"),
        Line("L R", "a local model, and a remote one"),
        Line("✗ · –", "in a table: missing for good, not there yet, cannot be"),
        Line("!", "a reviewer raised a safety concern"),
        Line("SIMULATED", "models and answers are made up; they never meet real ones"),
        Line("PRIVATE", "numbers are saved, texts are not"),
    ),
)

NUMBERS = Section(
    "What the numbers are",
    (
        Line("grade", "0 to 1: one reviewer on one answer. Anything else is no grade."),
        Line(
            "quality",
            "0 to 10: the consensus of an answer's grades. Reviewers who agree with the others "
            "weigh more (Vancouver algorithm); nobody grades itself.",
        ),
        Line("σ²", "a reviewer's variance: how far its grades lie from the consensus, squared"),
        Line("review accuracy", "0 to 1, from σ²: 0 is no better than grades drawn at random"),
        Line(
            "accuracy",
            "0 to 1: with a reference regimen 0.75 × agreement with it + 0.25 × review accuracy; "
            "without one 0.75 × review accuracy",
        ),
        Line(
            "confidence",
            "quality / 10 × the share of quality that agrees: an agreement-weighted grade, not a "
            "probability. Below the threshold the round abstains.",
        ),
        Line(
            "interaction",
            "chemistry: how much two models change each other's worth in an ensemble. It has no "
            "sign: a strength, neither good nor bad.",
        ),
        Line(
            "loss",
            "what the search for the next ensemble minimises: the interaction that it leaves out, "
            "and β for each model. α weighs pairs across its border, 1 - α pairs inside it.",
        ),
        Line(
            "95 % interval",
            "of a mean or an interaction: where it lies in 95 of 100 histories made of the "
            "same rounds, drawn again with replacement (bootstrap)",
        ),
        Line(
            "CI  HV  Rao",
            "what an ensemble covers: HV is the area below its models' accuracy and quality, Rao "
            "how far they are apart, CI their mean. ΔCI: what one more model adds.",
        ),
        Line(
            "effectiveness",
            "0 to 1: the share of what was asked that an ensemble gets right, the mean accuracy of "
            "its members being above .5",
        ),
        Line(
            "calibration",
            "how far the confidence of recommendations lies from their accuracy",
        ),
        Line("–", "a missing number stays missing; none is made up"),
    ),
)

LIMITS = Section(
    "Limits",
    (
        Line(
            "", "The 20 vignettes that come with it are made up and were not clinically reviewed."
        ),
        Line("", "No interaction check between drugs is made; a concern is a model's opinion."),
        Line("", "A dose that cannot be read for certain is not judged."),
        Line("", "A high confidence says that the models agree, not that they are right."),
        Line(
            "",
            "Reviewers do not know whose answer they read, but a model may know its own style. "
            "Sentences in which it names itself are masked.",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class KeyHelp:
    """One thing that keys do: the keys as they are written, in a word, and in a sentence."""

    keys: str
    word: str
    text: str


def same_things(bindings: Iterable[BindingType], show_key: ShowKey) -> list[KeyHelp]:
    """Return what our bindings do; those that differ only in a number are one thing."""
    groups: dict[tuple[str, str], list[Binding]] = {}
    for binding in bindings:
        if isinstance(binding, Binding) and binding.id:
            kind = binding.action.partition("(")[0], binding.tooltip or binding.description
            groups.setdefault(kind, []).append(binding)
    return [_key_help(same, show_key) for same in groups.values()]


def _key_help(same: list[Binding], show_key: ShowKey) -> KeyHelp:
    keys = list(dict.fromkeys(show_key(binding) for binding in same))
    shown = " ".join(keys) if len(keys) <= _MOST_KEYS else f"{keys[0]}…{keys[-1]}"
    word, tooltip = same[0].description, same[0].tooltip
    if len({binding.description for binding in same}) > 1:
        word = tooltip
    if tooltip.startswith(word):
        return KeyHelp(shown, word, tooltip)
    return KeyHelp(shown, word, ": ".join(filter(None, (word, _inside(tooltip)))))


def key_lines(bindings: Iterable[BindingType], show_key: ShowKey) -> tuple[Line, ...]:
    """Return a line for each thing that our bindings do."""
    return tuple(Line(own.keys, own.text) for own in same_things(bindings, show_key))


def _inside(sentence: str) -> str:
    """A sentence as it is written after a colon."""
    return sentence[:1].lower() + sentence[1:]


def loop(key: Callable[[str], str]) -> Section:
    """Return how one goes on; ``key`` gives the key of a binding's id."""
    return Section(
        "How to go on",
        (
            Line(key("round.run"), "runs a round with the ensemble that is shown"),
            Line(key("round.adopt"), "adopts the ensemble that is offered next; run again"),
            Line(key("round.replay"), "replays the round that has just ended"),
            Line(key("app.palette"), "finds everything by its name"),
        ),
    )


def names(bindings: Iterable[Binding], show_key: ShowKey) -> Section:
    """Return what each key is called in the settings, where it can be given another."""
    own = sorted((binding.id or "", binding) for binding in bindings)
    lines = (Line(id, f"{show_key(one)}  {one.description}") for id, one in own)
    return Section("Names of the keys, for [keymap] in the settings", tuple(lines))


def files(places: Iterable[tuple[str, object]]) -> Section:
    """Return where the files of this sitting are."""
    return Section("Where files are", tuple(Line(what, str(path)) for what, path in places))


def with_lines(sections: Iterable[Section]) -> Iterator[Section]:
    """Yield the sections that have something to say."""
    return (section for section in sections if section.lines)
