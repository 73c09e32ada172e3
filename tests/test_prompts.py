"""Prompt texts: ours hold what the protocol needs; the user's own may replace each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.prompts import PLACEHOLDERS, load_prompts


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_the_bundled_texts_have_their_placeholders(name: str) -> None:
    text = getattr(load_prompts(), name)
    for placeholder in PLACEHOLDERS[name]:
        assert f"{{{placeholder}}}" in text
    assert text == text.strip()


def test_an_answer_under_review_stands_between_two_lines_of_delimiters() -> None:
    assert "\n{delimiter}\n{answer}\n{delimiter}\n" in load_prompts().review


def test_the_rationale_is_asked_for_before_the_grade() -> None:
    review = load_prompts().review
    assert review.index("`rationale`") < review.index("`grade`") < review.index("`safety_concern`")


def test_no_text_names_a_model_or_a_vendor() -> None:
    prompts = load_prompts()
    texts = f"{prompts.system} {prompts.answer} {prompts.review} {prompts.repair}".lower()
    for name in ("gpt", "claude", "llama", "gemini", "openai", "anthropic", "language model"):
        assert name not in texts


def test_a_file_of_ones_own_replaces_one_text_and_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "repair.md").write_text("Again: {problem} {schema} { untouched }\n")
    own, ours = load_prompts(str(tmp_path)), load_prompts()
    assert own.repair == "Again: {problem} {schema} { untouched }"
    assert (own.system, own.answer, own.review) == (ours.system, ours.answer, ours.review)


@pytest.mark.parametrize(
    ("name", "placeholder"),
    [(name, placeholder) for name, needed in PLACEHOLDERS.items() for placeholder in needed],
)
def test_a_missing_placeholder_is_named_with_its_file(
    tmp_path: Path, name: str, placeholder: str
) -> None:
    text = getattr(load_prompts(), name).replace(f"{{{placeholder}}}", "")
    (tmp_path / f"{name}.md").write_text(text)
    with pytest.raises(InputError) as caught:
        load_prompts(str(tmp_path))
    assert f"{name}.md: the placeholder {{{placeholder}}} is missing" in str(caught.value)


def test_a_folder_without_prompts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("nothing")
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match=r"none of system\.md, answer\.md, review\.md"):
            load_prompts(str(folder))


@pytest.mark.parametrize(
    ("content", "sentence"), [(b" \n", "is empty"), (b"\xff\xfe", "not a text file")]
)
def test_an_empty_or_binary_prompt_is_refused(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    (tmp_path / "system.md").write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        load_prompts(str(tmp_path))
