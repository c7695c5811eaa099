"""The answer that `add` has had already, left beside the database for the source's first poll.

`NAME.first-…` is a line of JSON, then the body. It is written once the source is; the poll that
takes it removes it. Whatever goes wrong with it costs one more request and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.model import Fetched, HttpHints, Validators
from aggregator.runtime.values import dataclass
from aggregator.store.engines.lock import beside
from aggregator.store.rows.codec import dumps, loads

if TYPE_CHECKING:
    from pathlib import Path

#: A document that is older is asked for again: no source is polled more often by default.
FRESH_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Head:
    """What an answer says besides its body; validators in Latin-1, byte for byte."""

    url: str
    answered_at: datetime
    status: int
    content_type: str | None
    etag: str | None
    last_modified: str | None
    validators_url: str | None
    hints: HttpHints
    permanent_url: str | None
    links: tuple[str, ...]
    end_told: bool
    certificate_until_at: datetime | None


def leave(store_path: Path, url: str, answer: Fetched, now: datetime) -> None:
    """Leave the answer to a request for the configured `url`, for its source's first poll."""
    if answer.url == url:  # wherever the request began
        answer = replace(
            answer, permanent_url=None, validators=replace(answer.validators, url=None)
        )
    _sweep(store_path, now)
    held = answer.validators
    head = _Head(
        url=answer.url,
        answered_at=now,
        status=answer.status,
        content_type=answer.content_type,
        etag=_text(held.etag),
        last_modified=_text(held.last_modified),
        validators_url=held.url,
        hints=answer.hints,
        permanent_url=answer.permanent_url,
        links=answer.links,
        end_told=answer.end_told,
        certificate_until_at=answer.certificate_until_at,
    )
    path = _path(store_path, url)
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        # Nobody else can have made it, or a link of that name: others may own the folder.
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as written:
            owner = path.parent.stat()
            if os.geteuid() == 0:
                os.fchown(file, owner.st_uid, owner.st_gid)
            written.write(dumps(head).encode() + b"\n" + answer.body)


def take(store_path: Path, url: str, now: datetime) -> Fetched | None:
    """Return the answer that was left for the configured `url` lately, once; else `None`."""
    path = _path(store_path, url)
    try:
        whole = path.read_bytes()
        path.unlink()
    except OSError:
        return None
    line, _, body = whole.partition(b"\n")
    try:
        head = loads(_Head, line.decode())
        answer = _answer(head, body)
        is_fresh = timedelta(0) <= now - head.answered_at <= FRESH_FOR
    except (ValueError, TypeError, AttributeError):  # another version's, or cut short
        return None
    return answer if is_fresh and body else None


def _answer(head: _Head, body: bytes) -> Fetched:
    return Fetched(
        url=head.url,
        status=head.status,
        body=body,
        sha256=hashlib.sha256(body).digest(),
        content_type=head.content_type,
        validators=Validators(_bytes(head.etag), _bytes(head.last_modified), head.validators_url),
        hints=head.hints,
        permanent_url=head.permanent_url,
        links=head.links,
        end_told=head.end_told,
        certificate_until_at=head.certificate_until_at,
    )


def _sweep(store_path: Path, now: datetime) -> None:
    """Remove what was left for sources that have gone again."""
    shape = beside(store_path, "first-*")
    for path in shape.parent.glob(shape.name):
        with contextlib.suppress(OSError):
            if now.timestamp() - path.stat().st_mtime > FRESH_FOR.total_seconds():
                path.unlink()


def _path(store_path: Path, url: str) -> Path:
    return beside(store_path, f"first-{hashlib.sha256(url.encode()).hexdigest()[:16]}")


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else value.encode("latin-1")
