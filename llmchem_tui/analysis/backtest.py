"""Would each strategy have chosen well? A history split by time (SCIENCE.md section 6).

At a split the first k rounds are known: a strategy chooses from what they teach
(``backtest_splits``), and the later ones judge the choice (``backtest_judge``); what that says of
CHEMISTRY is put in a word (``backtest_verdicts``).

A chosen ensemble need never have run: an item is judged by the mean accuracy of the chosen members
that answered it in later rounds (the mean per member and item first), and is correct above 0.5. The
item is what was asked, as in ``evaluate``: the vignette, and where a history names none, the round.

Every split counts alike, and within it every item that the ensemble answered. The intervals draw
items again, each with what it brought at all splits: a later round stands after many split points,
so that drawing (split, item) would count it as new evidence each time. They tell how far a result
hangs on the items that came later, not on the rounds that taught.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmchem_tui.analysis.backtest_judge import HINDSIGHT, SIZES, Chosen, Judge, Key, Told
from llmchem_tui.analysis.backtest_splits import DRAWING, Choosing, Split, Timeline
from llmchem_tui.analysis.backtest_verdicts import Correction, Verdict, verdicts
from llmchem_tui.analysis.evaluation_text import counted
from llmchem_tui.analysis.round_measures import chemistry_of_rounds
from llmchem_tui.analysis.statistics import Estimate, Pearson, pearson
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.recommendation import ChemistryParameters
from llmchem_tui.domain.strategies import Strategy
from llmchem_tui.storage.history_columns import DATE_FORM

if TYPE_CHECKING:
    from llmchem_tui.storage.history import History
    from llmchem_tui.storage.profiles import ProfileMode

STRATEGIES = (*DRAWING, Strategy.PERFORMANCE, Strategy.CHEMISTRY)

_FEWEST_ROUNDS = 10
_FEWEST_MODELS = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the choices of a strategy with ``size`` models would have brought, over items.

    ``voters``: the mean number of members that answered an item. The shares of the best ensemble
    in hindsight are those of ``backtest_judge.Shares``.
    """

    strategy: Strategy
    size: int
    effectiveness: Estimate
    accuracy: Estimate
    voters: float | None
    effectiveness_share: float | None
    accuracy_share: float | None


@dataclass(frozen=True, slots=True)
class Hindsight:
    """The best fixed ensembles of ``size`` at each split, by the very rounds that judge them.

    One is the best by effectiveness, another by accuracy. Nobody could have known them: they also
    fit the chance in those rounds. ``exhaustive``: all sets were compared, not a greedy search.
    """

    size: int
    effectiveness: Estimate
    accuracy: Estimate
    exhaustive: bool


@dataclass(frozen=True, slots=True)
class Backtest:
    """The strategies on a history of ``rounds`` with a date, split after each of ``splits`` rounds.

    ``chemistry_predicts`` and ``accuracy_predicts``: how the mean chemistry over the pairs of a
    round's members, and their mean accuracy, as the last split before the round knew them, go with
    the round's mean accuracy; every later round counts once. ``choices``: those of PERFORMANCE and
    CHEMISTRY. ``notes``: sentences on what was left out or is to be borne in mind.
    """

    rounds: int
    splits: tuple[int, ...]
    outcomes: tuple[Outcome, ...]
    hindsight: tuple[Hindsight, ...]
    verdicts: tuple[Verdict, ...]
    correction: Correction
    chemistry_predicts: Pearson
    accuracy_predicts: Pearson
    choices: tuple[Chosen, ...]
    notes: tuple[str, ...]


