"""The page: whole in itself, easy to find one's way in, and nobody's words become a part of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmchem_tui.analysis.figures import heat_map
from llmchem_tui.analysis.markdown import Part, fenced, inline, quoted, table
from llmchem_tui.analysis.page import page
from llmchem_tui.analysis.pictures import Picture, draw
from llmchem_tui.analysis.report import RoundReport
from llmchem_tui.analysis.round_markdown import round_parts
from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.model import (
    NOTICE,
    Action,
    Answer,
    AnswerResult,
    Medication,
    Profile,
    Status,
    Vignette,
)
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.storage.copies import OWN_MARK
from tests.analysis.rounds import answer, ended, graded, ok
from tests.analysis.test_markdown import HOSTILE as HOSTILE_MARKDOWN

HOSTILE = (
    *HOSTILE_MARKDOWN,
    "<script>alert(1)</script> <img src=x onerror=alert(1)> </details></main> ]]> <!--",
    "[a](javascript:alert(1)) [b](#saved-1) ![c](data:image/png;base64,AAAA) <https://x.invalid>",
    '" onmouseover="alert(1)\' style="background:url(https://x.invalid)',
    "[^1]: a footnote [^1] | a | cell |\n[ref]: https://x.invalid",
    "\x1b[31mred\x1b[0m \u202egnilf\u2069 $x$",
)
VOID = {"meta", "br", "hr"}
OURS = {
    *("html", "head", "meta", "title", "style", "body", "header", "nav", "main", "footer"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "a", "strong", "code", "pre"),
    *("blockquote", "br", "hr", "div", "table", "thead", "tbody", "tr", "th", "td", "sup"),
    *("section", "details", "summary"),
}
"""The tags of a page without pictures."""


@dataclass
class Read(HTMLParser):
    """A page as a browser takes it in: its tags with their attributes, and its words."""

    html: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, text: str) -> None:
        self.words.append(text)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def read(html: str) -> Read:
    """Read a page, and check what holds for every page."""
    own = Read(html)
    assert own.open == []  # every tag is closed, and in its turn
    ids = [attributes["id"] for _, attributes in own.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in own.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("href", "src"):
                assert value and (value[1:] in ids or value.startswith("data:image/png;base64,"))
            assert "url(" not in (value or "") or (value or "").startswith("url(#")
    return own


def round_page(text: str = "Fits.", name: str = "a", answered: str = "Bacterial.") -> Read:
    """The page of a round in which everybody says ``text``."""
    line = Medication(Action.START, text, text, text, text, text)
    own = Answer(answered or text, (line,), (text,))
    state = ended(
        [ok(name, own), ok("b", answer()), AnswerResult("c", Status.ERROR, message=text)],
        [graded(name, "b", 0.8, text), graded("b", name, 0.9, text)],
        vignette=Vignette(text, text, text),
        trial=text or "1",
    )
    head, *body = round_parts(RoundReport(state, state.score(), state.names))
    return read(page(head, body))


texts = st.one_of(st.text(), st.sampled_from(HOSTILE), st.text(alphabet="<>&\"'[](){}!|`#^:\\\n x"))


@given(texts.filter(plain_line))
@example("x</title><script>")
def test_what_others_wrote_is_words_on_the_page_and_nothing_else(text: str) -> None:
    own = round_page(text, f"model {text}", text)
    assert {tag for tag, _ in own.tags} <= OURS
    assert own.text.count(plain_line(text)) > 8
    assert {one["href"] for one in own.all("a") if one["href"]} <= {
        f"#{attributes['id']}" for _, attributes in own.tags if "id" in attributes
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_even_markdown_that_is_not_escaped_brings_in_no_tag_and_no_address(text: str) -> None:
    own = Read(page(Part(f"# Title\n\n{text}\n"), ()))
    assert {tag for tag, _ in own.tags} <= {*OURS, "em"}
    hrefs = {str(one["href"]) for one in own.all("a")}
    assert all(href.startswith("#") for href in hrefs)


def test_the_page_stands_alone_and_forbids_whatever_might_get_through() -> None:
    html = page(Part("# Title\n"), (Part("## One\n\ntext\n"),))
    own = read(html)
    policy = next(one for one in own.all("meta") if one.get("http-equiv"))
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert not re.search(r"https?:|@import|url\(", html)
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in own.tags}
    assert OWN_MARK in html[:2048] and "<title>Title</title>" in html
    assert own.text.endswith(NOTICE)


def test_the_table_of_contents_leads_to_the_headings_of_the_second_level() -> None:
    parts = [
        Part("# Session *one* & co\n\n## Sub\n", 1, "saved-1"),
        Part("## Evidence\n\n### Deep\n"),
    ]
    html = page(Part("# Title\n"), parts)
    contents = html[html.index("<nav") : html.index("</nav>")]
    assert re.findall(r'<a href="#(.*?)">(.*?)</a>', contents) == [
        ("saved-1", "Session one &amp; co"),
        ("part-3", "Evidence"),
    ]
    assert '<h2 id="saved-1">' in html and '<h2 id="part-3">' in html and "<h3>Sub</h3>" in html


def test_headings_end_at_the_sixth_level() -> None:
    assert "<h6>deep</h6>" in page(Part("# T\n"), (Part("##### deep\n", 4),))


def test_what_is_long_is_folded_under_its_heading() -> None:
    html = page(Part("# T\n"), (Part("## Answers\n\n### A\n\nlong\n", 2, folded=True),))
    inside = html[html.index("<details>") : html.index("</details>")]
    assert inside.split() == [
        *("<details>", "<summary><h4>Answers</h4></summary>", "<h5>A</h5>", "<p>long</p>"),
    ]


def test_answers_and_reviews_of_a_round_are_folded_and_the_rest_is_not() -> None:
    own = round_page()
    folded = [place for place, (tag, _) in enumerate(own.tags) if tag == "summary"]
    headings = [own.tags[place + 1][0] for place in folded]
    assert headings == ["h2", "h2"] and len(own.all("h2")) == 6


def test_cells_say_what_they_belong_to() -> None:
    rows = table(("", "model", ">quality"), [("A", "x", "9"), ("B", "y", "8")])
    html = page(Part("\n".join(["# T", "", *rows])), ())
    assert '<td></td>\n<th scope="col">model</th>' in html
    assert '<th style="text-align:right" scope="col">quality</th>' in html
    assert re.findall(r'<th scope="row">(.*?)</th>', html) == ["A", "B"]


def test_footnotes_of_two_parts_do_not_meet() -> None:
    note = "a[^1] and b[^1]\n\n[^1]: why {}\n"
    parts = [Part(f"## Part {name}\n\n{note.format(name)}") for name in ("one", "two")]
    own = read(page(Part("# T\n"), parts))
    assert own.text.count("[1]") == 4 and "why one" in own.text and "why two" in own.text
    assert len({one["href"] for one in own.all("a")}) == 4  # two headings, two footnotes


def test_quotations_keep_their_lines_and_laid_out_text_its_blanks() -> None:
    lines = ["# T", "", *quoted("one\ntwo"), "", *fenced("Na    140"), "", inline("a*b"), ""]
    html = page(Part("\n".join(lines)), ())
    assert "one<br>\ntwo" in html.replace("<br />", "<br>")
    assert "Na    140" in html and "<p>a*b</p>" in html


# --- pictures -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def picture() -> Picture:
    profiles = [Profile("<b>a</b>", 9.0, 0.9), Profile("b", 8.0, 0.8), Profile("c", 7.0, 0.7)]
    return draw("x", "", "A <title>", "How & why", lambda: heat_map(chemistry(profiles)))


def test_a_picture_is_a_part_of_the_page_with_a_name_and_a_caption(picture: Picture) -> None:
    html = page(Part("# T\n"), (picture,))
    own = read(html)
    (svg,) = own.all("svg")
    assert svg["role"] == "img"
    assert f'<title id="{svg["aria-labelledby"]}">A &lt;title&gt;</title>' in html
    assert "<figcaption>How &amp; why</figcaption>" in html
    assert not re.search(r"https?:|metadata|xmlns|DOCTYPE svg", html)
    assert "&lt;b&gt;a&lt;/b&gt;" in html and html.count("<style") == 1


def test_a_picture_takes_on_the_colours_of_the_page(picture: Picture) -> None:
    html = page(Part("# T\n"), (picture,))
    assert "fill: #1b1c1d" in picture.svg and "fill: #fffffe" in picture.svg
    assert "#1b1c1d" not in html and "#fffffe" not in html
    assert "fill: currentColor" in html and "fill: transparent" in html
