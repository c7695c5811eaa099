"""From a body to its document: decoded, then read by the reader of its format."""

from __future__ import annotations

from aggregator.model import Body, Document, Problem, ProblemKind
from aggregator.model.errors import UnreadableError
from aggregator.parse.decode import decode
from aggregator.parse.document_limits import MAX_BODY_BYTES
from aggregator.parse.feed_reader import read_xml
from aggregator.parse.json_feed_reader import looks_like_json, read_json
from aggregator.parse.strict import Refusal, read_known


def read(body: Body) -> Document:
    """Return what the RSS, Atom or JSON Feed document in `body` says.

    Raises `UnreadableError` with a named problem: TOO_LARGE, ENCODING (not text at all),
    NOT_A_FEED (with what it is instead). Any other exception is a defect of ours or feedparser's.
    """
    if len(body.body) > MAX_BODY_BYTES:
        sizes = f"{len(body.body) >> 20} MiB, {MAX_BODY_BYTES >> 20} at most"
        raise UnreadableError(Problem(ProblemKind.TOO_LARGE, f"a document of {sizes}"))
    decoded = decode(body.body, body.content_type, body.encoding)
    if looks_like_json(decoded.text):
        return read_json(body, decoded)
    found = read_known(body, decoded)
    return read_xml(body, decoded) if isinstance(found, Refusal) else found
