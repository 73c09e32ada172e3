"""What each round of a history measures: accuracy, effectiveness, complementarity, chemistry.

All of it is made for every round at once, so that a million answers take seconds. A model that
stands twice in a round, as in published ones, is one member: the mean of its answers there.

The item of effectiveness (SCIENCE.md section 7) is what the members were asked: the vignette, and
where a history names none, the round. The column ``id`` is no item: it numbers the answers of a
round by the position of their models, so that each would be voted on by a single member.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.domain.complementarity import MAJORITY, complementarities
from llmchem_tui.domain.cost import QUALITY_SCALE

if TYPE_CHECKING:
    import pandas

Array = NDArray[np.float64]

_PAIRS_AT_ONCE = 2**20  # of members: bounds the memory that their distances take
_VALUES = ["accuracy", "quality"]

ANSWERED = (
    *("vignette", "status", "recommended", "variance", "latency", "confidence"),
    *("tokens_in", "tokens_out"),
)
"""The columns of a history that ``answers_of`` reads beside those of ``COMPARED``."""


def answers_of(frame: pandas.DataFrame, aliases: Mapping[str, str]) -> pandas.DataFrame:
    """The answers as numbers: the rows of a history's frame, in any order.

    ``round`` and ``item`` number the rounds and what they asked, ``model`` is a categorical of
    present names. ``failed``: the status is not ok; where there is none, an answer without a value
    has failed.
    """
    import pandas

    # As arrays, which compare with a text in a quarter of the time that columns take.
    status, recommended = frame["status"].to_numpy(), frame["recommended"].to_numpy()
    untold = frame[_VALUES].isna().all(axis=1)
    strategies = frame["strategy"].astype("category")
    rounds = frame.groupby(["trial", strategies], sort=False).ngroup().to_numpy()
    vignettes, _ = pandas.factorize(frame["vignette"])
    names = frame["model"]
    if aliases:
        names = names.map(lambda name: aliases.get(name, name))
    return pandas.DataFrame(
        {
            "round": rounds,
            "item": rounds * (vignettes.max() + 1) + vignettes,
            "model": pandas.Categorical(names),
            "strategy": strategies.array,
            "failed": np.where(status == "", untold, status != "ok"),
            **{
                name: frame[name].to_numpy()
                for name in (*_VALUES, "gen_accuracy", "variance", "latency", "confidence")
            },
            "recommended": recommended == "true",
            "tokens_in": frame["tokens_in"].to_numpy(),
            "tokens_out": frame["tokens_out"].to_numpy(),
        }
    )


def members_of(answers: pandas.DataFrame) -> pandas.DataFrame:
    """The members of the rounds, sorted by round: ``round``, ``model`` and their mean values."""
    models = answers["model"].cat
    grouped = answers[_VALUES].groupby([answers["round"], models.codes])
    members = grouped.mean().rename_axis(["round", "model"]).reset_index()
    return members.astype({"model": np.intp})


def rounds_of(answers: pandas.DataFrame, members: pandas.DataFrame) -> pandas.DataFrame:
    """One line per round, in the order of their numbers, NaN where a measure has no value.

    ``size``: distinct members. ``accuracy``: the mean of the members that have one.
    ``confidence`` and ``recommended_accuracy`` are those of the recommendation: the agreement with
    a reference answer where there is one, else the accuracy, over the answers that it rests on.
    """
    import pandas

    own = answers.groupby("round")
    by_member = members.groupby("round")
    accuracy = by_member["accuracy"].mean()
    summed = own[["accuracy", "latency"]]
    rounds = pandas.DataFrame(
        {
            "strategy": own["strategy"].first(),
            "size": by_member.size(),
            **summed.sum().add_suffix("_sum"),
            **summed.count().add_suffix("_count"),
            "accuracy": accuracy,
            "effectiveness": _effectiveness(answers, accuracy),
            "complementarity": _complementarity(members, len(own)),
        }
    )
    resting = answers[answers["recommended"]].groupby("round")
    means = resting[["confidence", "gen_accuracy", "accuracy"]].mean()
    rounds["confidence"] = means["confidence"]
    rounds["recommended_accuracy"] = means["gen_accuracy"].fillna(means["accuracy"])
    return rounds


def chemistry_of_rounds(members: pandas.DataFrame, table: Array, rounds: int) -> Array:
    """The mean chemistry over the pairs of each round's members; NaN where there is no pair.

    ``table`` has the shape (models, models) in the order of the members' numbers, NaN beside a
    model without a profile, which is left out.
    """
    scores = np.full(rounds, np.nan)
    there = members[members["model"].isin(np.flatnonzero(~np.isnan(table).all(axis=1)))]
    models = there["model"].to_numpy()
    chemistry = np.where(np.isnan(table), 0.0, table)
    for numbers, at in _stacks(there["round"].to_numpy()):
        size = at.shape[1]
        if size > 1:
            own = models[at]
            total = chemistry[own[:, :, None], own[:, None, :]].sum(axis=(1, 2))
            scores[numbers] = total / (size * (size - 1))
    return scores


def spread_of_rounds(members: pandas.DataFrame, penalties: Array, rounds: int) -> Array:
    """The largest difference of two used members' penalties: 0 of fewer than two.

    ``penalties``: of each model, infinite where it is not used, NaN where it has no profile; NaN
    where no member has one.
    """
    own = members.assign(penalty=penalties[members["model"]]).dropna(subset="penalty")
    counted = own["round"].unique()
    by_round = own[np.isfinite(own["penalty"])].groupby("round")["penalty"]
    spread = (by_round.max() - by_round.min()).reindex(counted, fill_value=0.0)
    return np.asarray(spread.reindex(range(rounds)), dtype=float)


def _effectiveness(answers: pandas.DataFrame, accuracy: pandas.Series[float]) -> Array:
    """The share of each round's items that its members get right by soft voting.

    Of a single item, which most rounds have, the vote is the mean ``accuracy`` of the members.
    """
    rounds, items = answers["round"].to_numpy(), answers["item"].to_numpy()
    one_item = np.empty(len(accuracy), dtype=items.dtype)
    one_item[rounds] = items
    several = np.isin(rounds, rounds[items != one_item[rounds]])
    found = np.where(accuracy.isna(), np.nan, accuracy > MAJORITY)
    voted = answers[several].dropna(subset="accuracy")
    by_member = voted.groupby(["round", "item", "model"], observed=True)["accuracy"].mean()
    votes = by_member.groupby(["round", "item"]).mean()
    shares = votes.gt(MAJORITY).astype(float).groupby("round").mean()
    found[shares.index] = shares
    return found


def _complementarity(members: pandas.DataFrame, rounds: int) -> Array:
    """The complementarity of each round's members, those without a quality or accuracy left out."""
    known = members.dropna(subset=_VALUES)
    points = known[_VALUES].to_numpy() / (1.0, QUALITY_SCALE)
    found = np.full(rounds, np.nan)
    for numbers, at in _stacks(known["round"].to_numpy()):
        found[numbers] = complementarities(points[at])
    return found


def _stacks(rounds: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Rounds of equal size together: their numbers (k), and where their members stand (k, size).

    ``rounds`` are the numbers of the members' rounds, ascending.
    """
    numbers, starts, sizes = np.unique(rounds, return_index=True, return_counts=True)
    for size in np.unique(sizes).tolist():
        chosen = np.flatnonzero(sizes == size)
        block = max(1, _PAIRS_AT_ONCE // size**2)
        for begin in range(0, len(chosen), block):
            some = chosen[begin : begin + block]
            yield numbers[some], starts[some][:, None] + np.arange(size)