def backtest(
    history: History,
    *,
    parameters: ChemistryParameters | None = None,
    mode: ProfileMode = "mean",
    aliases: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Backtest:
    """Test the strategies on a history of one task, with 2, 3, 5 and 10 models up to its pool.

    The pool of a split are the models that had taken part by then. ``parameters`` and ``mode`` are
    those of the choice, ``aliases`` maps models' former names to their present ones, ``seed`` is
    that of the draws and of the bootstrap.

    Raises:
        InputError: fewer than ten rounds have a date, fewer than two models took part, the first
            rounds teach nothing or the later ones tell nothing, or chemistry cannot be computed.
    """
    frame = history.frame
    if aliases:
        frame = frame.assign(model=[aliases.get(name, name) for name in frame["model"].tolist()])
    timeline = Timeline.of(frame)
    _check(timeline)
    choosing = Choosing(parameters or ChemistryParameters(), mode, seed)
    judge = Judge(timeline)
    splits = [split for split in timeline.splits(choosing) if judge.add(split)]
    if not splits:
        raise InputError(
            "No choice can be tested: before every split fewer than two models have a quality and "
            "an accuracy (on other vignettes, where vignettes are named), or no later round has "
            "an accuracy; give more rounds."
        )
    told = judge.estimates(seed)
    outcomes, hindsight = _outcomes(told, judge), _hindsights(told, judge.exhaustive)
    correction, found = verdicts(judge, SIZES, seed)
    by_chemistry, by_accuracy = _predictions(timeline, splits)
    return Backtest(
        rounds=timeline.rounds,
        splits=tuple(split.learned for split in splits),
        outcomes=outcomes,
        hindsight=hindsight,
        verdicts=tuple(found),
        correction=correction,
        chemistry_predicts=by_chemistry,
        accuracy_predicts=by_accuracy,
        choices=tuple(judge.choices),
        notes=_notes(timeline, outcomes),
    )


def _check(timeline: Timeline) -> None:
    if timeline.rounds < _FEWEST_ROUNDS:
        without, remedy = "", "give more rounds"
        if timeline.undated:
            without = f" ({counted(timeline.undated, 'row')} without a date)"
            remedy += f", or dates as {DATE_FORM}"
        raise InputError(
            f"A backtest needs at least {_FEWEST_ROUNDS} rounds with a date of creation, and the "
            f"history has {timeline.rounds}{without}; {remedy}."
        )
    if len(timeline.models) < _FEWEST_MODELS:
        raise InputError(
            f"Only {timeline.models[0]} takes part in the history, so there is nothing to choose "
            "from; give rounds of two or more models."
        )


def _outcomes(told: Mapping[Key, Told], judge: Judge) -> tuple[Outcome, ...]:
    shares = judge.shares()
    return tuple(
        Outcome(
            strategy=strategy,
            size=size,
            effectiveness=own.effectiveness,
            accuracy=own.accuracy,
            voters=own.voters.mean,
            effectiveness_share=shares[strategy, size].effectiveness,
            accuracy_share=shares[strategy, size].accuracy,
        )
        for size in SIZES
        for strategy in STRATEGIES
        if (strategy, size) in told
        for own in [told[strategy, size]]
    )


def _hindsights(told: Mapping[Key, Told], exhaustive: Mapping[int, bool]) -> tuple[Hindsight, ...]:
    return tuple(
        Hindsight(size, best.effectiveness, best.accuracy, exhaustive[size])
        for size in SIZES
        if (HINDSIGHT, size) in told
        for best in [told[HINDSIGHT, size]]
    )


def _predictions(timeline: Timeline, splits: list[Split]) -> tuple[Pearson, Pearson]:
    """How well chemistry, and plain accuracy, foretell each round after the first split."""
    members, vignettes = timeline.members, timeline.vignette_of_rounds
    number = np.searchsorted(
        [split.learned for split in splits], range(timeline.rounds), side="right"
    )
    asked = defaultdict(list)
    for i in np.flatnonzero(number):
        asked[splits[number[i] - 1], vignettes[i]].append(i)
    by_chemistry, by_accuracy = np.full((2, timeline.rounds), np.nan)
    for (split, vignette), there in asked.items():
        theirs = members[members["round"].isin(there)]
        table = split.chemistry(vignette, timeline.models)
        by_chemistry[there] = chemistry_of_rounds(theirs, table, timeline.rounds)[there]
        known = split.accuracies(vignette, timeline.models)[theirs["model"]]
        means = theirs.assign(known=known).groupby("round")["known"].mean()
        by_accuracy[there] = means.reindex(there)
    actual = members.groupby("round")["accuracy"].mean().to_numpy()
    return (
        pearson(by_chemistry, actual, ("the known chemistry", "accuracy")),
        pearson(by_accuracy, actual, ("the known accuracy", "accuracy")),
    )


def _notes(timeline: Timeline, outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    notes = []
    if timeline.undated:
        notes.append(
            f"{counted(timeline.undated, 'row')} without a date of creation left out: nothing "
            "tells when they came."
        )
    if timeline.in_blocks:
        notes.append(
            "The strategies ran one after the other: the earlier rounds, which teach, are of "
            "other strategies than the later ones, which judge."
        )
    present = {one.strategy for one in outcomes}
    missing = [strategy for strategy in STRATEGIES if strategy not in present]
    if missing:
        notes.append(
            f"{' and '.join(missing)} left out: where a model ran is known only from having "
            "been in rounds of one of the two and not of the other; of too few models it is."
        )
    return tuple(notes)
