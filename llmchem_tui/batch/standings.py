"""How the strategies of a batch stand so far, from the finished rounds that are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmchem_tui.batch.request import STRATEGIES
from llmchem_tui.domain.model import Outcome, Status

if TYPE_CHECKING:
    from llmchem_tui.storage.history import History
    from llmchem_tui.storage.rounds import FinishedRound


@dataclass(slots=True)
class Standing:
    """Sums over a strategy's ``rounds``. ``failures``: of its ``answers``, those that are not ok.

    ``recommended``: the rounds that ended with a recommendation.
    """

    rounds: int = 0
    recommended: int = 0
    answers: int = 0
    failures: int = 0
    accuracies: int = 0
    accuracy_sum: float = 0.0

    @property
    def accuracy(self) -> float | None:
        """The mean accuracy [0, 1] of the answers that have one; None: none has."""
        return self.accuracy_sum / self.accuracies if self.accuracies else None

    def add(self, finished: FinishedRound) -> None:
        """Take in a round that has just been finished."""
        score = finished.score
        known = [own.accuracy for own in score.scores.values() if own.accuracy is not None]
        self.rounds += 1
        self.recommended += score.outcome is Outcome.RECOMMENDED
        self.answers += len(finished.ensemble)
        self.failures += sum(one.status is not Status.OK for one in finished.answers.values())
        self.accuracies += len(known)
        self.accuracy_sum += sum(known)


def standings(history: History) -> dict[str, Standing]:
    """Return the standing of each strategy that has rounds in a batch's history."""
    found = {}
    for strategy in STRATEGIES:
        rows = history.frame[history.frame["strategy"] == strategy]
        if rows.empty:
            continue
        known = rows["accuracy"].dropna()
        found[strategy] = Standing(
            rounds=rows["trial"].nunique(),
            recommended=rows.loc[rows["recommended"] == "true", "trial"].nunique(),
            answers=len(rows),
            failures=int((rows["status"] != Status.OK).sum()),
            accuracies=len(known),
            accuracy_sum=float(known.sum()),
        )
    return found
