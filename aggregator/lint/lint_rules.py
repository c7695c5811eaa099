"""Every rule by name: how much a breach weighs, and what to do about it.

The names are those of the W3C feed validator where it has the rule
(https://validator.w3.org/feed/docs/), so that what one says can be looked up in the other.
"""

from __future__ import annotations

from typing import Literal

from aggregator.runtime.values import dataclass

#: An error breaks a MUST of the specification; a warning breaks a SHOULD or what readers of feeds
#: rely on; an info breaks nothing.
Level = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How much a breach weighs by itself, and what mends it."""

    level: Level
    remedy: str


_ERRORS = {
    # The document as such
    "ValidatorLimit": "publish a smaller document",
    "NotAFeed": "publish Atom 1.0, RSS 2.0 or JSON Feed 1.1",
    "SAXError": "make it well-formed XML 1.0",
    "InvalidJSON": "make it valid JSON (RFC 8259)",
    "UndefinedNamedEntity": "write the character itself, or its number (&#160;)",
    "EntityDeclaration": "write the text itself; careful readers refuse such a document",
    "UnicodeError": "write it in the encoding that it declares",
    "UnknownEncoding": "write it in UTF-8",
    "ObsoleteNamespace": "publish Atom 1.0 (http://www.w3.org/2005/Atom)",
    "InvalidRSSVersion": 'write <rss version="2.0">',
    "MediaRssNamespace": "end the address with a slash: http://search.yahoo.com/mrss/",
    # What must be there, and once
    "MissingElement": "add it",
    "MissingTitle": "add a title",
    "MissingLink": "add a link to the site",
    "MissingDescription": "add a description",
    "ItemMustContainTitleOrDescription": "add a title or a description",
    "MissingAttribute": "add it",
    "MissingHref": "add the address",
    "MissingContentOrAlternate": 'add content, or a link with rel="alternate"',
    "MissingSummary": "add a summary: what is elsewhere or encoded cannot be shown",
    "MissingXhtmlDiv": "wrap the text in one <div> of the XHTML namespace",
    "DuplicateElement": "keep one of them",
    "DuplicateAtomLink": "keep one alternate of each type and language",
    "DuplicateValue": "give every item its own",
    "DuplicateIds": "give every entry its own id, for ever",
    "UndefinedElement": "spell it as specified, or put it into a namespace",
    "UnexpectedAttribute": "spell it as specified, or remove it",
    "UnexpectedText": "put the text into an element",
    "MisplacedMetadata": "move it before the entries",
    "InvalidType": "give it the type that the specification names",
    "InvalidVersion": "write https://jsonfeed.org/version/1.1",
    # Dates
    "InvalidRFC3339Date": "write it as 2026-11-22T08:30:00Z",
    "InvalidRFC2822Date": "write it as Sun, 22 Nov 2026 08:30:00 GMT",
    "InvalidW3CDTFDate": "write it as 2026-11-22T08:30:00Z",
    "IncorrectDOW": "write the day on which the date falls, or none",
    # Addresses and identifiers
    "InvalidLink": "write a valid address (RFC 3986)",
    "InvalidFullLink": "write a whole address, with scheme and host",
    "InvalidUriChar": "percent-encode it",
    "UriNotIri": "percent-encode what is not ASCII, write the host in punycode",
    "InvalidURN": "write urn:NAME:VALUE (RFC 8141)",
    "InvalidUUID": "write urn:uuid: and 8-4-4-4-12 hexadecimal digits",
    "InvalidTAG": "write tag:HOST,DATE:VALUE (RFC 4151)",
    "InvalidURLAttribute": "write a whole http:// or https:// address",
    "InvalidHttpGUID": 'write a whole address, or isPermaLink="false"',
    "InvalidPermalink": 'add isPermaLink="false"',
    # Values
    "InvalidContact": "write name@example.org (Name)",
    "InvalidLanguage": "write a language tag such as zh-CN (BCP 47)",
    "InvalidMIMEType": "write a media type such as text/html",
    "InvalidMIMEAttribute": "write a media type such as audio/mpeg",
    "InvalidTextType": "write text, html or xhtml",
    "InvalidBooleanAttribute": "write true or false",
    "InvalidIntegerAttribute": "write digits only",
    "InvalidNonNegativeInteger": "write digits only",
    "InvalidPositiveInteger": "write a number above 0",
    "UseZeroForUnknown": "write 0 where the length is not known",
    "InvalidHour": "write a number from 0 to 23",
    "InvalidDay": "write a day from Monday to Sunday",
    "InvalidWidth": "write at most 144",
    "InvalidHeight": "write at most 400",
    "NotBase64": "encode it in Base64 (RFC 4648)",
    # RFC 5005
    "LinkPastEnd": "remove the link that leads past the end of the series",
    "FeedRelInCompleteFeed": "remove the link: a complete feed has no other parts",
    "CurrentNotSelfInCompleteFeed": "a complete feed is its own current document",
}

_WARNINGS = {
    # Elements
    "AtomLinkNotEmpty": "leave the link empty: all of it is in its attributes",
    "UnregisteredAtomLinkRel": "use a registered name (RFC 8288), or a whole address",
    "DuplicateSemantics": "keep the one of RSS",
    "DuplicateItemSemantics": "keep the one of RSS",
    "ImageLinkDoesntMatch": "repeat the channel's link",
    "ImageTitleDoesntMatch": "repeat the channel's title",
    "DuplicateEnclosure": "keep one enclosure an item",
    "MissingGuid": "add a guid that never changes",
    "NotSufficientlyUnique": "use an address, or a URN of a UUID",
    "MissingSourceElement": "copy id, title and updated of the feed that it comes from",
    "MissingTypeAttr": "name the media type",
    "MissingTextualContent": "add a summary",
    "NotBlank": "fill it, or leave it out",
    "NeedDescriptionBeforeContent": "put a description before it",
    "MisplacedItem": "move it before the items",
    "MisplacedXHTMLContent": "move it into the element that is made for text",
    "UseZeroForMidnight": "write 0 for midnight",
    "UndefinedMember": "begin the name of an extension with an underscore and a letter",
    # Dates
    "ImplausibleDate": "write when it was published",
    "ProblematicalRFC822Date": "write it as Sun, 22 Nov 2026 08:30:00 GMT",
    "DuplicateUpdated": "tell the times apart, to the second or finer",
    "DuplicateEntries": "publish an entry once, as it is now",
    # Text and HTML
    "ContainsRelRef": "write whole addresses: a reader does not know the page",
    "SecurityRisk": "remove it: readers do",
    "SecurityRiskAttr": "remove it: readers do",
    "DangerousStyleAttr": "remove it: readers do",
    "BadCharacters": "decode the text in its real encoding",
    "ContainsHTML": "write plain text, or declare HTML where the format can",
    "CharacterData": "write & as &#x26; and < as &#x3C;, which every reader takes for text",
    "ContainsEmail": "write the name alone",
    "NotInline": 'write type="html"',
    "NotHtml": "write valid HTML",
    "HtmlFragment": 'write type="html" or type="xhtml", or a whole page',
    # Encoding and transport
    "ObscureEncoding": "write it in UTF-8",
    "NotUTF8": "write it in UTF-8",
    "EncodingMismatch": "declare the same encoding in header and document",
    "UnexpectedContentType": "serve it as its own media type",
    "NonSpecificMediaType": "serve it as its own media type",
    # Namespaces
    "ReservedPrefix": "choose another prefix: many readers go by it",
    "UnknownNamespace": "check the spelling; readers are not known to use it",
    # Addresses
    "NonCanonicalURI": "write new ids in canonical form; never change an old one",
    "SameDocumentReference": "choose another xml:base, or write the whole address",
    "SchemeNotIANARegistered": "use a registered scheme",
    "MissingSelf": "add the feed's own address",
    "MissingAtomSelfLink": 'add <atom:link rel="self" type="application/rss+xml" href="…"/>',
    "RelativeSelf": "write the whole address",
    "SelfDoesntMatchLocation": "write the address at which it is served",
    "SelfNotAtom": "name the feed's own media type",
    # People
    "EmailFormat": "write name@example.org (Name)",
    "MissingRealName": "write name@example.org (Name), or the name alone as dc:creator",
    # RFC 5005
    "MissingCurrentInArchive": 'add a link with rel="current" to the subscription document',
    "ArchiveIncomplete": 'add links with rel="prev-archive" or rel="next-archive"',
    "FeedHistoryRelInEntry": "move it to the feed",
}

_INFOS = {
    "MissingDCLanguage": "name the language of the text",
    "TextXml": "serve it as application/atom+xml or application/rss+xml",
    "ContainsSystemEntity": "leave the DOCTYPE out",
    "TwiceEncoded": "encode it once, or put it into <code>: readers show it as it is",
    "UncheckedFormat": "publish Atom 1.0 or RSS 2.0",
}

RULES: dict[str, Rule] = {
    **{name: Rule("error", remedy) for name, remedy in _ERRORS.items()},
    **{name: Rule("warning", remedy) for name, remedy in _WARNINGS.items()},
    **{name: Rule("info", remedy) for name, remedy in _INFOS.items()},
}
