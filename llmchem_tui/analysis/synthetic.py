"""Synthetic histories: rounds of invented models whose skills are known.

They show what can be found out from rounds at all, since the truth stands beside the estimate.
Answers and grades are drawn as those of the simulated pool, on the bundled vignettes; consensus and
scores are made of them as of any round. Unlike that pool these models differ in skill alone: the
chance of an acceptable answer, and of seeing what is wrong with another's. The less skilled a
model is, the noisier are its grades.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.domain.model import (
    SIMULATED_PREFIX,
    Answer,
    AnswerResult,
    Locality,
    ModelSpec,
    Profile,
    ReviewResult,
    Status,
    Usage,
    Vignette,
)
from llmchem_tui.domain.scoring import score_round
from llmchem_tui.domain.strategies import Knowledge, Strategy, choose
from llmchem_tui.providers.simulated import drawn_answer, drawn_review, simulated_spec
from llmchem_tui.providers.simulated_models import Character
from llmchem_tui.session.protocol import answer_text
from llmchem_tui.session.provider import CallRequest
from llmchem_tui.storage.rounds import FinishedRound
from llmchem_tui.storage.vignettes import bundled, load

_LEAST_SKILL, _MOST_SKILL = 0.3, 0.95
_NOISE, _NOISE_PER_SKILL = 0.26, -0.24  # about what the simulated pool has
_FAILURES = 0.03  # of calls
_FIRST_TOKEN_SECONDS, _TOKENS_PER_SECOND = 0.5, 60.0
_SPREAD = 0.8, 1.5  # of the seconds that a call takes
_CHARACTERS_PER_TOKEN = 4

_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)  # no clock: the same seed makes the same history
_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Experiment:
    """Rounds to draw: each of ``n`` models of the pool; the ``strategies`` choose them by turns."""

    pool: tuple[Character, ...]
    rounds: int
    n: int
    strategies: tuple[Strategy, ...]
    seed: int

    @property
    def session(self) -> str:
        """What its trials begin with: another one wherever the rounds differ."""
        told = (len(self.pool), self.n, *self.strategies, self.seed)
        return "-".join(["synthetic", *map(str, told)])


def synthetic_pool(models: int) -> tuple[Character, ...]:
    """Two or more models, the least skilled first; their names tell their skills.

    The skills are evenly spaced from 0.3 to 0.95; every second model is local.
    """
    skills = np.linspace(_LEAST_SKILL, _MOST_SKILL, models).round(3).tolist()
    return tuple(
        Character(
            name=f"{SIMULATED_PREFIX}skill-{skill:.3f}",
            locality=Locality.REMOTE if position % 2 else Locality.LOCAL,
            skill=skill,
            noise=_NOISE + _NOISE_PER_SKILL * skill,
            bias=0.0,
            load_seconds=0.0,
            first_token_seconds=_FIRST_TOKEN_SECONDS,
            tokens_per_second=_TOKENS_PER_SECOND,
            failure_rate=_FAILURES,
        )
        for position, skill in enumerate(skills)
    )


def synthetic_rounds(experiment: Experiment) -> Iterator[FinishedRound]:
    """Draw the rounds, a minute apart; the same experiment gives the same ones.

    The vignettes take turns, and so do the strategies, so that each strategy meets each vignette.
    PERFORMANCE and CHEMISTRY learn from the rounds before, but for those of CHEMISTRY and those
    about the same vignette (SCIENCE.md section 6).

    Raises:
        InputError: no strategy can choose so many models.
    """
    vignettes = [load(header) for header in bundled()]
    characters = {character.name: character for character in experiment.pool}
    specs = {name: simulated_spec(character) for name, character in characters.items()}
    lessons = _Lessons(list(specs))
    draw = random.Random(experiment.seed)
    for number in range(experiment.rounds):
        asked = vignettes[number % len(vignettes)]
        turn = (number + number // len(vignettes)) % len(experiment.strategies)
        strategy, seed = experiment.strategies[turn], draw.getrandbits(32)
        known = lessons.about(asked.id)
        choice = choose(strategy, experiment.n, list(specs.values()), known, seed=seed)
        ensemble = tuple(specs[name] for name in choice.ensemble)
        calls = _Calls(characters, asked, seed)
        answers = {spec.name: calls.answer(spec) for spec in ensemble}
        reviews = calls.reviews(ensemble, answers)
        finished = FinishedRound(
            created=_BEGINNING + number * _INTERVAL,
            trial=f"{experiment.session} {number + 1}",
            vignette=asked.id,
            ensemble=ensemble,
            strategy=strategy,
            seed=seed,
            answers=answers,
            reviews=reviews,
            score=score_round(asked, choice.ensemble, answers, reviews),
            elapsed=sum(
                max((one.latency for one in stage if one.latency is not None), default=0.0)
                for stage in (answers.values(), reviews)
            ),
        )
        if strategy is not Strategy.CHEMISTRY:
            lessons.add(finished)
        yield finished


@dataclass(frozen=True, slots=True)
class _Calls:
    """The calls of a round. Each is drawn by itself: nothing hangs on their order."""

    characters: Mapping[str, Character]
    vignette: Vignette
    seed: int

    def answer(self, spec: ModelSpec) -> AnswerResult:
        character, draw = self.characters[spec.name], self._draw(spec.name)
        if draw.random() < character.failure_rate:
            return AnswerResult(spec.name, Status.ERROR)
        request = CallRequest(spec, "", (), {}, self.seed, self.vignette)
        answer = drawn_answer(character, request)
        tokens = _tokens(answer_text(answer))
        latency = _seconds(character, tokens, draw)
        usage = Usage(_tokens(self.vignette.text), tokens)
        return AnswerResult(spec.name, Status.OK, answer, latency, usage)

    def reviews(
        self, ensemble: Sequence[ModelSpec], answers: Mapping[str, AnswerResult]
    ) -> list[ReviewResult]:
        """The authors of ok answers review each other's."""
        present = [spec for spec in ensemble if answers[spec.name].status is Status.OK]
        return [
            self._review(reviewer, author.name, subject)
            for reviewer, author in permutations(present, 2)
            if (subject := answers[author.name].answer) is not None
        ]

    def _review(self, reviewer: ModelSpec, author: str, subject: Answer) -> ReviewResult:
        character, draw = self.characters[reviewer.name], self._draw(f"{reviewer.name}|{author}")
        if draw.random() < character.failure_rate:
            return ReviewResult(reviewer.name, author, Status.ERROR)
        request = CallRequest(reviewer, "", (), {}, self.seed, self.vignette, author, subject)
        review = drawn_review(character, request, subject)
        latency = _seconds(character, _tokens(review.rationale), draw)
        return ReviewResult(reviewer.name, author, Status.OK, review, latency=latency)

    def _draw(self, call: str) -> random.Random:
        return random.Random(f"{self.seed}|{call}")


