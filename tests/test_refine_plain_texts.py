# ruff: noqa: E501 - a text and what is made of it read best on one line
"""What in titles and plain texts is markup and what is text; lines and addresses of plain texts."""

from __future__ import annotations

import html
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.refine.normalise import normalise
from aggregator.refine.plain_texts import as_html, plain_line, summary_as_html
from aggregator.refine.pointed_brackets import with_brackets
from aggregator.refine.sanitise import clean
from aggregator.web.links import linked
from tests.feed_documents import item, read, rss_text

ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><id>i</id><entry><id>1</id><title type='{}'>{}</title></entry></feed>"
#: Text in every format, whatever it says of itself.
TEXTS = (
    "Using <T> in C++",
    "a < b",
    "AT&T",
    "if a < b and c > d",
    "List<String> & co",
    "Q&A <3",
    "The <title> tag",
)


def title_of(document: str) -> str:
    return normalise(read(document)).entries[0].title


def titles(value: str) -> list[str]:
    """Return what becomes of one title in RSS, Atom (text, HTML) and JSON Feed."""
    written = html.escape(value, quote=False)
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return [
        title_of(rss_text(item(1, title=written))),
        title_of(ATOM.format("text", written)),
        title_of(ATOM.format("html", written)),
        title_of(
            f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{{"id": "1", "title": "{quoted}"}}]}}'
        ),
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_text_stays_text_in_every_format(text: str) -> None:
    assert set(titles(text)) == {text}


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("It&#8217;s here &#8212; now", "It’s here — now"),
        ("caf&eacute; &hellip;", "café …"),
        ('<img alt=[围观] src="https://e.com/o.png" style="width:1em;" /> - 好看', "[围观] - 好看"),
        ('<img src="https://e.com/o.png" alt="A cat">', "A cat"),
        ("上<br/>下", "上 下"),
        ("A<br>B", "A B"),
        ("One <em>two</em> <a href='x'>three</a>", "One two three"),
        ("<p>One</p><p>two</p>", "One two"),
        ("Vec<T> is <b>cool</b>", "Vec<T> is cool"),
        ("H<sub>2</sub>O &amp; <i>co</i>", "H2O & co"),
        ('Cut <a href="https://e.com/x">off', "Cut off"),
    ],
)  # fmt: skip
def test_markup_is_markup_in_every_format(value: str, title: str) -> None:
    assert set(titles(value)) == {title}


@pytest.mark.parametrize(
    ("value", "rss", "atom_text", "atom_html", "json"),
    [
        ("AT&amp;T", "AT&T", "AT&amp;T", "AT&T", "AT&T"),
        ("&lt;div&gt; explained", "<div> explained", "&lt;div&gt; explained", "<div> explained", "<div> explained"),
        ("The <br> tag", "The <br> tag", "The <br> tag", "The tag", "The <br> tag"),
        ("<b> and <strong>", "<b> and <strong>", "<b> and <strong>", "and", "<b> and <strong>"),
        ("A < B &amp; C", "A < B &amp; C", "A < B &amp; C", "A < B & C", "A < B &amp; C"),
        ("a &notit; b", "a &notit; b", "a &notit; b", "a ¬it; b", "a &notit; b"),
    ],
)  # fmt: skip
def test_what_a_format_says_of_a_title_is_believed(
    value: str, rss: str, atom_text: str, atom_html: str, json: str
) -> None:
    assert titles(value) == [rss, atom_text, atom_html, json]


def test_a_title_of_code_alone_is_none_in_html_and_text_elsewhere() -> None:
    assert plain_line("<script>x</script>a <!-- c -->b</b>", is_html=True) == "a b"
    assert plain_line("<script>x</script>", is_html=None) == "<script>x</script>"


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("<!-- c -->Title", "Title"),
        ("Title & co <!-- <b>c</b> -->", "Title & co"),
        ("On <!-- c --> in HTML", "On <!-- c --> in HTML"),
        ("<!-- c -->", "<!-- c -->"),
        ("<!-- c Title", "<!-- c Title"),
    ],
)
def test_a_comment_beside_a_title_of_rss_is_not_shown(value: str, title: str) -> None:
    assert title_of(rss_text(item(1, title=html.escape(value, quote=False)))) == title


