"""Which picture of its text stands for a story in a river."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.publish.pages.first_picture import first_picture

PICTURE = '<img src="https://img.example/a.jpg?x=1&amp;y=2">'


@pytest.mark.parametrize(
    ("content", "picture"),
    [
        ("<p>no picture</p>", None),
        (f"<p>words</p>{PICTURE}", "https://img.example/a.jpg?x=1&y=2"),
        ('<img alt="" src="https://img.example/a.jpg" width="640" height="400">',
         "https://img.example/a.jpg"),
        ('<img src="https://img.example/1.gif" width="1" height="1">' + PICTURE,
         "https://img.example/a.jpg?x=1&y=2"),
        ('<img src="https://img.example/smile.png" class="wp-smiley">', None),
        ('<img src="https://avatars.githubusercontent.com/u/1">', None),
        ('<img alt="no address">', None),
        ('<img src="https://img.example/wide.jpg" width="100%">', "https://img.example/wide.jpg"),
    ],
)  # fmt: skip
def test_the_first_picture_that_is_no_ornament_stands_for_a_text(
    content: str, picture: str | None
) -> None:
    assert first_picture(content) == picture


@given(st.text(alphabet='<img src="htp:/.> width0123', max_size=120))
def test_any_text_has_a_picture_or_none(content: str) -> None:
    first_picture(content)