def _tokens(text: str) -> int:
    return max(1, len(text) // _CHARACTERS_PER_TOKEN)


def _seconds(character: Character, tokens: int, draw: random.Random) -> float:
    usual = character.first_token_seconds + tokens / character.tokens_per_second
    return usual * draw.uniform(*_SPREAD)


class _Lessons:
    """What the rounds so far teach, added up: a choice need not read them all again."""

    def __init__(self, names: Sequence[str]) -> None:
        self._numbers = {name: i for i, name in enumerate(names)}
        self._past: dict[str, set[frozenset[str]]] = defaultdict(set)
        # Of each vignette the sums and the numbers of the models' qualities and accuracies.
        self._totals: dict[str, NDArray[np.float64]] = {}

    def add(self, finished: FinishedRound) -> None:
        own = self._totals.setdefault(finished.vignette, np.zeros((2, 2, len(self._numbers))))
        for name, score in finished.score.scores.items():
            for row, value in enumerate((score.quality, score.accuracy)):
                if value is not None:
                    own[:, row, self._numbers[name]] += value, 1.0
        self._past[finished.vignette].add(frozenset(finished.score.scores))

    def about(self, vignette: str) -> Knowledge:
        """What may teach a choice for this vignette: the rounds about others."""
        others = [own for name, own in self._totals.items() if name != vignette]
        (quality, accuracy), counts = np.sum(
            [np.zeros((2, 2, len(self._numbers))), *others], axis=0
        )
        profiles = {
            name: Profile(name, float(quality[i] / counts[0, i]), float(accuracy[i] / counts[1, i]))
            for name, i in self._numbers.items()
            if counts[:, i].all()
        }
        past = {x for name, own in self._past.items() if name != vignette for x in own}
        return Knowledge(profiles, past)
