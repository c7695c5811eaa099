"""feedparser's own expectations, asked of our documents wherever they speak of what we keep.

Each file of its tests says `Expect: entries[0]['title'] == 'x' and …`. Every clause that compares
one field with a literal is asked of ours; the rest is left out by the rules below, and counted.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from feedparser.sanitizer import (  # type: ignore[import-untyped]  # feedparser ships no types
    _sanitize_html,
)
from feedparser.urls import (  # type: ignore[import-untyped]  # feedparser ships no types
    make_safe_absolute_uri,
    resolve_relative_uris,
)

from aggregator import parse
from aggregator.model import Body, Document, Provenance, RawEntry
from aggregator.model.errors import UnreadableError
from tests import corpus

if TYPE_CHECKING:
    from collections.abc import Callable

SEEN = datetime(2026, 11, 23, tzinfo=UTC)

#: Where feedparser's own runner serves its tests.
_HOST = "http://127.0.0.1:8097"

_EXPECT = re.compile(r"Expect:\s*(.*?)\s*-->", re.DOTALL)
_HEADER = re.compile(r"^\s*Header:\s*([\w-]+):[ \t]*(.*?)\s*$", re.MULTILINE)
_WIDTHS = (
    (b"\0\0\0<", "utf-32-be"), (b"<\0\0\0", "utf-32-le"), (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe\0\0", "utf-32"), (b"\xfe\xff", "utf-16"), (b"\xff\xfe", "utf-16"),
    (b"\0<", "utf-16-be"), (b"<\0", "utf-16-le"), (b"\x4c\x6f\xa7\x94", "cp037")
)  # fmt: skip

_OF_A_FEED = (
    r"title|title_detail\.value|link|id|guid|author|language|updated_parsed|subtitle|description"
    r"|tagline|rights|copyright|icon|logo|image\.href|image\.url"
)
_OF_A_SOURCE = r"title|title_detail\.value|id|guid|link|href|url|updated_parsed"


def _listed(pattern: str) -> str:
    return pattern.replace("\\", "").replace("|", ", ")


#: Clauses about what our documents do not hold, by path, and why; the first that fits counts.
NOT_KEPT = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"bozo|headers|status|href|etag", "how it was fetched, and whether it is well-formed"),
        (r"encoding", "an encoding's name: our decoding has an order of its own; the text counts"),
        (r"feed\.(author_detail|authors)", "a person's address and page: we keep names"),
        (rf"feed\.(?!({_OF_A_FEED})$)", f"of a feed we keep {_listed(_OF_A_FEED)}"),
        (r"entries\.\d\.(author_detail|authors\.\d)\.(email|url|href)",
         "a person's address and page: we keep names"),
        (r"entries\.\d\.links", "links by rel: we keep the alternate and the enclosures"),
        (r"entries\.\d\.category$", "the first category alone"),
        (r"entries\.\d\.enclosures\.\d$", "an enclosure with all its attributes"),
        (r"entries\.\d\.title_detail\.(base|language)", "base and language of a title alone"),
        (r"entries\.\d\.content\.\d\.src", "a content that is elsewhere"),
        (r"entries\.\d\.(media_(?!thumbnail)|itunes_|psc_|thr_|wfw_|image)",
         "players, ratings, chapters and other extensions"),
        (rf"entries\.\d\.source\.(?!({_OF_A_SOURCE})$)",
         f"of an entry's source we keep {_listed(_OF_A_SOURCE)}"),
        (r"entries\.\d\.(contributors|publisher|where|subtitle)",
         "contributors, publishers and places of an entry"),
        (r"entries\.\d\.(rights|copyright|license|comments|expired|created|guidislink|madeup_element)",
         "rights and other fields that no format of ours carries"),
    )
)  # fmt: skip

#: Expectations about what we keep that ours does not meet, by file and path, and why that is right.
REVIEWED = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"encoding/x80_(tcvn.*|viscii)\.xml", "an encoding that Python does not have"),
        (r"encoding/x80_cp875\.xml", "EBCDIC is read as its commonest code page"),
        (r"encoding/bozo_linenoise\.xml", "three bytes of noise, which no encoding reads"),
        (r"entities/[lr]ang\.xml", "HTML 5 has other brackets under these names than HTML 4"),
        (r".*/\w*map_author\.xml|wellformed/rss/channel_author\.xml",
         "a person's name and address: ours is the name alone"),
        (r"wellformed/atom(10)?/relative_uri\w*\.xml feed\.", "a feed's title becomes plain text"),
        (r"wellformed/atom10/entry_content_base64\w*\.xml",
         "octets of no type: nothing says that they are HTML (RFC 4287, 4.1.3.3)"),
        (r"wellformed/cdf/channel_\w+\.xml",
         "a CDF channel without items: nothing tells it from other XML"),
        (r"wellformed/sanitize/item_content_encoded_script_nested_cdata\.xml",
         "a wrapper of CDATA inside of another: what it holds is meant"),
        (r"wellformed/lang/http_content_language\w*\.xml", "HTTP's word for the language"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """`path == expected`, of one file."""

    file: str
    path: str
    expected: object


def text_of(body: bytes) -> str:
    for mark, encoding in _WIDTHS:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    return body.decode("utf-8", "replace")


def value_of(node: ast.expr) -> object:
    """Return what a literal says, sums and repetitions of strings included."""
    if isinstance(node, ast.BinOp):
        left: Any = value_of(node.left)
        right: Any = value_of(node.right)
        return left + right if isinstance(node.op, ast.Add) else left * right
    return ast.literal_eval(node)


def path_of(node: ast.expr) -> str:
    """Return `entries[0]['title']` as "entries.0.title"; raises ValueError for what is no path."""
    match node:
        case ast.Name(id=name):
            return str(name)
        case ast.Attribute(value=holder, attr=name):
            return f"{path_of(holder)}.{name}"
        case ast.Subscript(value=holder, slice=ast.Constant(value=key)):
            return f"{path_of(holder)}.{key!s}"
        case _:
            raise ValueError(ast.unparse(node))


def clauses_of(file: str, expectation: str, left_out: Counter[str]) -> list[Clause]:
    tree = ast.parse(expectation.strip(), mode="eval").body
    clauses = []
    for node in (
        tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    ):
        try:
            match node:
                case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                    clauses.append(Clause(file, path_of(left), value_of(right)))
                case ast.UnaryOp(operand=ast.Name(id="bozo")) | ast.Name(id="bozo"):
                    left_out[NOT_KEPT[0][1]] += 1
                case _:
                    left_out["no comparison of one field with a literal"] += 1
        except ValueError:
            left_out["no comparison of one field with a literal"] += 1
    return clauses


def instant(at: datetime | None) -> tuple[int, ...] | None:
    return None if at is None else tuple(at.utctimetuple())


def entry_view(raw: RawEntry) -> dict[str, Any]:
    """Return an entry of ours under feedparser's names."""
    author_names = (raw.raw_particulars.author or "").split(", ")
    summary = raw.raw_summary if raw.raw_summary is not None else raw.raw_content
    summary_is_html = (
        raw.raw_summary_is_html if raw.raw_summary is not None else raw.raw_content_is_html
    )
    return {
        "id": raw.raw_guid,
        "guid": raw.raw_guid,
        "link": raw.raw_link,
        "title": raw.raw_title,
        "title_detail": {"value": raw.raw_title, "type": bool(raw.raw_title_is_html)},
        "description": summary,
        "summary": summary,
        "summary_detail": {
            "value": summary,
            "type": summary_is_html,
            "base": raw.base_url,
            "language": raw.language,
        },
        "content": [
            {
                "value": raw.raw_content if raw.raw_content is not None else summary,
                "type": raw.raw_content_is_html,
                "base": raw.base_url,
                "language": raw.language,
            }
        ],
        "language": raw.language,
        "author": raw.raw_particulars.author,
        "author_detail": {"name": raw.raw_particulars.author},
        "authors": [{"name": name} for name in author_names],
        "published": raw.raw_published,
        "published_parsed": instant(raw.published_at),
        "updated": raw.raw_updated,
        "updated_parsed": instant(raw.updated_at),
        "media_thumbnail": [{"url": raw.raw_thumbnail.url if raw.raw_thumbnail else None}],
        "tags": [
            {"term": one.term, "scheme": one.scheme, "label": one.label}
            for one in raw.raw_categories
        ],
        "source": source_view(raw.raw_source or Provenance()),
        "enclosures": [
            {
                "href": one.url,
                "url": one.url,
                "length": str(one.length_bytes),
                "type": one.media_type,
            }
            for one in raw.raw_enclosures
        ],
    }


