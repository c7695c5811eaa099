"""What is published, and where it goes: values of feeds and exports, each by itself."""

from __future__ import annotations

import re

from aggregator.config import values

#: 16 random characters are 2^95 tokens: nobody guesses one in the lifetime of a server.
MIN_TOKEN_CHARS, MAX_TOKEN_CHARS = 16, 128
#: A paragraph that readers show above a feed.
MAX_DESCRIPTION_CHARS = 1000
#: Nested folders of a post; people use three.
MAX_CATEGORIES = 16
#: What RFC 5646 §4.4.1 wants room for.
MAX_LANGUAGE_CHARS = 35
#: The fields of a title_template.
FIELDS = ("{title}", "{source}", "{tag}")

_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{MIN_TOKEN_CHARS},{MAX_TOKEN_CHARS}}}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def token(value: object) -> str:
    """Return the secret part of a private feed's address."""
    word = values.text(value)
    if not _TOKEN.fullmatch(word):
        raise ValueError(
            f'must be {MIN_TOKEN_CHARS} to {MAX_TOKEN_CHARS} of A-Z, a-z, 0-9, "_" and "-"; '
            "make one with: openssl rand -hex 16"
        )
    return word


def language(value: object) -> str:
    """Return a language tag, well-formed as of BCP 47 (RFC 5646 §2.1)."""
    tag = values.text(value)
    if len(tag) > MAX_LANGUAGE_CHARS or not _LANGUAGE.fullmatch(tag):
        raise ValueError('must be a language such as "zh-CN" or "en"')
    return tag


def title_template(value: object) -> str:
    """Return how the titles of a feed's stories are made."""
    template = values.title(value)
    rest = template
    for field in FIELDS:
        rest = rest.replace(field, "")
    if "{" in rest or "}" in rest:
        raise ValueError(f"can hold {', '.join(FIELDS)} and no other braces")
    if rest == template:
        raise ValueError('would give every story the same title; write one such as "{title}"')
    return template


def icon(value: object) -> str:
    """Return the URL of a picture that readers show beside a feed."""
    url = values.http_url(value)
    if "@" in values.split(url).netloc:
        raise ValueError("must not hold a user name or password: it is published")
    return url


def description(value: object) -> str:
    """Return what a feed is about."""
    line = values.text(value)
    if len(line) > MAX_DESCRIPTION_CHARS:
        raise ValueError(f"must have at most {MAX_DESCRIPTION_CHARS} characters")
    return line
