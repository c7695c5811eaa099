# ruff: noqa: E501 - addresses read best on one line
"""Which addresses are one picture: what known servers say of sizes, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.web.faces import is_face
from aggregator.web.same_picture import same_picture

_ZHIHU = "a" * 32
_WECHAT = "A" * 30


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://e.org/wp-content/uploads/2024/05/a-300x200.jpg", "https://e.org/wp-content/uploads/2024/05/a.jpg"),
        ("https://i0.wp.com/e.org/wp-content/uploads/a.jpg?resize=300%2C200&ssl=1", "https://e.org/wp-content/uploads/a.jpg"),
        ("https://x.files.wordpress.com/2011/11/a-300x200.jpeg?w=150", "https://x.files.wordpress.com/2011/11/a.jpeg"),
        ("https://secure.gravatar.com/avatar/abc?s=96", "https://0.gravatar.com/avatar/abc?s=40&d=x"),
        ("https://1.bp.blogspot.com/-a/b/c/d/s72-c/x.jpg", "https://3.bp.blogspot.com/-a/b/c/d/s1600/x.jpg"),
        ("https://lh3.googleusercontent.com/abcDEF=s72-c", "https://lh5.googleusercontent.com/abcDEF=w1200-h630-p-k-no-nu"),
        ("https://res.cloudinary.com/d/image/upload/c_scale,w_300/q_auto/v1234/f/a.jpg", "https://res.cloudinary.com/d/image/upload/v1234/f/a.jpg"),
        ("https://s.imgix.net/a.jpg?w=300&s=1", "https://s.imgix.net/a.jpg"),
        ("https://wx1.sinaimg.cn/thumb150/006abc.jpg", "https://wx4.sinaimg.cn/large/006abc.jpg"),
        (f"https://pic1.zhimg.com/v2-{_ZHIHU}_b.jpg", f"https://pica.zhimg.com/80/v2-{_ZHIHU}_720w.webp?source=1"),
        (f"https://mmbiz.qpic.cn/mmbiz_jpg/{_WECHAT}/640?wx_fmt=jpeg", f"https://mmbiz.qpic.cn/mmbiz_jpg/{_WECHAT}/0"),
        ("https://live.staticflickr.com/65535/123_abcdef1234_b.jpg", "https://farm66.staticflickr.com/65535/123_0123456789_o.jpg"),
        ("https://ichef.bbci.co.uk/news/240/cpsprodpb/1/_1_x.jpg", "https://ichef.bbci.co.uk/ace/standard/976/cpsprodpb/1/_1_x.jpg.webp"),
        ("https://pbs.twimg.com/media/ABC.jpg?name=orig", "https://pbs.twimg.com/media/ABC?format=jpg&name=small"),
        ("https://i0.hdslb.com/bfs/a/x.jpg@320w.webp", "https://i2.hdslb.com/bfs/a/x.jpg"),
        ("https://upload.wikimedia.org/w/thumb/a/ab/N.jpg/300px-N.jpg", "https://upload.wikimedia.org/w/a/ab/N.jpg"),
        ("https://preview.redd.it/x.jpg?width=640&s=abc", "https://i.redd.it/x.jpg"),
        ("https://e.org/cdn-cgi/image/width=300/a/b.jpg", "https://e.org/a/b.jpg"),
        ("https://e.org/_next/image?url=%2Fa.jpg&w=640&q=75", "https://e.org/a.jpg"),
        (f"https://e.org/p.jpg?width=140&s={'a' * 32}", f"https://e.org/p.jpg?width=460&quality=5&s={'b' * 32}"),
        ("https://e.org/a.jpg?w=5", "http://e.org/a.jpg"),
        ("https://e.org/a.jpg?x-oss-process=image/resize,w_300", "https://e.org/a.jpg"),
        ("https://e.org/a?imageView2/2/w/300", "https://e.org/a"),
    ],
)  # fmt: skip
def test_a_known_servers_sizes_of_a_picture_are_one(one: str, other: str) -> None:
    assert same_picture(one) == same_picture(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://e.org/photo_a.jpg", "https://e.org/photo_b.jpg"),
        ("https://e.org/grid-10x10.png", "https://e.org/grid-20x20.png"),
        ("https://e.org/s1/a.jpg", "https://e.org/s2/a.jpg"),
        ("https://e.org/i.php?id=1", "https://e.org/i.php?id=2"),
        ("https://e.org/a.jpg?id=1", "https://e.org/a.jpg?id=2"),
        ("https://e.org/a.jpg?id=1&w=300", "https://e.org/a.jpg?id=2&w=300"),
        ("https://e.org/i?w=1", "https://e.org/i?w=2"),
        ("https://e.org/thumb150/a.jpg", "https://e.org/large/a.jpg"),
        ("https://e.org/240/a.jpg", "https://e.org/480/a.jpg"),
        ("https://e.org/x=s72", "https://e.org/x=s100"),
        ("https://notsinaimg.cn/large/a.jpg", "https://notsinaimg.cn/small/a.jpg"),
        ("https://wx1.sinaimg.cn/large/a.jpg", "https://wx1.sinaimg.cn/large/b.jpg"),
        ("https://a.imgix.net/x.jpg", "https://b.imgix.net/x.jpg"),
        ("https://x.files.wordpress.com/2011/11/a.jpg", "https://y.files.wordpress.com/2011/11/a.jpg"),
        ("https://e.org/wp-content/uploads/a-1.jpg", "https://e.org/wp-content/uploads/a-2.jpg"),
        ("https://i.ytimg.com/vi/AAAAAAAAAAA/1.jpg", "https://i.ytimg.com/vi/AAAAAAAAAAA/2.jpg"),
        ("https://res.cloudinary.com/d/image/upload/my_pics/a.jpg", "https://res.cloudinary.com/d/image/upload/my_pics/b.jpg"),
    ],
)  # fmt: skip
def test_addresses_that_only_look_alike_are_two(one: str, other: str) -> None:
    assert same_picture(one) != same_picture(other)


_HOSTS = ["e.org", "wx1.sinaimg.cn", "i0.wp.com", "res.cloudinary.com", "lh3.googleusercontent.com"]


@given(st.sampled_from(_HOSTS), st.text(max_size=80))
def test_any_address_is_the_same_as_itself(host: str, rest: str) -> None:
    url = f"https://{host}/{rest}"
    assert same_picture(url) == same_picture(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://e.org/" + "a-" * 2000 + ".jpg",
        "https://res.cloudinary.com/d/image/upload/" + "w_1,h_2/" * 500 + "a",
        "https://lh3.googleusercontent.com/" + "=s1" * 1000,
        "https://e.org/a.jpg?" + "w=300&" * 700,
        "https://images-amazon.com/" + "._a_" * 1000,
    ],
)
def test_long_addresses_are_looked_at_in_time(url: str) -> None:
    assert same_picture(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://avatars.githubusercontent.com/u/1?s=30&v=4", True),
        ("https://avatars2.githubusercontent.com/u/1?s=30", True),
        ("https://git.example.org/avatars/u/5?s=30", True),
        ("https://gitlab.example.org/uploads/-/system/user/avatar/7/avatar.png?width=40", True),
        ("https://git.example.org/avatars/" + "0a" * 16 + "?size=48", True),
        ("https://1.gravatar.com/avatar/abc?s=96", True),
        ("https://user-images.githubusercontent.com/1/shot.png", False),
        ("https://opengraph.githubassets.com/1/o/r/commit/1", False),
        ("https://film.example.org/avatars/poster.jpg", False),
        ("https://gravatar.com.example.org/avatar/abc", False),
    ],
)
def test_faces_are_known_by_who_serves_them(url: str, expected: bool) -> None:
    assert is_face(url) is expected
