# ruff: noqa: E501 - markup reads best on one line
"""What pages say by style, class, form or program reaches a reader: formulas, tasks, cells."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.refine.sanitise import clean
from aggregator.refine.tags import elements
from aggregator.web.visible_text import visible_text
from tests.sanitised_html import Check

BASE = "https://example.com/posts/1.html"
MATH = "<math><semantics><mrow><mi>E</mi><mo>=</mo><mi>m</mi></mrow></semantics></math>"
ANNOTATED = MATH.replace(
    "</semantics>", '<annotation encoding="application/x-tex">E=m</annotation></semantics>'
)


def safe(raw: str) -> str:
    cleaned = clean(raw, BASE)
    check = Check()
    check.feed(cleaned)
    check.close()
    assert clean(cleaned, BASE) == cleaned
    return cleaned


def bare(raw: str) -> str:
    """Return cleaned markup without the spans and divs that say nothing."""
    cleaned = safe(raw)
    for frame in ("<span>", "</span>", "<div>", "</div>"):
        cleaned = cleaned.replace(frame, "")
    return cleaned


KATEX = f'<span class="katex"><span class="katex-mathml">{ANNOTATED}</span><span class="katex-html" aria-hidden="true"><span class="base"><span class="mord">E</span>=m</span></span></span>'
WIKIPEDIA = f'<span class="mwe-math-element"><span class="mwe-math-mathml-inline mwe-math-mathml-a11y" style="display: none;">{MATH}</span><img src="//w.example/svg/1" class="mwe-math-fallback-image-inline" aria-hidden="true" alt="{{\\displaystyle E=m}}"></span>'
MATHJAX_2 = f'<span class="MathJax_Preview" style="color: inherit;">E=m</span><span class="MathJax" id="MathJax-Element-1-Frame"><nobr aria-hidden="true"><span class="math">E=m</span></nobr><span class="MJX_Assistive_MathML" role="presentation">{MATH}</span></span><script type="math/tex" id="MathJax-Element-1">E=m</script>'
MATHJAX_2_BARE = '<span class="MathJax_Preview"></span><div class="MathJax_Display"><span class="MathJax"><nobr>E=m</nobr></span></div><script type="math/tex; mode=display">E=m</script>'
MATHJAX_3 = f'<mjx-container class="MathJax" jax="CHTML"><mjx-math class="MJX-TEX" aria-hidden="true"><mjx-mi><mjx-c class="mjx-c1D438">E</mjx-c></mjx-mi></mjx-math><mjx-assistive-mml unselectable="on">{MATH}</mjx-assistive-mml></mjx-container>'


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (KATEX, MATH),
        (WIKIPEDIA, MATH),
        (MATHJAX_2, MATH),
        (MATHJAX_2_BARE, "<code>E=m</code>"),
        (MATHJAX_3, MATH),
        ('<script type="math/tex">a<b & c</script>', "<code>a&lt;b &amp; c</code>"),
        ("<script type='math/tex; mode=display'>% <![CDATA[\na\n%]]></script>", "<code>a</code>"),
        ('<script type="math/mml"><math><mi>x</mi></math></script>', "<math><mi>x</mi></math>"),
        ("<mml:math><mml:mi>x</mml:mi></mml:math>", "<math><mi>x</mi></math>"),
        # One after another, without a word between.
        (KATEX * 2, MATH * 2),
        (WIKIPEDIA * 2, MATH * 2),
        (MATHJAX_2 * 2, MATH * 2),
        (MATH * 2, MATH * 2),
    ],
)  # fmt: skip
def test_a_formula_is_shown_once(raw: str, expected: str) -> None:
    assert bare(f"<p>a {raw} b</p>") == f"<p>a {expected} b</p>"


@pytest.mark.parametrize(
    "raw",
    [
        '<span class="katex"><span class="katex-html">E=m</span></span>',
        '<span class="MathJax_Preview">E=m</span>',
        f"{MATH} is E=m",
        f'{MATH} and <span class="katex-html">E=m</span>',
        f'{MATH}<p><span class="MathJax_Preview">E=m</span></p>',
        '<img alt="E=m" class="mwe-math-fallback-image-inline" src="https://w.example/1">',
        f'{MATH}<img alt="E=m" src="https://w.example/1">',
    ],
)
def test_what_has_no_twin_stays(raw: str) -> None:
    cleaned = safe(f"<p>a {raw} b</p>")
    assert "E=m" in cleaned
    assert ("<math" in raw) == ("<math" in cleaned)


def test_a_formula_keeps_how_it_is_laid_out_and_nothing_that_acts() -> None:
    kept = '<math display="block"><mfrac linethickness="0"><mi mathvariant="normal">a</mi><mi>b</mi></mfrac><mtable columnalign="left right" width="50%"><mtr><mtd columnalign="left"><mspace width="1em"></mspace></mtd></mtr></mtable></math>'
    assert safe(kept) == kept
    for hostile in (
        'href="https://e.example"',
        'actiontype="toggle"',
        'width="url(x)"',
        'mathcolor="red;background:x"',
        'onclick="x"',
        'style="color:red"',
        'xlink:href="javascript:x"',
        'id="a"',
    ):
        assert safe(f"<math><mi {hostile}>x</mi></math>") == "<math><mi>x</mi></math>"
        assert safe(f"<math {hostile}><mi>x</mi></math>") == "<math><mi>x</mi></math>"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('<li><input type="checkbox" checked="" disabled=""/> a</li><li><input type=checkbox disabled> b</li>', "<li>☑ a</li><li>☐ b</li>"),
        ('<li class="task-list-item is-checked"><label><input class="task-list-item-checkbox" type="checkbox" CHECKED>a</label></li>', "<li>☑ a</li>"),
        ('<li><p><input type="checkbox"> a</p></li>', "<li><p>☐ a</p></li>"),
        ('<p><span class="chcklst-box checked fa fa-square-check-o fa-fw"></span> a <span class="chcklst-box fa fa-square-o fa-fw"></span> b</p>', "<p>☑ a ☐ b</p>"),
        ('<li><div class="checkbox checkbox-on"></div> <span>a</span></li><li><div class="checkbox checkbox-off"></div> b</li>', "<li>☑ <span>a</span></li><li>☐ b</li>"),
        # No tasks: a form, a switch of the page's, text.
        ('<p><input type="checkbox"> I want the newsletter</p>', "<p> I want the newsletter</p>"),
        ('<li><input type="checkbox" role="button" id="toc">a</li>', "<li>a</li>"),
        ('<li><input type="checkbox" style="display:none">a</li>', "<li>a</li>"),
        ('<li><input type="text" disabled value="x">a</li>', "<li>a</li>"),
        ("<li>[x] a</li>", "<li>[x] a</li>"),
    ],
)  # fmt: skip
def test_done_and_to_do_are_told_apart(raw: str, expected: str) -> None:
    assert safe(raw) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('<td align="right">', '<td align="right">'),
        ('<td style="text-align: right">', '<td align="right">'),
        ('<td style="color:red;TEXT-ALIGN:Center !important" align="left">', '<td align="center">'),
        ('<td class="x has-text-align-right">', '<td align="right">'),
        ('<td class="text-end" colspan="2">', '<td align="right" colspan="2">'),
        ('<td align="javascript:x">', "<td>"),
        ('<td class="text-muted">', "<td>"),
        ('<td style="background: url(text-align:right)">', "<td>"),
    ],
)
def test_cells_keep_their_alignment(cell: str, expected: str) -> None:
    assert safe(f"<table><tr>{cell}1</td></tr></table>") == (
        f"<table><tbody><tr>{expected}1</td></tr></tbody></table>"
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('<p><span style="text-decoration: line-through">10</span> 8</p>', "<p><span><s>10</s></span> 8</p>"),
        ('<font style="color:red;text-decoration-line:underline line-through">10</font> 8', "<s>10</s> 8"),
        ('<p style="text-decoration:line-through">a <b>b</b></p><p>c</p>', "<p><s>a <b>b</b></s></p><p>c</p>"),
        ('<span style="text-decoration:line-through"><span>a</span>b</span>c', "<span><s><span>a</span>b</s></span>c"),
        ('<span style="text-decoration:underline">a</span>', "<span>a</span>"),
        ("<p>use text-decoration: line-through</p>", "<p>use text-decoration: line-through</p>"),
        ('<del style="text-decoration: line-through">a</del>', "<del>a</del>"),
        ('<p style="text-decoration: line-through">a', "<p>a</p>"),
    ],
)  # fmt: skip
def test_what_is_struck_out_stays_so(raw: str, expected: str) -> None:
    assert safe(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('a <svg role="img" aria-label="to &amp; fro"><path/></svg> b', "a to &amp; fro b"),
        ("a <svg><title>to</title><path/></svg> b <svg><title>x</title></svg>", "a to b x"),
        ('a<svg aria-hidden="true"><title>icon</title></svg>b', "ab"),
        ("a<svg><path/></svg><p>b</p>", "a<p>b</p>"),
        ('<svg aria-label="&lt;script&gt;x"></svg>', "&lt;script&gt;x"),
    ],
)
def test_a_drawing_is_told_by_its_label(raw: str, expected: str) -> None:
    assert safe(raw) == expected


_UNITS = (
    '<span class="MathJax">', '<span class="MathJax"><math></math></span>', '<script type="math/tex">', "<math>", "<mml:math",
    '<input type=checkbox>', '<td style="text-align:right">', '<b style="text-decoration:line-through">', "<svg>", "<svg><title>",
    '<a b="', "</svg>",
)  # fmt: skip


@pytest.mark.parametrize("unit", _UNITS)
def test_signs_are_looked_for_in_time_linear_in_the_text(unit: str) -> None:
    began = time.process_time()
    elements(unit * (500_000 // len(unit)))
    clean(f"<p>{unit * (30_000 // len(unit))}", BASE)
    assert time.process_time() - began < 10


@given(st.lists(st.sampled_from([*_UNITS, "</span>", "</b>", "</p>", "<p>", "x", "</math>", "</script>", "<table><tr>"]), max_size=12))  # fmt: skip
def test_any_mixture_comes_out_safe(pieces: list[str]) -> None:
    safe("".join(pieces))


@pytest.mark.parametrize(
    "raw",
    [
        '<p><label><input type="radio" name="a" checked> Yes</label></p>',
        '<ul><li><input type="radio" checked> Yes</li></ul>',
        '<form><input type="checkbox" id="a" checked><label for="a"> Yes</label></form>',
        '<p><input type="checkbox"> Yes</p>',
    ],
)
def test_a_button_to_choose_that_is_no_task_leaves_its_words_alone(raw: str) -> None:
    assert visible_text(safe(raw)).strip() == "Yes"
