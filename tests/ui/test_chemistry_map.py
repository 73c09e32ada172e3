"""The complementarity map: its fields, its models, its cursor, with colours and without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from llmchem_tui.domain.complementarity import (
    Gain,
    complementarity,
    gains,
    marginal_complementarity,
    profile_points,
)
from llmchem_tui.domain.model import Profile
from llmchem_tui.ui.addition import FIELDS, addition
from llmchem_tui.ui.screens.chemistry import ChemistryScreen
from llmchem_tui.ui.screens.map import MapScreen
from llmchem_tui.ui.study import letters
from llmchem_tui.ui.widgets.findings import Finding
from llmchem_tui.ui.widgets.map import HALF, LESS, MORE, STEPS, ChemistryMapPane, Place, shade
from llmchem_tui.ui.widgets.map_text import answer_text, ensemble_text, signed, strangers_text
from tests.ui.app_under_test import NARROW, WIDE, Bench, Driver
from tests.ui.painted import painted, segments
from tests.ui.test_chemistry_screen import NUMBERS, open_chemistry, profiles_of, teach
from tests.ui.test_untrusted_text import EVIL, assert_harmless


async def open_map(user: Driver) -> MapScreen:
    await open_chemistry(user)
    await user.press("m")
    screen = user.app.screen
    assert isinstance(screen, MapScreen)
    await user.wait_until(lambda: user.text("#answer"))
    await user.pilot.pause()
    return screen


def split(ensemble: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The models of an ensemble, and the others."""
    return sorted(ensemble), sorted({*NUMBERS} - {*ensemble})


async def test_the_map_answers_which_model_adds_most_to_the_next_rounds_ensemble(
    bench: Bench,
) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_map(user)
        members, others = split(user.ensemble)
        profiles = {profile.name: profile for profile in profiles_of()}
        known = [profiles[name] for name in members]
        expected = gains(known, [profiles[name] for name in others])
        best = expected[0]
        told = user.text("#answer")
        assert f"{best.name} adds the most: ΔCI {signed(best.complementarity)}" in told
        assert f"ΔHV {signed(best.hypervolume)}, ΔRao {signed(best.rao)}" in told
        listed = user.text("#others").splitlines()
        for line, gain in zip(listed[1:], expected, strict=True):
            letter = gain.name.upper()
            assert line == f"{letter} {signed(gain.complementarity)}  {gain.name}"
        measured = user.text("#members")
        assert [line[2:] for line in measured.splitlines()[1:-1]] == members
        value = complementarity(profile_points(known))
        assert f"CI {value:.3f}".replace("0.", ".") in measured
        assert set(user.text("#here").splitlines()[-1]) <= {*" ABCDE", best.name}
        assert screen.map.place == Place(
            profiles[best.name].accuracy, profiles[best.name].quality / 10
        )
        others_first: list[Gain | Profile] = [*expected[1:], *known, best]
        for other in others_first:
            await user.press("n")
            assert f"{other.name.upper()} {other.name}" in user.text("#here")
            if isinstance(other, Gain):
                assert f"ΔCI {signed(other.complementarity)} ΔHV" in user.text("#here")
        copied = screen.copied().text
        assert told in copied
        assert measured in copied


async def test_the_cursor_tells_what_a_model_there_would_add(bench: Bench) -> None:
    teach(bench)
    async with bench.opened(NARROW) as user:
        screen = await open_map(user)
        chart = marginal_complementarity(
            profile_points([p for p in profiles_of() if p.name in user.ensemble])
        )
        for accuracy, quality in ((0, 0), (1, 1), (1, 0)):
            screen.map.point(Place(accuracy, quality))
            await user.press("right" if accuracy else "left")  # there is no more
            await user.press("up" if quality else "down")
            told = user.text("#here").splitlines()
            assert told[0] == f"accuracy {accuracy or ''}.00  quality {10 * quality:.1f}"
            changes = zip(
                FIELDS, (chart.complementarity, chart.hypervolume, chart.rao), strict=True
            )
            assert told[1] == " ".join(
                f"{name} {signed(float(field[-quality, -accuracy]))}" for name, field in changes
            )
        await user.press("left", "up")
        assert 0.9 < screen.map.place.accuracy < 1
        assert 0 < screen.map.place.quality < 0.1
        await user.pilot.click(ChemistryMapPane, offset=(6, 2))
        assert screen.map.place.accuracy < 0.1
        assert screen.map.place.quality > 0.9
        assert painted(user.app).count("┼") == 1
        before = dict(screen.map._strips)
        await user.press("down")
        changed = [row for row, strip in before.items() if screen.map._strips[row] is not strip]
        assert len(changed) == 2  # over a slow line no more is sent