def source_view(source: Provenance) -> dict[str, Any]:
    return {
        "title": source.title,
        "title_detail": {"value": source.title},
        "id": source.id,
        "guid": source.id,
        "href": source.url,
        "url": source.url,
        "link": source.site_url,
        "updated_parsed": instant(source.updated_at),
    }


def view(document: Document) -> dict[str, Any]:
    head = document.head
    return {
        "version": head.kind,
        "feed": {
            "title": head.title,
            "title_detail": {"value": head.title},
            "link": head.site_url,
            "id": head.feed_id,
            "guid": head.feed_id,
            "author": head.particulars.author,
            "language": head.language,
            "updated_parsed": instant(head.updated_at),
            "subtitle": head.description,
            "description": head.description,
            "tagline": head.description,
            "rights": head.rights,
            "copyright": head.rights,
            "icon": head.icon_url,
            "logo": head.icon_url,
            "image": {"href": head.icon_url, "url": head.icon_url},
        },
        "entries": [entry_view(raw) for raw in document.entries],
    }


def looked_up(holder: Any, path: str) -> object:
    for key in path.split("."):
        try:
            holder = holder[int(key)] if isinstance(holder, list) else holder[key]
        except IndexError:
            return None
    return holder


def agrees(clause: Clause, ours: object, base: str) -> str | None:
    """Return how our value is the expected one, or `None` where it is not."""
    expected = clause.expected
    if clause.path.endswith(".type"):
        is_html = expected in {"text/html", "application/xhtml+xml"}
        return "as written" if ours in {expected, is_html} else None
    if ours == expected or (not ours and not expected):
        return "as written"
    if not isinstance(ours, str) or not isinstance(expected, str):
        return None
    if ours.strip() == expected.strip():
        return "as written"
    if clause.path.endswith((".id", ".guid", ".link", ".href")):
        return "once resolved" if make_safe_absolute_uri(base, ours) == expected else None
    resolved = resolve_relative_uris(ours, base, "utf-8", "text/html")
    for markup in (ours, resolved):
        if _sanitize_html(markup, "utf-8", "text/html").strip() == expected.strip():
            return "once cleaned as feedparser does"
    return None


