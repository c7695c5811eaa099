"""Posts: front matter that is valid YAML, bodies that no template language sees, templates."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import (
    Category,
    Enclosure,
    Export,
    Exportable,
    Origin,
    Particulars,
    Story,
)
from aggregator.model.errors import ConfigError
from aggregator.outputs.posts import Layout, attempt, post_of, shipped
from aggregator.outputs.posts.post_markup import beginning, protect
from aggregator.outputs.posts.yaml_scalars import quoted, scalar

AT = datetime(2026, 11, 3, 4, 5, 6, tzinfo=UTC)
ORIGIN = Origin("one", "One", "urn:one", None, None, AT, tags=("科技", "C/C++"))
STORY = Story(
    id="urn:story",
    order_key=1,
    origin=ORIGIN,
    url="https://one.example/1",
    title="Title",
    content_html="<p>text</p>",
    summary="",
    particulars=Particulars(),
    published_at=AT,
    updated_at=AT,
)
KINDS = ("hexo", "hugo", "jekyll")
SURROGATE = re.compile("[\ud800-\udfff]")
#: Texts that somebody's YAML reads as something else, or not at all.
WORDS = st.one_of(
    st.text(),
    st.text(alphabet="'\"\\:#-{}[]&*!|>%@`,? \n\r\t\0\x85\xa0\u2028\ufeff\ud800\U0001f600\ufffe"),
    st.sampled_from(
        [
            "",
            "yes",
            "No",
            "null",
            "~",
            "1.0",
            "1e3",
            "2026-01-01",
            "---",
            "a: b",
            "a #b",
            "- a",
            "=",
            "<<",
        ]
    ),
)


def render(
    kind: str, *, raw: str | None = None, path: str = "a/b.md", export: Any = None, **fields: Any
) -> str:
    made = Export(kind, "posts", **(export or {}))
    post = post_of(Exportable(replace(STORY, **fields), raw), made, path)
    body = attempt((shipped(kind), post))
    assert isinstance(body, bytes), body
    return body.decode()


def front(text: str) -> dict[str, Any]:
    """Return a post's front matter as the three of them find it: between two lines of dashes."""
    found = re.match(r"\n?---\n(.*?)\n---\n", text, re.DOTALL)
    assert found
    loaded = yaml.safe_load(found[1])
    assert isinstance(loaded, dict)
    return loaded


def body(text: str) -> str:
    return text.split("\n---\n", 2)[-1]


# --- front matter -------------------------------------------------------------------------------


@given(WORDS)
def test_any_text_reads_back_as_itself(text: str) -> None:
    expected = SURROGATE.sub("\ufffd", text)
    for written in (quoted(text), scalar(text)):
        assert "\n" not in written
        assert yaml.safe_load(f"key: {written}") == {"key": expected}
        assert yaml.safe_load(f"- {written}") == [expected]


@pytest.mark.parametrize("kind", KINDS)
@given(title=WORDS, author=WORDS, category=WORDS)
def test_front_matter_is_valid_whatever_the_title(
    kind: str, title: str, author: str, category: str
) -> None:
    text = render(
        kind, title=title, export={"author": author, "categories": (category,), "with_id": True}
    )
    loaded = front(text)
    assert loaded["title"] == SURROGATE.sub("\ufffd", title)
    assert loaded["author"] == SURROGATE.sub("\ufffd", author or "One")
    assert loaded["categories"] == [SURROGATE.sub("\ufffd", category)]
    assert (loaded["link"], loaded["id"]) == ("https://one.example/1", "urn:story")


def test_words_that_nobody_misreads_stand_without_quotes() -> None:
    for word in ("IT 之家", "新媒体", "C", "a-b", "Ars Technica"):
        assert scalar(word) == word
    for word in (
        "no",
        "On",
        "1st",
        "a: b",
        "a ",
        "",
        "C#",
        "a  b",
        "2026-01-01",
        "null",
        "a\u0300 #",
    ):
        assert scalar(word)[0] in "'\""