@given(st.text(alphabet="<>/&;#ab T=\"'bri!-", max_size=40), st.sampled_from([True, False, None]))
def test_any_title_is_read(text: str, is_html: bool | None) -> None:
    assert isinstance(plain_line(text, is_html=is_html), str)


@pytest.mark.parametrize("unit", ["<b>", "<b a=1>", "&#1;", "&", "<img alt=x>", "<![CDATA[", "https://a.b/(", "https://a.b.", "a.b/)))", "<!--", "<!-- -->", "<a@", "<T,", "<V<", "<T::", "a<b c", "<T a", "<x>", "<www.", "<http://a", "<script>", "<style></style"])  # fmt: skip
def test_a_text_is_looked_at_in_time_linear_in_it(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    began = time.process_time()
    plain_line(text, is_html=None)
    as_html(text, is_html=True)
    as_html(f"<p>{text}", is_html=True)
    linked(text)
    with_brackets(text)
    with_brackets(f"<p>{text}")
    assert time.process_time() - began < 10


# --- plain texts --------------------------------------------------------------------------------


def content_of(description: str) -> str:
    document = read(rss_text(item(1, text=html.escape(description, quote=False))))
    return normalise(document).entries[0].content_html


@pytest.mark.parametrize(
    ("description", "content"),
    [
        ("One\nTwo\r\nThree", "<p>One<br>Two<br>Three</p>"),
        ("One\n\nTwo &amp; three", "<p>One</p><p>Two &amp; three</p>"),
        ("\n  One line  \n", "One line"),
        ("List<String> of\n&lt;b&gt;", "<p>List&lt;String&gt; of<br>&lt;b&gt;</p>"),
        ("Write <![CDATA[x]]> so", "<p>Write &lt;![CDATA[x]]&gt; so</p>"),
        ("Jo <jo@a.example> wrote:\n> yes", "<p>Jo &lt;jo@a.example&gt; wrote:<br>&gt; yes</p>"),
        ("Map<K, V> a;\nif (b <c) d", "<p>Map&lt;K, V&gt; a;<br>if (b &lt;c) d</p>"),
        ("#include <map>\n</T>", "<p>#include &lt;map&gt;<br>&lt;/T&gt;</p>"),
        ("Fine: <none>\n<mi>", "<p>Fine: &lt;none&gt;<br>&lt;mi&gt;</p>"),
        ("A <b-c> and <d:e>\nso", "<p>A &lt;b-c&gt; and &lt;d:e&gt;<br>so</p>"),
        # Markup, whose lines are its writer's only.
        ("One\nTwo <b>three</b>", "One\nTwo <b>three</b>"),
        ("One<br>\nTwo", "One<br>\nTwo"),
        ("<x-y>One</x-y>\nTwo", "One\nTwo"),
        (
            "<p>One <my-thing>two</my-thing>\n<jo@a.example></p>",
            "<p>One two\n&lt;jo@a.example&gt;</p>",
        ),
        ("<O:P>One</O:P>\nTwo", "One\nTwo"),
        ("One <!-- two -->\nthree", "One \nthree"),
        ("<menu class=a>One\nTwo</menu>", "One\nTwo"),
        ("One\n<mi mathvariant=normal>x</mi>", "One"),
        ("<p>a</p><![CDATA[b]]>", "<p>a</p>b"),
        ("<p><![CDATA[a]]></p><![CDATA[<b>b</b>]]>", "<p>a</p><b>b</b>"),
        ("<p>Write <![CDATA[x]]> so</p>", "<p>Write &lt;![CDATA[x]]&gt; so</p>"),
        ("<p>a <![CDATA[ b</p>", "<p>a </p>"),
    ],
)
def test_a_description_without_any_element_keeps_its_lines(description: str, content: str) -> None:
    assert content_of(description) == content


def test_an_address_in_pointed_brackets_is_a_link_within_them() -> None:
    content = content_of("see <https://a.example/b>\nyes")
    assert content.startswith('<p>see &lt;<a href="https://a.example/b" ')
    assert content.endswith("&gt;<br>yes</p>")


def test_addresses_of_plain_texts_are_links() -> None:
    content = content_of("Shop: https://shop.example.com/a?b=1&amp;c=2, now")
    assert content.startswith('<p>Shop: <a href="https://shop.example.com/a?b=1&amp;c=2" ')
    assert content.endswith(">https://shop.example.com/a?b=1&amp;c=2</a>, now</p>")
    assert "<a" not in content_of("<p>https://shop.example.com/a</p>")


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("(see https://a.de/x_(y)).", ["https://a.de/x_(y)"]),
        ("见https://a.cn/b吧，https://zh.example.org/wiki/中国。", ["https://a.cn/b", "https://zh.example.org/wiki/中国"]),
        ('<https://a.de/x>, "http://b.de:8080/?c=1"', ["https://a.de/x", "http://b.de:8080/?c=1"]),
        ("https://例え.jp/パス", ["https://例え.jp/パス"]),
        ("https://a.cn吧", ["https://a.cn"]),
        ("http:// https://x ftp://a.de/b mailto:a@b.de www.a.de xhttps://a.de", []),
    ],
)  # fmt: skip
def test_an_address_ends_where_its_sentence_goes_on(text: str, addresses: list[str]) -> None:
    parts = linked(text).split('<a href="')[1:]
    assert [html.unescape(part.split('"')[0]) for part in parts] == addresses
    assert html.unescape(visible(linked(text))) == text


