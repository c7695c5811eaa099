"""What the operator holds secret, as a value: found and taken out of any text, however spelt there.

One test over all secrets together comes first; most texts hold none, and a configuration without
secrets costs nothing.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from aggregator.rules.patterns import finder_of_any
from aggregator.rules.spellings import core, decoded, has_needless_encoding, spelled
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: A value of fewer characters is in too many words: `?lang=de` takes no "de" out of any text.
LEAST_CHARS = 8
#: What is taken out may join its neighbours to another secret: so often is that looked for.
_MOST_PASSES = 8

#: Between a host and a parameter of its address: more is no address that anybody follows.
_MOST_BETWEEN = 1000

#: What a text divides into addresses and words.
_WORD = re.compile(r"[^\s\"'<>]+")
#: The rest of an address behind its path.
_REST = r"(?:\\*[/?#&]|%(?:25)*(?:2f|3f|23|26))[^\s\"'<>]*"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A short value, secret as that parameter's in addresses of one host."""

    host: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Login:
    """User info in addresses of one host: "user:password", "token"."""

    host: str
    user_info: str


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a private source, and of what lies below it: `path` begins with a slash."""

    host: str
    path: str
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Secrets:
    """All that is published nowhere. `values` have at least `LEAST_CHARS`, and are so anywhere."""

    values: frozenset[str] = frozenset()
    parameters: frozenset[Parameter] = frozenset()
    logins: frozenset[Login] = frozenset()
    addresses: frozenset[Address] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is any secret."""
        return bool(self.values or self.parameters or self.logins or self.addresses)

    def may_tell(self, text: str) -> bool:
        """Tell whether `text` may hold a secret: fast, and never wrong where it says no."""
        return bool(self) and _compiled(self).may_tell(text)

    def tells(self, text: str) -> bool:
        """Tell whether `text` holds a secret in any spelling."""
        return self.conceal(text) != text

    def conceal(self, text: str) -> str:
        """Return `text`, plain or HTML, without any secret. Idempotent.

        A value leaves its parameter empty; the address of a private source goes as a whole, with
        what follows it up to the next blank, quotation mark or angle bracket.
        """
        return _compiled(self).conceal(text) if self else text

    @property
    def fingerprint(self) -> str:
        """The same for the same secrets; "" for none. Tells nothing but whether they are others."""
        if not self:
            return ""
        parts = (self.values, self.parameters, self.logins, self.addresses)
        told = "\0".join(repr(sorted(map(repr, part))) for part in parts)
        return hashlib.sha256(told.encode(errors="replace")).hexdigest()


#: What there is where nothing is configured.
NO_SECRETS = Secrets()


def united(found: Iterable[Secrets]) -> Secrets:
    """Return all secrets together."""
    every = tuple(found)
    return Secrets(
        values=frozenset(chain.from_iterable(one.values for one in every)),
        parameters=frozenset(chain.from_iterable(one.parameters for one in every)),
        logins=frozenset(chain.from_iterable(one.logins for one in every)),
        addresses=frozenset(chain.from_iterable(one.addresses for one in every)),
    )


@dataclass(frozen=True, slots=True)
class _Sought:
    """How one secret is looked for: by what it is without any encoding, then by a pattern.

    `core` is a part of the needle that is rarely encoded. The pattern's group "kept" stays.
    `is_bare`: the needle by itself is the secret.
    """

    needle: str
    core: str
    pattern: str
    is_bare: bool = False


class _Compiled:
    """Secrets made ready for looking: one test, then a pattern for each that may be there."""

    def __init__(self, secrets: Secrets) -> None:
        self._sought = tuple(_sought(secrets))
        self._has_core = finder_of_any(sorted({one.core for one in self._sought}))
        self._has_needle = finder_of_any(sorted({one.needle for one in self._sought}))

    def may_tell(self, text: str) -> bool:
        if not self._has_core(text) and not has_needless_encoding(text):
            return False
        return self._has_needle(decoded(text))

    def conceal(self, text: str) -> str:
        for _ in range(_MOST_PASSES):
            if not self.may_tell(text):
                return text
            before, plain = text, decoded(text).lower()
            for one in self._sought:
                if one.needle in plain:
                    text = _pattern(one.pattern).sub(r"\g<kept>", text)
            if text == before:
                break
        # In a spelling that nobody has thought of: the word goes as a whole.
        return _WORD.sub(self._unless_bare, text) if self._holds_bare(text) else text

    def _holds_bare(self, text: str) -> bool:
        plain = decoded(text).lower()
        return any(one.is_bare and one.needle in plain for one in self._sought)

    def _unless_bare(self, match: re.Match[str]) -> str:
        return "" if self._holds_bare(match[0]) else match[0]


@lru_cache(maxsize=8)
def _compiled(secrets: Secrets) -> _Compiled:
    return _Compiled(secrets)


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _sought(secrets: Secrets) -> Iterator[_Sought]:
    """Yield what is larger first: of an address nothing is left, whatever value is in it."""
    for address in sorted(secrets.addresses, key=repr):
        slashes = spelled("//")
        pattern = (
            rf"(?P<kept>)(?:(?:https?{spelled(':')})?{slashes}(?:[^\s\"'<>/@]{{1,200}}@)?)?"
            rf"{spelled(address.host)}(?:{spelled(':')}\d{{1,5}})?{spelled(address.path)}"
            rf"(?:{_REST}|(?![A-Za-z0-9_%-]|\.[A-Za-z0-9]))"
        )
        for port in ("", ":80", ":443", *([f":{address.port}"] if address.port else [])):
            path = decoded(address.path)
            needle = f"{address.host}{port}{path}".lower()
            rarest = core(path)
            yield _Sought(
                needle, rarest if len(rarest) >= LEAST_CHARS else core(address.host), pattern
            )
    for login in sorted(secrets.logins, key=repr):
        pattern = (
            f"(?P<kept>{spelled('//')}){spelled(decoded(login.user_info))}{spelled('@')}"
            f"(?={spelled(login.host)})"
        )
        yield from (
            _Sought(f"{needle}@", core(needle), pattern) for needle in _needles(login.user_info)
        )
    for one in sorted(secrets.parameters, key=repr):
        mark = "|".join(map(spelled, "?&;"))
        pattern = (
            rf"(?P<kept>{spelled(one.host)}[^\s\"'<>]{{0,{_MOST_BETWEEN}}}?(?:{mark})"
            rf"{spelled(one.name)}{spelled('=')}){spelled(decoded(one.value))}(?![A-Za-z0-9_~-])"
        )
        name = decoded(one.name).lower()
        yield from (
            _Sought(f"{name}={needle}", core(needle) or core(name), pattern)
            for needle in _needles(one.value)
        )
    for value in sorted(secrets.values):
        pattern = f"(?P<kept>){spelled(decoded(value))}"
        yield from (
            _Sought(needle, core(needle), pattern, is_bare=True) for needle in _needles(value)
        )


def _needles(value: str) -> tuple[str, ...]:
    """Return a value as it stands in decoded text: in a query a space may be written as "+"."""
    plain = decoded(value).lower()
    return tuple(dict.fromkeys((plain, plain.replace("+", " "), plain.replace(" ", "+"))))
