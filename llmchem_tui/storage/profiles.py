"""What a history teaches: profiles of models, past ensembles, rounds per model (SCIENCE.md §6).

A round is one (trial, strategy): trial names repeat under several strategies in published files.
``aliases`` maps a model's former names to its present one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Literal

from llmchem_tui.domain.model import Profile

if TYPE_CHECKING:
    import numpy as np
    import pandas
    from numpy.typing import NDArray

    from llmchem_tui.domain.strategies import Knowledge
    from llmchem_tui.storage.history import History

ProfileMode = Literal["mean", "latest", "best"]

_ROUND = ["trial", "strategy"]
_VALUES = ["quality", "accuracy"]

MEAN_DECIMALS = 12
"""To which means of rounds are rounded: equal ones stay equal, whatever the order of the sum."""


def knowledge(
    history: History, *, mode: ProfileMode = "mean", aliases: Mapping[str, str] | None = None
) -> Knowledge:
    """All that the rounds of a history teach about the models; the history has one task."""
    from llmchem_tui.domain.strategies import Knowledge

    return Knowledge(
        profiles(history, mode=mode, aliases=aliases),
        past_ensembles(history, aliases=aliases),
        rounds_by_model(history, aliases=aliases),
        rounds_together(history, aliases=aliases),
    )


def profiles(
    history: History, *, mode: ProfileMode = "mean", aliases: Mapping[str, str] | None = None
) -> dict[str, Profile]:
    """Each model's quality [0, 10] and accuracy [0, 1], sorted by name; the history has one task.

    ``mean``: the mean within each round, then the mean of those, each value over what is there.
    ``latest`` and ``best`` take one answer that has both values: the last by creation time, or the
    first one of the largest accuracy; of equals the later, or the earlier, in file order.
    Rounds with a reference answer (gen_accuracy present) count if the model has any, else the
    others. A model without any quality or without any accuracy among them has no profile.
    ``rounds`` of a profile counts all the model's rounds with a value, ``referenced`` those of
    them that have a reference.
    """
    columns = [*_VALUES, "gen_accuracy", *["created"] * (mode == "latest")]
    rows, names = _numbered(history, aliases, columns)
    rows = rows[rows[_VALUES].notna().any(axis=1)]
    by_round = rows.groupby(["model", "round"], sort=False)
    rounds = by_round[_VALUES].mean()
    rounds["referenced"] = by_round["gen_accuracy"].count() > 0
    by_model = rounds["referenced"].groupby("model")
    totals, referenced = by_model.size(), by_model.sum()
    if mode == "mean":
        counted = rounds["referenced"] == by_model.transform("any")
        means = rounds.loc[counted, _VALUES].groupby("model").mean()
        values = means.dropna().round(MEAN_DECIMALS)
    else:
        with_reference = by_round["gen_accuracy"].transform("count") > 0
        counted = with_reference == rows["model"].map(referenced > 0)
        values = _single(rows[counted], mode)
    return {
        names[model]: Profile(
            names[model], quality, accuracy, int(totals[model]), int(referenced[model])
        )
        for model, quality, accuracy in zip(
            values.index.tolist(), *(values[column].tolist() for column in _VALUES), strict=True
        )
    }


def past_ensembles(
    history: History, *, aliases: Mapping[str, str] | None = None
) -> tuple[frozenset[str], ...]:
    """The distinct ensembles of all rounds, members that failed included, in alphabetical order."""
    return tuple(sorted(_ensembles(history, aliases), key=sorted))


def rounds_by_model(
    history: History, *, aliases: Mapping[str, str] | None = None
) -> dict[str, int]:
    """In how many rounds each model took part, those included in which it failed, by name."""
    rows, names = _numbered(history, aliases)
    counts = rows.drop_duplicates(["model", "round"])["model"].value_counts(sort=False)
    counted = zip(counts.index.tolist(), counts.tolist(), strict=True)
    return {names[model]: rounds for model, rounds in sorted(counted)}


def rounds_together(
    history: History, *, aliases: Mapping[str, str] | None = None
) -> dict[frozenset[str], int]:
    """In how many rounds each two models met, failed ones included; pairs that never met lack."""
    met: Counter[frozenset[str]] = Counter()
    for ensemble, rounds in _ensembles(history, aliases).items():
        met.update(dict.fromkeys(map(frozenset, combinations(ensemble, 2)), rounds))
    return dict(met)


def _ensembles(history: History, aliases: Mapping[str, str] | None) -> Counter[frozenset[str]]:
    """In how many rounds each ensemble answered."""
    rows, names = _numbered(history, aliases)
    members = defaultdict(set)
    for number, model in zip(rows["round"].tolist(), rows["model"].tolist(), strict=True):
        members[number].add(names[model])
    return Counter(map(frozenset, members.values()))


def _numbered(
    history: History, aliases: Mapping[str, str] | None, columns: Sequence[str] = ()
) -> tuple[pandas.DataFrame, list[str]]:
    """These columns of each row, and numbers for its model and its round.

    The numbers of models are places in the list beside, their present names in order.
    """
    import numpy as np

    frame = history.frame
    own, distinct = _factorized(frame["model"])
    present = [(aliases or {}).get(name, name) for name in distinct]
    names = sorted({*present})
    places = {name: place for place, name in enumerate(names)}
    models = np.array([places[name] for name in present], dtype=np.intp)[own]
    (trials, _), (strategies, known) = (_factorized(frame[column]) for column in _ROUND)
    rounds = trials * len(known) + strategies
    return frame[[*columns]].assign(model=models, round=rounds), names


def _factorized(texts: pandas.Series) -> tuple[NDArray[np.intp], list[str]]:
    import pandas

    # An array of objects takes half as long as pandas' column of text.
    numbers, distinct = pandas.factorize(texts.to_numpy(dtype=object))
    return numbers, distinct.tolist()


def _single(rows: pandas.DataFrame, mode: ProfileMode) -> pandas.DataFrame:
    whole = rows.dropna(subset=_VALUES)
    if mode == "latest":
        chosen = whole.sort_values("created", kind="stable").drop_duplicates("model", keep="last")
    else:
        chosen = whole.sort_values("accuracy", ascending=False, kind="stable")
        chosen = chosen.drop_duplicates("model")
    return chosen.set_index("model")[_VALUES].sort_index()