def visible(markup: str) -> str:
    return "".join(part.split(">", 1)[-1] for part in markup.replace("</a>", "").split("<a "))


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("It&#8217;s a summary", "<p>It’s a summary</p>"),
        ("One <b>two</b>", "One <b>two</b>"),
        ("a < b &amp; c", "<p>a &lt; b &amp;amp; c</p>"),
        ("", ""),
    ],
)
def test_a_plain_summary_is_read_as_programs_write_it(summary: str, expected: str) -> None:
    assert summary_as_html(summary, is_html=False) == expected


def test_plain_content_is_what_it_says() -> None:
    assert as_html("<b>&#8217;\nb", is_html=False) == "<p>&lt;b&gt;&amp;#8217;<br>b</p>"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Jane <jane@example.org> says <b>hi</b>", "Jane &lt;jane@example.org&gt; says <b>hi</b>"),
        (f"<p>To: <{'a' * 60}+b@mail.example.org></p>", f"<p>To: &lt;{'a' * 60}+b@mail.example.org&gt;</p>"),
        ("<p>See <https://example.org/a?b=1>.</p>", "<p>See &lt;https://example.org/a?b=1&gt;.</p>"),
        ("<p><mailto:jo@example.org>, <www.example.org></p>", "<p>&lt;mailto:jo@example.org&gt;, &lt;www.example.org&gt;</p>"),
        ("<pre>Promise<string>, Map<K, V>, Vec<Vec<u8>>, f<std::string&></pre>", "<pre>Promise&lt;string&gt;, Map&lt;K, V&gt;, Vec&lt;Vec&lt;u8&gt;&gt;, f&lt;std::string&amp;&gt;</pre>"),
        ("<p>template <typename T>, <your-name>, <your name>, <C:\\dir>, List<?></p>", "<p>template &lt;typename T&gt;, &lt;your-name&gt;, &lt;your name&gt;, &lt;C:\\dir&gt;, List&lt;?&gt;</p>"),
        ("<p>if a<b and c>d</p>", "<p>if a&lt;b and c&gt;d</p>"),
        (r"<p>\( x<y \) and <b>b</b>, a<b <i>c</i> n<m</p>", r"<p>\( x&lt;y \) and <b>b</b>, a&lt;b <i>c</i> n&lt;m</p>"),
        ("<p <b>a</b>", "<p>a</p>"),
        ("<p>a<b class>c</b> <b>d</b><?php echo ?></p>", "<p>a<b>c</b> <b>d</b></p>"),
        # Elements that HTML does not know, but somebody's program.
        ("<p>a <custom>b</custom> <o:p></o:p><fb:like href=x> <my-box>c</my-box></p>", "<p>a b  c</p>"),
        ("<p>a<widget/>b<widget id='1'>c</p>", "<p>abc</p>"),
        ("<strtong>a</strtong> <B>b</B>", "a <b>b</b>"),
        ('<p title="a <jane@example.org>">b</p>', '<p title="a &lt;jane@example.org&gt;">b</p>'),
        ("<!-- <jane@example.org> --><p>a</p>", "<p>a</p>"),
        ("<script>a <jane@example.org></script><p>a</p>", "<p>a</p>"),
        ("<p>1 < 2, a<b and c</p>", "<p>1 &lt; 2, a&lt;b and c</p>"),
        # What a parser does not look into; around it brackets are looked at as ever.
        ("<my-box>x<y <style>a<b c> d</style>b</my-box> <T>", "x&lt;y b &lt;T&gt;"),
        ("<p>x<y <SCRIPT>if (a<b) c</SCRIPT>z", "<p>x&lt;y z</p>"),
        ("<p>a</p><script>x<y <b>", "<p>a</p>"),
    ],
)  # fmt: skip
def test_what_no_language_of_markup_knows_is_text(raw: str, shown: str) -> None:
    cleaned = clean(raw, "https://example.org/")
    assert cleaned == shown
    assert clean(cleaned, "https://example.org/") == cleaned