async def test_keys_turn_the_field_and_the_ensemble(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_map(user)
        seen = []
        for name in (*list(FIELDS)[1:], next(iter(FIELDS))):
            await user.press("v")
            assert str(screen.map.border_title).startswith(f"{name}, ")
            assert user.text("#others").startswith(f"{name} of the others")
            seen.append(user.text("#scale"))
        assert len(set(seen)) == 3
        chemistry = user.app.get_screen_stack("chemistry")[0]
        assert isinstance(chemistry, ChemistryScreen)
        chemistry.ask(replace(chemistry.parameters, size=3))
        await user.wait_until(lambda: len(screen.study.members) == 3)
        assert "ensemble of the next round" in user.text("#members")
        await user.press("e")
        told = user.text("#members")
        assert told.startswith("ensemble recommended here")
        assert [line[2:] for line in told.splitlines()[1:-1]] == sorted(screen.study.members)
        await user.press("e")
        await user.press("escape", "escape")
        user.screen.desk.setup.toggle("e", user.laboratory)
        await user.press("c")
        await user.press("m")
        assert "E e" in user.text("#members")


async def test_a_place_has_a_colour_of_its_own_and_members_are_reversed(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_map(user)
        await user.press("end")
        blocks = [one for one in segments(user.app) if HALF in one.text]
        assert len({str(one.style) for one in blocks}) > STEPS
        members, _ = split(user.ensemble)
        rows = (screen.map.render_line(y) for y in range(screen.map.size.height))
        cells = (one for row in rows for one in row if one.style and one.style.reverse)
        reversed_ = "".join(one.text for one in cells)
        assert {*reversed_} == {*"".join(members).upper()}
        before = {str(one.style) for one in blocks}
        scale = screen.query_one("#scale", Finding).said
        user.app.theme = "clinic-light"
        await user.pilot.pause()
        after = {str(one.style) for one in segments(user.app) if HALF in one.text}
        assert before.isdisjoint(after)
        assert not scale.is_same(screen.query_one("#scale", Finding).said)


async def test_without_colours_or_signs_a_shade_stands_for_a_place(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    bench.env = {"LC_ALL": "C"}
    teach(bench)
    async with bench.opened(NARROW) as user:
        await open_map(user)
        text = painted(user.app)
        assert text.isascii()
        assert HALF not in text
        for sign in "_:%":
            assert text.count(sign) > 5
        assert {"A", "B", "C", "D", "E"} <= {*text}


async def test_views_of_hostile_names_are_harmless_on_a_tiny_screen_too(bench: Bench) -> None:
    names = [f"{EVIL}{i}".replace(",", "").replace("\x1b", "").replace('"', "") for i in range(3)]
    teach(bench, {name: (6.0 + i, 0.4 + i / 4) for i, name in enumerate(names)}, [names])
    async with bench.opened(NARROW) as user:
        await open_map(user)
        assert_harmless(user)
        for size in ((30, 8), WIDE):
            await user.pilot.resize_terminal(*size)
            await user.press("n", "right", "up")
            assert_harmless(user)
        await user.press("escape", "g", "right", "tab", "b")
        assert "[/b] [red]x[/]" in user.text("#unused")
        assert_harmless(user)


# --- without a screen -----------------------------------------------------------------------


CORNERS = {"a": (0.0, 0.0), "b": (0.0, 1.0), "c": (10.0, 0.0), "d": (10.0, 1.0)}


@pytest.mark.parametrize(
    ("numbers", "ensemble", "said"),
    [
        (NUMBERS, "bc", "A a adds the most: ΔCI +"),
        (
            {"a": (9.0, 0.9), "b": (5.0, 0.5)},
            "a",
            "B b adds the most: ΔCI +.1000  (ΔHV 0: different, not",
        ),
        ({"a": (10.0, 1.0), "b": (0.0, 0.0), "c": (5.0, 0.5)}, "ab", "c takes the least; none"),
        ({"a": (9.0, 0.9), "b": (2.0, 0.6)}, "ab", "Every model with a profile is in the"),
        (CORNERS | {"e": (5.0, 0.5)}, "abcd", "Saturated: no model could add complementarity"),
    ],
)
def test_the_answer_is_a_sentence(
    numbers: dict[str, tuple[float, float]], ensemble: str, said: str
) -> None:
    profiles = {profile.name: profile for profile in profiles_of(numbers)}
    own = addition(profiles, tuple(ensemble))
    assert said in answer_text(own, letters(profiles)).plain
    uniform = replace(own, chart=replace(own.chart, complementarity=np.full((2, 2), 0.1)))
    assert answer_text(uniform, letters(profiles)).plain.startswith("Uniform: any model would")


def test_shades_grow_with_what_is_added_and_a_loss_has_a_sign_of_its_own() -> None:
    shades = [shade(level) for level in range(STEPS + 1)]
    assert shades[0] == MORE[0]
    assert shades[1] == MORE[1]  # however little it is
    assert shades[-1] == MORE[-1]
    assert sorted(shades, key=MORE.index) == shades
    assert {shade(level) for level in range(-STEPS, 0)} == {LESS}


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.12345, "+.1235"), (-0.5, "-.5000"), (1.25, "+1.2500"), (0.00001, "0"), (-0.0, "0")],
)
def test_changes_are_written_with_their_sign(value: float, text: str) -> None:
    assert signed(value) == text


def test_models_without_a_profile_are_named_and_not_placed() -> None:
    profiles = {name: Profile(name, *NUMBERS[name]) for name in "abc"}
    own = addition(profiles, ("d", "e"))
    told = ensemble_text(own, letters(profiles), "whose").plain.splitlines()
    assert told[:3] == ["whose", "d: no profile yet, left out", "e: no profile yet, left out"]
    assert told[3] == "nobody, so this is what a first model gives"
    assert told[4] == "CI .000  HV .000  Rao .000"
    assert own.gains[0].name == "a"  # the largest accuracy × quality
    assert strangers_text(["d", "e"]).plain == "no profile yet: d, e"
    assert strangers_text([]).plain == ""
