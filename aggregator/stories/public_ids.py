"""Which ids of publishers may be published as they are: entries and sources keep those."""

from __future__ import annotations

import re

from aggregator.web.urls import is_absolute_iri

#: Of what follows the scheme: less tells nothing apart, more is a text.
_LEAST_CHARS, _MOST_CHARS = 3, 2000

# Ids that validators take without a warning: of a registered scheme that names things
# (https://www.iana.org/assignments/uri-schemes), and in canonical form (RFC 3986 section 6.2),
# because some reader will normalise what is not. "yt:video:x" and "https://example.org" are not.
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
        is_absolute_iri(identifier)
        and _LEAST_CHARS <= len(identifier.partition(":")[2]) <= _MOST_CHARS
        and _FIT_ID.fullmatch(identifier)
        and not _UNFIT_PART.search(identifier)
    )