def test_a_title_of_html_keeps_the_address_of_its_writer() -> None:
    assert plain_line("Jane <jane@example.org>", is_html=True) == "Jane <jane@example.org>"
    assert plain_line("Vec<T>, <your-name>, a <b>b</b>", is_html=True) == "Vec<T>, <your-name>, a b"
    assert plain_line("A <b>bold</b> <o:p></o:p><x y=1>", is_html=True).strip() == "A bold"


@pytest.mark.parametrize(
    ("description", "content"),
    [
        ("<p>A</p>&lt;![CDATA[<b>b</b>]]&gt;", "<p>A</p><b>b</b>"),
        ("<p>A</p>&lt;![CDATA[&lt;b&gt;b&lt;/b&gt;]]&gt;", "<p>A</p><b>b</b>"),
        ("<p>A</p> &lt;![CDATA[b]]&gt; <p>C</p>", "<p>A</p> b <p>C</p>"),
        ("&lt;![CDATA[&lt;i&gt;b&lt;/i&gt;]]&gt;<p>A</p>", "<i>b</i><p>A</p>"),
        # Mentioned, or shown.
        ("<p>Write &lt;![CDATA[b]]&gt; so</p>", "<p>Write &lt;![CDATA[b]]&gt; so</p>"),
        ("<p>So:</p><code>&lt;![CDATA[b]]&gt;</code>", "<p>So:</p><code>&lt;![CDATA[b]]&gt;</code>"),
        ("<p>So:</p><p>&lt;![CDATA[b]]&gt;</p>", "<p>So:</p><p>&lt;![CDATA[b]]&gt;</p>"),
        ("<p>So:</p>&lt;![CDATA[b]]&gt; ends", "<p>So:</p>&lt;![CDATA[b]]&gt; ends"),
        ("<b>So:</b>&lt;![CDATA[b]]&gt;", "<b>So:</b>&lt;![CDATA[b]]&gt;"),
        ("<p>A</p>&lt;![CDATA[b", "<p>A</p>&lt;![CDATA[b"),
    ],
)  # fmt: skip
def test_a_wrapper_beside_raw_markup_is_not_shown(description: str, content: str) -> None:
    document = read(rss_text(item(1, text=description)))
    assert normalise(document).entries[0].content_html == content
