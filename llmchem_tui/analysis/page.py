"""One file to read in a browser, with everything in it: the only HTML that is written.

Its words are Markdown, in which what models, servers and files wrote is data already (see
``markdown``). Besides, raw HTML, images and links out of the page are not even parsed, and a policy
in its head forbids the browser to run or to fetch anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from xml.etree import ElementTree

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from llmchem_tui.analysis.markdown import Part
from llmchem_tui.analysis.pictures import INK, PAPER, Picture
from llmchem_tui.domain.model import NOTICE
from llmchem_tui.storage.copies import OWN_MARK

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_LISTED, _DEEPEST = 2, 6  # levels of headings: those of the table of contents, and the last of HTML
_HEADING_TOKENS = 3
_OF_THE_FILE = ("metadata", "style")  # what an SVG has for its own sake; its style holds page-wide

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="{mark}">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
{head}</header>
<nav aria-label="Contents">
<ul>
{contents}
</ul>
</nav>
<main>
{body}</main>
<footer>{notice}</footer>
</body>
</html>
"""


def page(head: Part, body: Sequence[Part | Picture]) -> str:
    """Return a whole page: ``head`` holds its title, then comes a table of contents.

    What is folded is opened by a click, and printed open. Pictures take on the reader's colours.
    """
    writer = _Writer()
    top = writer.part(head)
    rest = [_figure(one) if isinstance(one, Picture) else writer.part(one) for one in body]
    return _PAGE.format(
        mark=OWN_MARK,
        policy=_POLICY,
        title=escape(writer.title),
        style=resources.files(__package__).joinpath("page.css").read_text("utf-8"),
        head=top,
        contents="\n".join(writer.contents),
        body="".join(rest),
        notice=escape(NOTICE),
    )


class _Parser(MarkdownIt):
    """CommonMark with tables and footnotes, without HTML and images; links stay in the page."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False})
        self.use(footnote_plugin, inline=False)
        self.add_render_rule("footnote_caption", _caption)
        self.add_render_rule("footnote_anchor", _no_way_back)
        self.enable("table")
        self.disable(["autolink", "image", "reference"])

    def validateLink(self, url: str) -> bool:
        """Tell whether a link may lead there."""
        return url.startswith("#")


def _caption(_: RendererProtocol, tokens: Sequence[Token], place: int, *__: object) -> str:
    """Number a reference to a footnote, several to one alike."""
    return f"[{int(tokens[place].meta['id']) + 1}]"


def _no_way_back(*_: object) -> str:
    """A footnote that many cells refer to has no one place to lead back to."""
    return ""


class _Writer:
    """Turns the parts of a page into HTML one after the other.

    ``title``: the words of the first heading. ``contents``: the table of contents so far.
    """

    def __init__(self) -> None:
        self.title = ""
        self.contents: list[str] = []
        self._parser = _Parser()
        self._parts = 0

    def part(self, part: Part) -> str:
        """Return a part as HTML."""
        self._parts += 1
        env = {"docId": str(self._parts)}  # else the footnotes of two parts had one name
        tokens = self._parser.parse(part.markdown, env)
        for place, (heading, words) in enumerate(_lowered(tokens, part.level)):
            if part.anchor and place == 0:
                heading.attrSet("id", part.anchor)
            self._list(heading, "".join(child.content for child in words.children or ()))
        _label_cells(tokens)
        if not part.folded:
            return self._html(tokens, env)
        summary = self._html(tokens[:_HEADING_TOKENS], env).strip()
        rest = self._html(tokens[_HEADING_TOKENS:], env)
        return f"<details>\n<summary>{summary}</summary>\n{rest}</details>\n"

    def _list(self, heading: Token, words: str) -> None:
        self.title = self.title or words
        if heading.tag == f"h{_LISTED}":
            anchor = str(heading.attrs.setdefault("id", f"part-{self._parts}"))
            self.contents.append(f'<li><a href="#{escape(anchor)}">{escape(words)}</a></li>')

    def _html(self, tokens: Sequence[Token], env: dict[str, str]) -> str:
        html: str = self._parser.renderer.render(tokens, self._parser.options, env)
        # No text holds these: in it every < is escaped.
        html = html.replace("<table>", '<div class="wide"><table>')
        return html.replace("</table>", "</table></div>")


def _lowered(tokens: Sequence[Token], level: int) -> Iterator[tuple[Token, Token]]:
    """Put headings ``level`` levels lower; yield each with the token of its words."""
    for place, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + level, _DEEPEST)}"
        if token.type == "heading_open":
            yield token, tokens[place + 1]


def _label_cells(tokens: Sequence[Token]) -> None:
    """Say of which cells a heading of a table speaks; the first cell of a row names the row."""
    first = False
    for token, inside, close in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token.type == "tr_open":
            first = True
        elif token.type == "th_open":
            if inside.content:
                token.attrSet("scope", "col")
            else:  # a heading without a word would head nothing
                token.tag = close.tag = "td"
        elif token.type == "td_open" and first:
            token.tag = close.tag = "th"
            token.attrSet("scope", "row")
            first = False


def _figure(picture: Picture) -> str:
    """Return a picture with its caption, in the colours of the page."""
    svg = ElementTree.fromstring(picture.svg)
    for parent in [*svg.iter()]:
        for child in [*parent]:
            if _local(child.tag) in _OF_THE_FILE:
                parent.remove(child)
    for element in svg.iter():
        element.tag = _local(element.tag)
        attributes = {_local(name): value for name, value in element.items()}
        if element.tag == "g":  # every picture has the same names of groups
            attributes.pop("id", None)
        if style := attributes.get("style"):
            style = style.replace(INK, "currentColor").replace(PAPER, "transparent")
            attributes["style"] = style
        element.attrib = attributes
    name = f"picture-{picture.name}"
    title = ElementTree.Element("title", id=name)
    title.text = picture.title
    svg.insert(0, title)
    svg.attrib |= {"role": "img", "aria-labelledby": name}
    drawn = ElementTree.tostring(svg, encoding="unicode")
    caption = f"<figcaption>{escape(picture.caption)}</figcaption>"
    return f'<figure>\n<div class="wide">{drawn}</div>\n{caption}\n</figure>\n'


def _local(name: str) -> str:
    """The name without the namespace, which HTML knows of itself."""
    return name.rpartition("}")[2]