def test_front_matter_says_nothing_of_what_there_is_not() -> None:
    text = render("hexo", export={"categories": ()})
    assert front(text).keys() == {"title", "author", "comments", "date"}
    assert "link" not in front(render("hexo", url=None, export={"with_id": True}))


def test_categories_are_the_tags_of_the_source_where_none_are_configured() -> None:
    for kind in KINDS:
        assert front(render(kind))["categories"] == ["科技", "C/C++"]


def test_the_picture_is_the_first_of_the_text_else_that_beside_it() -> None:
    picture = Enclosure("https://one.example/b.jpg", "image/jpeg")
    sound = Enclosure("https://one.example/c.mp3", "audio/mpeg")
    text = '<p><img src="https://one.example/a.png?x=1&amp;y=2"></p>'
    shown = front(render("hexo", content_html=text, enclosures=(picture,)))
    assert shown["headimg"] == shown["thumbnail"] == "https://one.example/a.png?x=1&y=2"
    assert front(render("hexo", enclosures=(sound, picture)))["headimg"] == picture.url
    assert "headimg" not in front(render("hexo", enclosures=(sound,)))


def test_a_name_that_hexo_would_stop_at_has_an_address_of_its_own() -> None:
    assert "permalink" not in front(render("hexo"))
    shown = front(render("hexo", path="新/a 77.26%.md"))
    assert shown["permalink"] == "/新/a 77.26％/"


# --- bodies -------------------------------------------------------------------------------------


