"""Styles are parsed once for each set of colours, and the same as Textual would."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet

from llmchem_tui.ui.style_sheet import STYLES, ParsedOnce

SHEET = "Label { color: $ink; } Label:hover { color: $ink 50%; }"


def sheet(kind: type[Stylesheet], ink: str) -> Stylesheet:
    made = kind(variables={"ink": ink})
    made.add_source(SHEET, ("here", ""))
    return made


def test_what_was_parsed_stays_while_the_colours_are_the_same() -> None:
    made = sheet(ParsedOnce, "#ff0000")
    before = made.rules
    made.set_variables({"ink": "#ff0000"})
    made.reparse()
    assert [id(rule) for rule in made.rules] == [id(rule) for rule in before]


def test_other_colours_are_taken_as_textual_takes_them() -> None:
    made = sheet(ParsedOnce, "#ff0000")
    assert made.rules
    made.set_variables({"ink": "#00ff00"})
    made.reparse()
    assert made.css == sheet(Stylesheet, "#00ff00").css != sheet(Stylesheet, "#ff0000").css


def test_a_sheet_that_comes_later_is_parsed_and_the_others_are_not_again() -> None:
    made = sheet(ParsedOnce, "#ff0000")
    before = list(made.rules)
    made.add_source("Button { color: $ink; }", ("there", ""))
    made.reparse()
    assert made.rules[: len(before)] == before
    assert "Button" in made.css


def test_every_style_sheet_belongs_to_the_app_or_to_a_screen() -> None:
    folder = STYLES.parent
    named = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    for path in STYLES.glob("*.tcss"):
        assert f'STYLES / "{path.name}"' in named, path.name
