"""The rules for RSS 2.0 and 0.9x (https://www.rssboard.org/rss-specification, and its profile)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.lint import value_checks
from aggregator.lint.findings import quoted
from aggregator.lint.html_checks import check_html
from aggregator.lint.link_checks import check_history, check_links
from aggregator.lint.xml_tree import ATOM, XHTML

if TYPE_CHECKING:
    from aggregator.lint.check_context import Context
    from aggregator.lint.xml_tree import Element

DC = "http://purl.org/dc/elements/1.1/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
SELF_TYPES = frozenset({"application/rss+xml", "application/rdf+xml", "application/atom+xml"})

_CHANNEL_ONCE = (
    "title", "link", "description", "language", "copyright", "managingEditor", "webMaster",
    "pubDate", "lastBuildDate", "generator", "docs", "cloud", "ttl", "image", "rating", "textInput",
    "skipHours", "skipDays",
)  # fmt: skip
_CHANNEL = frozenset({*_CHANNEL_ONCE, "category", "item"})
_ITEM_ONCE = (
    "title", "link", "description", "author", "comments", "guid", "pubDate", "source",
)  # fmt: skip
_ITEM = frozenset({*_ITEM_ONCE, "category", "enclosure"})
_ATTRIBUTES = {
    "category": ("domain",), "enclosure": ("url", "length", "type"), "guid": ("isPermaLink",),
    "source": ("url",), "cloud": ("domain", "port", "path", "registerProcedure", "protocol"),
}  # fmt: skip
_DATES = frozenset({"pubDate", "lastBuildDate"})
_CONTACTS = frozenset({"author", "managingEditor", "webMaster"})
_ADDRESSES = frozenset({"link", "comments", "docs"})
_PLAIN = frozenset({"title", "copyright", "category", "source"})
_TEXTS = _DATES | _CONTACTS | _ADDRESSES | _PLAIN | {"description"}
#: What RSS says itself, and extensions say again (RSS profile, 5).
_SAME_IN_CHANNEL = (
    ("managingEditor", DC, "creator"), ("category", DC, "subject"), ("pubDate", DC, "date"),
    ("language", DC, "language"), ("copyright", DC, "rights"), ("webMaster", DC, "publisher"),
)  # fmt: skip
_SAME_IN_ITEM = (
    ("author", DC, "creator"), ("category", DC, "subject"), ("pubDate", DC, "date"),
    ("source", DC, "source"), ("guid", ATOM, "id"), ("pubDate", ATOM, "published"),
)  # fmt: skip
_VERSIONS = re.compile(r"0\.9[0-9]|2\.\d+(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_WEEK = frozenset({"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"})
#: Shorter numbers are another feed's, too.
_UNIQUE_DIGITS = 9


def check_rss(context: Context, root: Element) -> None:
    """Check a document."""
    version = root.get("version") or ""
    if not _VERSIONS.fullmatch(version):
        context.add("InvalidRSSVersion", f"<rss> of version {quoted(version)}", root)
    context.attributes(root, ("version",))
    context.known(root, ("channel",), "")
    context.once(root, ("channel",), "")
    channel = root.first("channel")
    if channel is None:
        context.add("MissingElement", "<rss> without <channel>", root)
        return
    _check_channel(context, channel, profile=version.startswith("2."))
    guids: set[str] = set()
    for item in channel.all("item"):
        _check_item(context, item, version)
        guid = item.first("guid")
        if guid is not None and guid.text:
            if guid.text in guids:
                context.add("DuplicateValue", f"a second item with {quoted(guid.text)}", guid)
            guids.add(guid.text)


def _check_channel(context: Context, channel: Element, *, profile: bool) -> None:
    context.known(channel, _CHANNEL, "")
    context.attributes(channel, ())
    context.once(channel, _CHANNEL_ONCE, "")
    for name in ("title", "link", "description"):
        if channel.first(name) is None:
            context.add(f"Missing{name.title()}", f"<channel> without <{name}>", channel)
    _check_children(context, channel)
    for description in channel.all("description"):
        context.plain(description, description.text, rss=True)
    _check_twice(context, channel, _SAME_IN_CHANNEL, "DuplicateSemantics")
    links = check_links(context, channel, SELF_TYPES)
    if profile and not any(link.rel == "self" for link in links):
        context.add("MissingAtomSelfLink", "<channel> without its own address", channel)
    check_history(context, channel, links)
    _check_image(context, channel)
    _check_required_parts(context, channel)
    _check_order(context, channel)


def _check_required_parts(context: Context, channel: Element) -> None:
    for cloud in channel.all("cloud"):
        for attribute in _ATTRIBUTES["cloud"]:
            if cloud.get(attribute) is None:
                context.add("MissingAttribute", f"<cloud> without {attribute}", cloud)
    for text_input in channel.all("textInput"):
        for part in ("title", "description", "name", "link"):
            if text_input.first(part) is None:
                context.add("MissingElement", f"<textInput> without <{part}>", text_input)


def _check_order(context: Context, channel: Element) -> None:
    seen = False
    for child in channel.children:
        if child.name == ("", "item"):
            seen = True
        elif seen and not child.name[0] and child.local in _CHANNEL:
            context.add("MisplacedItem", f"<{child.local}> behind an item", child)


def _check_children(context: Context, parent: Element) -> None:
    for child in parent.children:
        namespace, name = child.name
        if namespace == XHTML and not (name == "body" and parent.local == "item"):
            what = f"<{name[:40]}> of XHTML in <{parent.local}>"
            context.add("MisplacedXHTMLContent", what, child)
        elif namespace == DC and name == "date":
            context.fault(value_checks.w3cdtf(child.text), "<dc:date>", child)
        elif namespace == DC and name == "language":
            context.fault(value_checks.language(child.text), "<dc:language>", child)
        elif not namespace:
            _check_child(context, child, name)


def _check_child(context: Context, child: Element, name: str) -> None:
    if name != "item":
        context.attributes(child, _ATTRIBUTES.get(name, ()))
    if child.children and name in _TEXTS:
        what = f"<{child.children[0].local[:40]}> in <{name}>"
        context.add("UndefinedElement", what, child.children[0])
    if name in _DATES:
        context.date(child, value_checks.rfc822)
    elif name in _CONTACTS:
        context.fault(value_checks.rss_contact(child.text), f"<{name}>", child)
    elif name in _ADDRESSES:
        context.address(child, child.text, f"<{name}>", iri=False, whole=True)
    elif name in _PLAIN:
        context.plain(child, child.text, rss=True)
        if not child.text and name in ("title", "category"):
            context.add("NotBlank", f"an empty <{name}>", child)
    elif name == "language":
        context.fault(value_checks.language(child.text), "<language>", child)
    else:
        _check_rhythm(context, child, name)


def _check_rhythm(context: Context, child: Element, name: str) -> None:
    """Check when a channel is to be polled."""
    match name:
        case "ttl":
            _check_number(context, child, child.text, "InvalidPositiveInteger", least=1)
        case "skipHours":
            context.known(child, ("hour",), "")
            for hour in child.all("hour"):
                if hour.text == "24":
                    context.add("UseZeroForMidnight", "<hour> 24", hour)
                else:
                    _check_number(context, hour, hour.text, "InvalidHour", least=0, most=23)
        case "skipDays":
            context.known(child, ("day",), "")
            for day in child.all("day"):
                if day.text not in _WEEK:
                    context.add("InvalidDay", quoted(day.text), day)
        case _:
            pass


def _check_number(
    context: Context, element: Element, text: str, rule: str, *, least: int, most: int = 10**18
) -> None:
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        context.add(rule, f"<{element.local}> {quoted(text)}", element)


def _check_twice(
    context: Context, parent: Element, same: tuple[tuple[str, str, str], ...], rule: str
) -> None:
    for core, namespace, extension in same:
        again = parent.first(extension, namespace)
        if again is not None and parent.first(core) is not None:
            prefix = "atom" if namespace == ATOM else "dc"
            what = f"<{parent.local}> with <{core}> and <{prefix}:{extension}>"
            context.add(rule, what, again)


def _check_image(context: Context, channel: Element) -> None:
    for image in channel.all("image"):
        context.known(image, ("url", "title", "link", "width", "height", "description"), "")
        for name in ("url", "title", "link"):
            part = image.first(name)
            if part is None:
                context.add("MissingElement", f"<image> without <{name}>", image)
            elif name != "title":
                context.address(part, part.text, f"<{name}> of <image>", iri=False, whole=True)
        for name, rule, most in (("width", "InvalidWidth", 144), ("height", "InvalidHeight", 400)):
            for size in image.all(name):
                _check_number(context, size, size.text, rule, least=1, most=most)
        for name, rule in (("link", "ImageLinkDoesntMatch"), ("title", "ImageTitleDoesntMatch")):
            ours, theirs = image.first(name), channel.first(name)
            if ours is not None and theirs is not None and ours.text != theirs.text:
                what = f"{quoted(ours.text)}, of <channel> {quoted(theirs.text)}"
                context.add(rule, f"<{name}> of <image> is {what}", ours)


def _check_item(context: Context, item: Element, version: str) -> None:
    context.known(item, _ITEM, "")
    context.attributes(item, ())
    context.once(item, _ITEM_ONCE, "")
    if item.first("title") is None and item.first("description") is None:
        what = "<item> without title and description"
        context.add("ItemMustContainTitleOrDescription", what, item)
    if version.startswith("2.") and item.first("guid") is None:
        context.add("MissingGuid", "<item> without <guid>", item)
    _check_children(context, item)
    _check_twice(context, item, _SAME_IN_ITEM, "DuplicateItemSemantics")
    check_links(context, item, SELF_TYPES)
    for guid in item.all("guid"):
        _check_guid(context, guid)
    for source in item.all("source"):
        _check_attribute_address(context, source, "url")
    enclosures = item.all("enclosure")
    for enclosure in enclosures:
        _check_enclosure(context, enclosure)
    for again in enclosures[1:]:
        context.add("DuplicateEnclosure", "a second <enclosure> in <item>", again)
    _check_text(context, item, version)


def _check_text(context: Context, item: Element, version: str) -> None:
    description = item.first("description")
    for element in item.all("description"):
        if version == "0.91":
            context.plain(element, element.text)
        else:
            _check_html(context, element)
    for encoded in item.all("encoded", CONTENT):
        _check_html(context, encoded)
        if description is None or description.start > encoded.start:
            what = "<content:encoded> without a description before it"
            context.add("NeedDescriptionBeforeContent", what, encoded)


def _check_html(context: Context, element: Element) -> None:
    # xml:base is of Atom; nothing makes it hold for HTML in RSS.
    where = f"<{element.local}>"
    check_html(context.report, element.raw_text, where, line=element.line, based=False)


def _check_guid(context: Context, guid: Element) -> None:
    permanent = guid.get("isPermaLink")
    if permanent not in (None, "true", "false"):
        what = f"isPermaLink of <guid>: {quoted(permanent)}"
        context.add("InvalidBooleanAttribute", what, guid)
    text = guid.text
    if not text:
        context.add("NotBlank", "an empty <guid>", guid)
    elif permanent == "false":
        if len(text) < _UNIQUE_DIGITS and text.isdigit():
            context.add("NotSufficientlyUnique", f"<guid> {quoted(text)}", guid)
    elif text.lower().startswith(("tag:", "urn:")):
        context.add("InvalidPermalink", f"<guid> {quoted(text)} is no address", guid)
    elif fault := value_checks.reference(text, iri=False, whole=True):
        context.add("InvalidHttpGUID", f"<guid>: {fault[1]}", guid)


def _check_attribute_address(context: Context, element: Element, attribute: str) -> None:
    address = element.get(attribute)
    if address is None:
        what = f"<{element.local}> without {attribute}"
        context.add("MissingAttribute", what, element)
    else:
        where = f"{attribute} of <{element.local}>"
        context.address(element, address, where, iri=False, whole=True)


def _check_enclosure(context: Context, enclosure: Element) -> None:
    address = enclosure.get("url")
    if address is None:
        context.add("MissingAttribute", "<enclosure> without url", enclosure)
    elif not address.lower().startswith(("http://", "https://")):
        context.add("InvalidURLAttribute", f"url of <enclosure>: {quoted(address)}", enclosure)
    else:
        context.address(enclosure, address, "url of <enclosure>", iri=False, whole=True)
    length = enclosure.get("length")
    if length is None:
        context.add("MissingAttribute", "<enclosure> without length", enclosure)
    elif length == "-1":
        context.add("UseZeroForUnknown", "length of <enclosure>: -1", enclosure)
    elif not _NUMBER.fullmatch(length) or int(length) < 0:
        context.add(
            "InvalidIntegerAttribute", f"length of <enclosure>: {quoted(length)}", enclosure
        )
    media = enclosure.get("type")
    if media is None:
        context.add("MissingAttribute", "<enclosure> without type", enclosure)
    elif not value_checks.mime_type(media):
        context.add("InvalidMIMEAttribute", f"type of <enclosure>: {quoted(media)}", enclosure)