class Seen(HTMLParser):
    """Collects what a browser sees: elements, attributes, text."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self.seen and isinstance(self.seen[-1], list):
            self.seen[-1].append(data)
        else:
            self.seen.append([data])


def seen(html: str) -> list[object]:
    reader = Seen()
    reader.feed(html)
    reader.close()
    return [("".join(one) if isinstance(one, list) else one) for one in reader.seen]


TAGS = {
    "hexo": re.compile(r"\{[{%#]|\ufffc|```|~~~"),
    "hugo": re.compile(r"\{\{[<%]"),
    "jekyll": re.compile(r"\{[{%:]"),
}
BODIES = st.text(alphabet="{}%#:<>`~ \n\ta\ufffc汉&'").map(
    lambda text: f'<p title="{text.replace(chr(60), "")}">{text.replace(chr(60), "")}</p>'
)


@pytest.mark.parametrize("kind", KINDS)
@given(html=BODIES)
def test_a_protected_body_shows_the_same_and_holds_no_tag_and_no_blank_line(
    kind: str, html: str
) -> None:
    made = protect(html, kind)
    assert seen(made) == seen(html)
    assert not TAGS[kind].search(made)
    assert not re.search(r"^[ \t]*\n", made, re.MULTILINE)
    assert protect(made, kind) == made


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_without_any_of_that_is_left_byte_for_byte(kind: str) -> None:
    html = '<p a="b">{ x } 100% # 1 {\n  y: `z` ~~a~~</p>\n<pre>  a\n  b</pre>\n'
    assert protect(html, kind) == html


def test_scripts_of_raw_bodies_keep_their_meaning() -> None:
    html = "<p>a</p>\n<SCRIPT>\n\nf({{a: 1}, '{%'})\n\n\n</SCRIPT ><p>{{ b }}</p><style>a{{b}}"
    # Nunjucks and Liquid print the string.
    brace = '{{ "{" }}'
    assert protect(html, "hexo") == (
        f"<p>a</p>\n<SCRIPT>\nf({brace}{{a: 1}}, '{brace}%'}})\n</SCRIPT >"
        f"<p>&#123;{{ b }}}}</p><style>a{brace}{{b}}}}"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_title_in_the_body_of_an_own_template_is_text(kind: str) -> None:
    layout = Layout("{{ title|text }}", "own", kind)
    title = "<b> {{ 1 }} {% x %} {{< y >}}"
    post = post_of(Exportable(replace(STORY, title=title), None), Export(kind, "posts"), "a.md")
    made = layout.render(post).decode()
    assert not TAGS[kind].search(made)
    assert seen(made) == [title]


def test_content_says_whose_words_a_post_holds() -> None:
    raw = "<p onclick=x>theirs</p>"
    for kind in KINDS:
        assert body(render(kind, raw=raw)).strip().startswith("<div>")
        assert "<p>text</p>" in body(render(kind, raw=raw))
        assert raw in body(render(kind, raw=raw, export={"content": "raw"}))
        assert "<p>text</p>" in body(render(kind, export={"content": "raw"}))
        short = {"content": "summary"}
        assert "<p>a &lt;b&gt;</p>" in body(render(kind, summary="a <b>", export=short))
        assert "<p>text</p>" in body(render(kind, export=short))


def test_a_raw_body_keeps_its_publishers_addresses() -> None:
    raw = '<img src="https://rss.example/i.png?key=5&a=1">'
    assert raw in render("hexo", raw=raw, export={"content": "raw"})


def test_an_excerpt_is_a_line_of_text() -> None:
    html = "<h1>A</h1><p>b<b>c</b>&amp;\nd<br>e</p>" + "<p>汉字</p>" * 200
    assert beginning(html).startswith("A bc& d e 汉字 汉字")
    assert len(beginning(html)) <= 300
    assert beginning(html).endswith("…")


# --- templates ----------------------------------------------------------------------------------


def test_dates_are_as_each_generator_reads_them() -> None:
    assert "\ndate: Tue, 03 Nov 2026 04:05:06 GMT\n" in render("hexo")
    for kind in ("hugo", "jekyll"):
        assert front(render(kind))["date"] == AT


def test_an_own_template_sees_every_field() -> None:
    source = (
        "{{ path }}|{{ id }}|{{ link }}|{{ title }}|{{ author }}|{{ categories|join('/') }}|"
        "{{ tags|join('/') }}|{{ published_at|iso }}|{{ updated_at|rfc822 }}|{{ image }}|"
        "{{ body }}|{{ summary }}|{{ source }}|{{ source_title }}|{{ language }}|{{ with_id }}\n"
    )
    story = replace(STORY, categories=(Category("t", label="Label"), Category("u")), language="zh")
    post = post_of(Exportable(story, None), Export("hexo", "posts"), "a.md")
    assert Layout(source, "own.j2", "hexo").render(post).decode() == (
        "a.md|urn:story|https://one.example/1|Title|One|科技/C/C++|Label/u|2026-11-03T04:05:06Z|"
        "Tue, 03 Nov 2026 04:05:06 GMT|None|<p>text</p>||one|One|zh|False\n"
    )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("a\n{% if %}", "own.j2:2: "),
        ("a\nb\n{{ titel }}", "own.j2:3: 'titel' is undefined"),
        ("{{ title\n", "own.j2:1: "),
        ("\n{{ title|nofilter }}", "own.j2:2: No filter named 'nofilter'"),
        ("\n\n{{ 1 / 0 }}", "own.j2:3: division by zero"),
        ("\n{{ title + 1 }}", "own.j2:2: "),
        ("\n{{ link|quoted|iso }}", "own.j2:2: "),
        ("\n{{ ''.__class__.__mro__ }}", "own.j2:2: "),
        ("\n{{ cycler.__init__.__globals__ }}", "own.j2:2: "),
        ("\n{% include 'x' %}", "own.j2:2: "),
    ],
)
def test_a_mistake_in_a_template_is_told_with_its_line(source: str, told: str) -> None:
    post = post_of(Exportable(STORY, None), Export("hexo", "posts"), "a.md")
    with pytest.raises(ConfigError) as caught:
        Layout(source, "own.j2", "hexo").render(post)
    (line,) = caught.value.lines
    assert line.startswith(told)
    assert "\n" not in line
