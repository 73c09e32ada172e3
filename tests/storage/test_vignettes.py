"""The bundled vignettes, the user's own, and every way in which a file can be wrong."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.medication import (
    components,
    generation_accuracy,
    ingredients,
    violations,
)
from llmchem_tui.domain.model import Action, Unacceptable, Vignette
from llmchem_tui.storage.vignette_form import vignette_from
from llmchem_tui.storage.vignettes import (
    bundled,
    find,
    from_text,
    headers,
    read_file,
    read_stdin,
)

OWN = """\
text = "A 30-year-old man with hay fever."
specialty = "allergy"
complexity = "low"

[patient]
age = 30
sex = "male"
weight_kg = 70

[[acceptable]]
medications = [{ action = "start", name = "cetirizine", dose = "10 mg" }]

[[unacceptable]]
ingredient = "promethazine"
reason = "he drives"
dose_above = "0.1 mg/kg"

[[inferior]]
merit = 0.5
why = "sedating"
medications = []
"""

BUNDLED = {header.id: find(header.id) for header in bundled()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hay-fever.toml").write_text(OWN)
    return tmp_path


def written(tmp_path: Path, content: str | bytes, name: str = "case.toml") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def problem(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_file(path)
    message = str(caught.value)
    assert message.startswith(str(path)), "the file is named first"
    assert "\n" not in message
    return message.removeprefix(str(path))


# The bundled vignettes


def test_there_are_twenty_of_ten_specialties_and_all_complexities() -> None:
    assert len(BUNDLED) >= 20
    assert len({vignette.specialty for vignette in BUNDLED.values()}) >= 10
    assert {v.complexity for v in BUNDLED.values()} == {"low", "moderate", "high"}


def test_a_list_shows_what_the_files_say() -> None:
    for header in bundled():
        vignette = BUNDLED[header.id]
        shown = (vignette.id, vignette.title, vignette.specialty, vignette.complexity)
        assert (header.id, header.title, header.specialty, header.complexity) == shown


@pytest.mark.parametrize("vignette", BUNDLED.values(), ids=BUNDLED.keys())
def test_a_bundled_vignette_is_complete(vignette: Vignette) -> None:
    file = files("llmchem_tui") / "vignettes" / f"{vignette.id}.toml"
    content = file.read_text("utf-8")
    assert vignette_from(tomllib.loads(content), file.name, vignette.id) == vignette, "checked"
    assert content.startswith("# Written by the developers")
    assert "not clinically reviewed" in content.splitlines()[0]
    assert 60 <= len(vignette.text.split()) <= 160
    assert vignette.title
    assert vignette.patient is not None
    assert vignette.acceptable
    assert 2 <= len(vignette.inferior) <= 4
    assert vignette.source is None or 1990 <= vignette.source.year <= 2026


@pytest.mark.parametrize("vignette", BUNDLED.values(), ids=BUNDLED.keys())
def test_its_acceptable_answers_score_one_and_its_inferior_ones_less(vignette: Vignette) -> None:
    for answer in vignette.acceptable:
        assert generation_accuracy(answer, vignette) == 1
    for inferior in vignette.inferior:
        accuracy = generation_accuracy(inferior.answer, vignette)
        assert accuracy is not None
        assert accuracy < 1


@pytest.mark.parametrize("vignette", BUNDLED.values(), ids=BUNDLED.keys())
def test_its_drugs_and_its_limits_are_in_the_vocabulary(vignette: Vignette) -> None:
    answers = [*vignette.acceptable, *(inferior.answer for inferior in vignette.inferior)]
    named = {name for answer in answers for line in answer.medications for name in [line.name]}
    named |= {limit.ingredient for limit in vignette.unacceptable}
    strange = {name for name in named for one in components(name) if ingredients(one) != {one}}
    assert strange == set()


def test_an_unsafe_answer_is_mostly_one_that_its_vignette_calls_unacceptable() -> None:
    unsafe = [(v, i) for v in BUNDLED.values() for i in v.inferior if i.unsafe]
    violating = [pair for pair in unsafe if violations(pair[1].answer, pair[0])]
    assert len(violating) >= len(unsafe) / 2


# Finding one


def test_a_vignette_is_found_by_id_and_by_path(folder: Path) -> None:
    assert find("cap-older-adult").id == "cap-older-adult"
    own = find("hay-fever", folder)
    assert own.title == "A 30-year-old man with hay fever."
    assert find(str(folder / "hay-fever.toml")) == own


def test_an_unknown_id_names_the_nearest(folder: Path) -> None:
    with pytest.raises(InputError, match="did you mean cap-older-adult"):
        find("cap-oldr-adult")
    with pytest.raises(InputError, match=r"'hayfever'; did you mean hay-fever\?"):
        find("hayfever", folder)
    with pytest.raises(InputError, match="no vignette 'qqqq'; llmchem vignettes lists them all"):
        find("qqqq")


@pytest.mark.parametrize("name", ["nowhere.toml", "no/where", "a\0b.txt", "x" * 5000])
def test_a_name_of_nothing_is_an_input_error(name: str) -> None:
    with pytest.raises(InputError):
        find(name)


def test_the_users_vignettes_are_listed_after_the_bundled_ones(folder: Path) -> None:
    (folder / "Meine Notiz.txt").write_text("\n  Fever since Monday.  \nNo allergies.\n")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    listed = headers(folder)
    assert listed[: len(BUNDLED)] == bundled()
    assert [(one.id, one.title) for one in listed[len(BUNDLED) :]] == [
        ("meine-notiz", "Fever since Monday."),
        ("hay-fever", "A 30-year-old man with hay fever."),
    ]
    assert find("meine-notiz", folder).text == "Fever since Monday.  \nNo allergies."


def test_a_users_file_may_give_its_own_id(folder: Path) -> None:
    (folder / "x1.toml").write_text('id = "my-case"\ntext = "A case."\n')
    (folder / "a-broken-one.toml").write_text("text = ")
    assert find("my-case", folder).text == "A case."


def test_what_cannot_be_used_is_listed_with_the_reason(folder: Path) -> None:
    (folder / "broken.toml").write_text("text = ")
    (folder / "cap-older-adult.toml").write_text('text = "Another one."\n')
    unusable = {one.id: one.title for one in headers(folder) if not one.usable}
    assert unusable.keys() == {"broken", "cap-older-adult"}
    assert "broken TOML" in unusable["broken"]
    assert "taken by another vignette" in unusable["cap-older-adult"]
    with pytest.raises(InputError, match="broken TOML"):
        find("broken", folder)
    assert find("cap-older-adult", folder) == BUNDLED["cap-older-adult"]


def test_a_folder_that_does_not_exist_has_no_vignettes(tmp_path: Path) -> None:
    assert headers(tmp_path / "nowhere") == headers(None) == bundled()


def test_a_folder_that_cannot_be_read_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.iterdir

    def refuse(self: Path) -> Iterator[Path]:
        if self == folder:
            raise PermissionError(13, "Permission denied")
        return read(self)

    monkeypatch.setattr(Path, "iterdir", refuse)
    listed = headers(folder)
    assert listed[:-1] == bundled()
    assert not listed[-1].usable
    assert listed[-1].title == f"{folder}: cannot be read (Permission denied)"
    assert find("cap-older-adult", folder) == BUNDLED["cap-older-adult"]
    with pytest.raises(InputError, match="Permission denied"):
        find("hay-fever", folder)


# The user's own


def test_a_file_of_the_bundled_form_is_read_whole(folder: Path) -> None:
    vignette = read_file(folder / "hay-fever.toml")
    assert vignette.id == "hay-fever"
    assert vignette.patient is not None
    assert vignette.patient.weight_kg == 70
    assert vignette.acceptable[0].medications[0].action is Action.START
    assert vignette.unacceptable == (
        Unacceptable("promethazine", "he drives", dose_above="0.1 mg/kg"),
    )
    assert vignette.inferior[0].answer.medications == ()
    assert vignette.source is None


def test_text_is_all_that_a_users_file_needs(tmp_path: Path) -> None:
    vignette = read_file(written(tmp_path, 'text = """\n\nFever.\nCough."""', "Fall_Nr 1.toml"))
    assert vignette == Vignette("fall-nr-1", "Fever.", "Fever.\nCough.")


def test_plain_text_is_a_vignette(tmp_path: Path) -> None:
    content = "\ufeffÄltere Frau\r\nmit Husten".encode()
    vignette = read_file(written(tmp_path, content, "Ärztin.txt"))
    assert vignette == Vignette("arztin", "Ältere Frau", "Ältere Frau\nmit Husten")


def test_a_name_without_a_latin_letter_becomes_a_note(tmp_path: Path) -> None:
    assert read_file(written(tmp_path, "case", "症例.txt")).id == "note"


def test_a_long_first_line_is_clipped_to_a_title() -> None:
    vignette = from_text("word " * 100)
    assert vignette.id == "note"
    assert len(vignette.title) <= 80
    assert vignette.title.endswith("…")


def test_standard_input_is_text() -> None:
    assert read_stdin(io.BytesIO("\ufeffHusten, 38 °C".encode())) == "Husten, 38 °C"
    with pytest.raises(InputError, match="standard input is not text in UTF-8"):
        read_stdin(io.BytesIO(b"\xff\xfe"))
    with pytest.raises(InputError, match="standard input is longer than"):
        read_stdin(io.BytesIO(b"a" * 900_000))


@pytest.mark.parametrize(
    ("text", "said"),
    [(" \n", "is empty"), ("a\0b", r"U\+0000"), ("\x1b[2J", r"U\+001B"), ("a" * 200_001, "longer")],
)
def test_a_text_that_is_no_vignette_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=f"the text of the vignette.*{said}"):
        from_text(text)


# What can be wrong with a file


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("case.txt", b"", " is empty; write the vignette into it"),
        ("case.txt", b" \n\t", " is empty; write the vignette into it"),
        ("case.toml", b"", ' is empty; write the vignette into it as text = """…"""'),
        ("case.toml", b"# nothing", ' is empty; write the vignette into it as text = """…"""'),
        ("case.toml", b'text = " "', ": text is empty; write the vignette into it"),
        ("case.txt", b"\x89PNG\x0d\x0a\x1a\x0a\x00", ": not a text file in UTF-8"),
        ("case.toml", "text = 'é'".encode("latin-1"), ": not a text file in UTF-8"),
        ("case.txt", "Fall".encode("utf-16"), ": not a text file in UTF-8"),
        ("case.txt", b"a\x00b", ": not a text file in UTF-8"),
        ("case.txt", b"a\x1bb", "control character U+001B"),
        ("case.toml", b'text = "a"\ntitle = "\\u001b[2J"', "control character U+001B"),
        ("case.txt", b"a" * 200_001, " is longer than 200,000 characters"),
        ("case.txt", b"a" * 1_100_000, ": larger than 1,000,000 bytes"),
    ],
)
def test_a_file_that_is_no_text_is_refused(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    assert said in problem(written(tmp_path, content, name))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert problem(tmp_path / "no.txt") == ": there is no such file; check the path"
    assert "cannot be read" in problem(tmp_path)


def changed(old: str, new: str) -> str:
    assert old in OWN
    return OWN.replace(old, new)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text = ", "broken TOML"),
        ("title = 'A case'", "text is missing"),
        (changed("specialty", "speciality"), "unknown key speciality; did you mean specialty?"),
        (changed("weight_kg", "weight"), "unknown key patient.weight; did you mean patient.weight"),
        (changed("dose =", "dosis ="), "unknown key acceptable[#1].medications[cetirizine].dosis"),
        (changed('"A 30-year-old man with hay fever."', "3"), "text must be text"),
        (changed("age = 30", 'age = "thirty"'), "patient.age must be a number"),
        (changed("age = 30", "age = -1"), "patient.age must be years"),
        (changed("age = 30", "age = nan"), "patient.age must be years"),
        (changed("weight_kg = 70", "weight_kg = 0"), "patient.weight_kg must be"),
        (changed('"male"', '"m"'), "patient.sex must be female or male"),
        (changed('"low"', '"easy"'), "complexity must be one of low, moderate, high"),
        (changed('"start"', '"begin"'), "must be one of start, stop, change, continue"),
        (changed('"cetirizine"', '" "'), "acceptable[#1].medications[#1].name must name a drug"),
        (changed("0.5", "1.5"), "inferior[#1].merit must be a number from 0 to 1, not 1.5"),
        (changed("0.5", "nan"), "inferior[#1].merit must be a number from 0 to 1"),
        (changed("0.5", '"good"'), "inferior[#1].merit must be a number"),
        (changed('"promethazine"', '"aspirin/heparin"'), "ingredient must be one active"),
        (
            changed('"0.1 mg/kg"', '"lots"'),
            'unacceptable[#1].dose_above must be a dose such as "500',
        ),
        (changed("weight_kg = 70\n", ""), "(mg/kg needs patient.weight_kg)"),
        (
            OWN.replace('reason = "he', 'actions = []\nreason = "he'),
            "actions must have at least one",
        ),
        ('id = "My Case"\n' + OWN, "id must be 1 to 64 of a-z, 0-9 and hyphen, not 'My Case'"),
        ('id = "../x"\n' + OWN, "id must be"),
        ("format = 2\nnew_key = 1\n" + OWN, "format 2 is newer than this program"),
        ("format = 0\n" + OWN, "format must be 1, not 0"),
        ("patient = 3\ntext = 'a'", "patient must be a table"),
        ("acceptable = 3\ntext = 'a'", "write acceptable as [[acceptable]]"),
        ("[source]\nyear = 2019\n", "text is missing"),
        ("text = 'a'\n[source]\nyear = 2019\n", "source.organisation is missing"),
    ],
    ids=lambda value: " ".join(value.split())[:30],
)
def test_a_wrong_key_is_named_with_what_was_expected(
    tmp_path: Path, content: str, said: str
) -> None:
    assert said in problem(written(tmp_path, content))
