"""URLs: made absolute, made fit to publish, and reduced to what identifies a page."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urljoin, urlsplit, urlunsplit

from aggregator.web.addresses import DEFAULT_PORTS, host_of

#: Longer URLs are neither asked for nor published: servers and proxies refuse them (what they take
#: in a request line, rounded down), browsers and readers cut them anywhere.
MAX_URL_CHARS = 4096

#: Beginnings of links that are kept beside http(s): the files of BitTorrent feeds
#: (https://www.bittorrent.org/beps/bep_0009.html, registered with IANA).
OTHER_LINKS = ("magnet:?",)

#: Query parameters that say who shared a link and not what it points to.
_TRACKERS = re.compile(
    r"utm_\w+|_?hs(?:mi|enc)|mc_[ce]id|fb_\w+|(?:fb|g|gb|ms|dc|tw|yc|wb)clid|gclsrc|igshid|igsh"
    r"|mkt_tok|oly_(?:anon|enc)_id|vero_id|_openstat|yclid|ysclid|xtor|at_(?:medium|campaign)"
    r"|ref_src|ref_url|cmpid|ncid|ns_(?:campaign|mchannel|source|linkname|fee)|wt\.mc_id|wt_mc"
    r"|spm|scm|vd_source|share_(?:source|medium|from|token)|spm_id_from|from_spmid|guccounter"
    r"|guce_referrer(?:_sig)?|s_kwcid|trk(?:campaign|info)?|_ga|_gl|__twitter_impression|rss_token",
    re.IGNORECASE,
)
#: Fragments that publishers add to count clicks in feeds; others can tell entries apart.
_TRACKING_FRAGMENT = re.compile(
    r"(?:rss|atom|feed|xtor=.*|utm_.*|ref=.*|ftag=.*|comments?|:~:text=.*)", re.IGNORECASE
)

#: What a browser drops from a URL (https://url.spec.whatwg.org/#concept-basic-url-parser), and what
#: must not be in one as it is (RFC 3986 section 2).
_DROPPED = re.compile(r"[\t\n\r]")
_ENDS = "".join(map(chr, range(33))) + "\u00a0\u3000\ufeff"
_UNWISE = re.compile(r"""[\x00-\x20"<>\\^`{|}\x7f-\xa0\u2028\u2029\ud800-\udfff\ufffe\uffff]""")
#: A URL that is absolute and well-formed, as most are: it resolves to itself against any base.
_PLAIN = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?:/[\w.~!$&'()*+,=:@%/-]*)?"
    r"(?:\?[\w.~!$&'()*+,;=:@%/?-]+)?(?:#[\w.~!$&'()*+,;=:@%/?-]+)?",
    re.ASCII,
)
#: What programs write for no address: as a reference it would be the page that it stands on.
_NOWHERE = re.compile(r"https?:/*(?:[?#].*)?", re.IGNORECASE)
#: An absolute URL that ends in what `urljoin` drops.
_EMPTY_END = re.compile(r"https?://.*?([?#]+)", re.IGNORECASE)
#: One that is its own canonical form, but for the scheme and a slash at its end.
_CANONICAL = re.compile(
    r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)*(?:/[\w~-]+(?:\.[\w~-]+)*)*)/?", re.ASCII
)
_ABSOLUTE_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}:[^\s<>\"{}|\\^`\x00-\x20\x7f-\x9f]+")
#: A visit's own number: a new one for each document that is fetched. Shorter values name things.
_SESSION = re.compile(
    r"(?:phpsessid|jsessionid|session_?id|aspsessionid\w*|sid)=[0-9a-z_.-]{16,}", re.IGNORECASE
)
_SESSION_PATH = re.compile(r";jsessionid=[^/?#;]*", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def absolute_url(url: str | None, base: str) -> str | None:
    """Return `url` resolved against `base`, in any scheme, or `None` when that is no URL.

    Resolves as a browser does: surrounding blanks and inner line breaks go, characters that no
    URL may hold are percent-encoded. Non-ASCII text stays (an IRI, RFC 3987), and so does a query
    or fragment that is empty. "http://" is none.
    """
    if not url:
        return None
    url = _DROPPED.sub("", url.strip(_ENDS))
    if not url or len(url) > MAX_URL_CHARS:
        return None
    if is_plain(url):
        return url
    if _NOWHERE.fullmatch(url):
        return None
    try:
        joined = urljoin(base, url)
        urlsplit(joined)
    except ValueError:
        return None
    if (end := _EMPTY_END.fullmatch(url)) and not joined.endswith(end[1]):
        joined += end[1]
    joined = _UNWISE.sub(_quoted, joined)
    return joined if len(joined) <= MAX_URL_CHARS else None


def resolved(base: str, reference: str) -> str:
    """Return a reference resolved against a base (RFC 3986 §5), as it is where that cannot be."""
    try:
        return urljoin(base, reference)
    except ValueError:
        return reference


def is_absolute_iri(text: str) -> bool:
    """Tell whether `text` is an IRI with a scheme and no character that readers choke on.

    RFC 3987, as far as it matters for a name that others compare byte for byte.
    """
    return _ABSOLUTE_IRI.fullmatch(text) is not None


def is_plain(url: str) -> bool:
    """Tell whether a URL is absolute, http(s) and well-formed as most are: fit as it is."""
    return len(url) <= MAX_URL_CHARS and _is_plain(url)


@lru_cache(maxsize=256)
def _is_plain(url: str) -> bool:
    return _PLAIN.fullmatch(url) is not None


def public_url(url: str | None) -> str | None:
    """Return `url`, letter by letter, where it is an absolute http(s) one, else `None`."""
    if not url:
        return None
    if is_plain(url):
        return url
    try:
        parts = urlsplit(url)
        fit = parts.scheme in DEFAULT_PORTS and bool(parts.hostname)
        _ = parts.port  # raises for one that is no number
    except ValueError:
        return None
    return url if fit else None


def public_link(url: str | None) -> str | None:
    """Return an absolute `url` that may be linked to: as `public_url`, or of a listed scheme."""
    if url and url.lower().startswith(OTHER_LINKS):
        return url
    return public_url(url)


@lru_cache(maxsize=1024)
def canonical_url(url: str) -> str:
    """Return what identifies the page behind `url`: equal for the spellings of one address.

    http and https, the host's letters (case, IDNA), a default port, a trailing slash, dot segments,
    percent-encoding of plain characters, known tracker parameters and click-counting fragments
    make no difference. Idempotent; what is no http(s) URL is returned as it is.
    """
    if canonical := _CANONICAL.fullmatch(url):
        return f"https://{canonical[1]}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    host = host_of(url)
    if parts.scheme not in DEFAULT_PORTS or not host:
        return url
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port not in DEFAULT_PORTS.values():
        netloc = f"{netloc}:{port}"
    path = without_dot_segments(_SESSION_PATH.sub("", plain_escapes(parts.path)))
    query = "&".join(
        part
        for part in plain_escapes(parts.query).split("&")
        if part and not _is_tracker(part) and not _SESSION.fullmatch(part)
    )
    fragment = "" if _TRACKING_FRAGMENT.fullmatch(parts.fragment) else parts.fragment
    return urlunsplit(("https", netloc, path.rstrip("/"), query, fragment))


def without_trackers(url: str) -> str:
    """Return `url` without the known parameters that only tell which page led here. Idempotent."""
    before, mark, rest = url.partition("?")
    query, fragment_mark, fragment = rest.partition("#")
    if not query or "#" in before:
        return url
    kept = "&".join(part for part in query.split("&") if not _is_tracker(part))
    return f"{before}{mark if kept else ''}{kept}{fragment_mark}{fragment}"


def is_page(canonical: str) -> bool:
    """Tell whether a canonical URL names one page, and not a whole site by its bare host."""
    if _CANONICAL.fullmatch(canonical):
        return canonical.count("/") > 2  # those of the scheme
    parts = urlsplit(canonical)
    return bool(parts.path or parts.query or parts.fragment)


def plain_escapes(text: str) -> str:
    """Return `text` with no escape of what needs none, others in upper case (RFC 3986 §6.2.2).

    Idempotent: what a stray "%" begins before an escape ("%%34%31") is decoded to its end.
    """
    while "%" in text and (plain := _ESCAPE.sub(_plain, text)) != text:
        text = plain
    return text


def without_dot_segments(path: str) -> str:
    """Return an absolute path without its dot segments (RFC 3986 §5.2.4); others as they are."""
    if not path.startswith("/") or "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)


def _is_tracker(part: str) -> bool:
    return bool(_TRACKERS.fullmatch(part.partition("=")[0]))


def _quoted(match: re.Match[str]) -> str:
    # A lone surrogate has no bytes; the replacement character stands for it.
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


def _plain(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else f"%{match[1].upper()}"
