"""Which ids of publishers may be published as they are: entries and sources keep those."""

from __future__ import annotations

import re

from aggregator.web.redaction import redact

# RFC 3987, as far as it matters for an id that others will compare byte for byte: a scheme, no
# white space, nothing that XML or JSON readers choke on.
_ABSOLUTE_IRI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]{1,30}:[^\s<>\"{}|\\^`\x00-\x20\x7f-\x9f]{3,2000}"
)


# Ids that validators take without a warning: of a registered scheme that names things
# (https://www.iana.org/assignments/uri-schemes), and in canonical form (RFC 3986 section 6.2),
# because some reader will normalise what is not. "yt:video:x" and "https://example.org" are none.
_FIT_ID = re.compile(
    r"https?://[a-z0-9.-]+(?::(?!(?:80|443)/)\d{1,5})?/.*"
    r"|urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # RFC 9562 section 4
    r"|urn:(?!uuid:)[a-z0-9][a-z0-9-]{0,30}[a-z0-9]:[^/?#].*"  # RFC 8141 section 2
    r"|tag:[A-Za-z0-9.@_-]+,\d{4}(?:-\d\d(?:-\d\d)?)?:.*"  # RFC 4151 section 2.1
    r"|(?:info|news|mid|cid|did):.+",
    re.DOTALL,
)
_UNFIT_PART = re.compile(
    r"/\.{1,2}(?:/|$)|%(?![0-9A-F]{2})|%(?:4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE]|3[0-9]|2[DE])"
)


def is_fit_id(identifier: str) -> bool:
    """Tell whether an id of a publisher may be published as it is."""
    return bool(
        _ABSOLUTE_IRI.fullmatch(identifier)
        and _FIT_ID.fullmatch(identifier)
        and not _UNFIT_PART.search(identifier)
        and redact(identifier) == identifier
    )