class Trial:
    """What becomes of all clauses: left out, held, excepted, or a defect."""

    def __init__(self) -> None:
        self.left_out, self.held, self.excepted = Counter[str](), Counter[str](), Counter[str]()
        self.defects: list[str] = []

    def ask(self, name: str, body: bytes) -> None:
        text = text_of(body)
        said = _EXPECT.search(text)
        if said is None or said[1].strip() in {"0", "1"}:
            self.left_out["files that only must not crash"] += 1
            return
        asked = self._asked(name, said[1])
        headers = {key.lower(): value for key, value in _HEADER.findall(text)}
        own = f"{_HOST}/tests/{name}"
        base = make_safe_absolute_uri(own, headers.get("content-location", "")) or own
        try:
            document = parse.read(Body(body, headers.get("content-type"), base, "UTC", SEEN))
        except UnreadableError as error:
            for clause in asked:
                self._count(clause, None, str(error))
            return
        seen = view(document)
        for clause in asked:
            in_entry = clause.path.startswith("entries") and document.entries
            ours = looked_up(seen, clause.path)
            how = agrees(clause, ours, document.entries[0].base_url if in_entry else base)
            self._count(clause, how, repr(ours))

    def _asked(self, name: str, expectation: str) -> list[Clause]:
        asked = []
        for clause in clauses_of(name, expectation, self.left_out):
            reason = next((why for rule, why in NOT_KEPT if rule.match(clause.path)), None)
            if reason is None:
                asked.append(clause)
            else:
                self.left_out[reason] += 1
        return asked

    def _count(self, clause: Clause, how: str | None, ours: str) -> None:
        place = f"{clause.file} {clause.path}"
        if how is not None:
            self.held[how] += 1
        elif reason := next((why for rule, why in REVIEWED if rule.match(place)), None):
            self.excepted[reason] += 1
        else:
            self.defects.append(f"{place}: {ours}, expected {clause.expected!r}")


def test_what_feedparser_expects_of_its_documents_ours_hold(tell: Callable[[str], None]) -> None:
    folder = corpus.folder("conformance", "feedparser-6.0.14", "tests")
    trial = Trial()
    for path in sorted(folder.rglob("*.xml")):
        trial.ask(str(path.relative_to(folder)), path.read_bytes())
    for verb, counted in (
        ("hold", trial.held),
        ("excepted", trial.excepted),
        ("left out", trial.left_out),
    ):
        for reason, count in counted.most_common():
            tell(f"{count} clauses {verb}: {reason}")
    assert not trial.defects, "\n".join(trial.defects)
    # One that excepts nothing has outlived its reason.
    assert trial.excepted.keys() == {reason for _, reason in REVIEWED}
    assert trial.held.total() > 1000
