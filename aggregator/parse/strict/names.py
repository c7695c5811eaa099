"""Names of elements as feedparser has them: "dc_creator", "title", whatever prefix a document uses.

A namespace that feedparser knows gives its usual prefix; any other is known by the document's own
prefix (feedparser's `unknown_starttag`). Where one document's prefixes could be taken for each
other, it is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.parse.feed_reader import HANDLED, KNOWN_NAMESPACES
from aggregator.parse.strict.refusals import RefusedError

if TYPE_CHECKING:
    from aggregator.parse.strict.tree import Tree

ATOM = "http://www.w3.org/2005/atom"
RSS_1 = "http://purl.org/rss/1.0/"
_RSS_09 = "http://my.netscape.com/rdf/simple/0.9/"
_XLINK = "http://www.w3.org/1999/xlink"
#: Any namespace in which this occurs is RSS's own.
_USERLAND = "backend.userland.com/rss"
_MAX_NAMESPACES = 100
_CANONICAL = frozenset(prefix.lower() for prefix in KNOWN_NAMESPACES.values() if prefix)

#: What raw entries and heads are made of: an element whose name is one of these must be read.
READ = frozenset({
    "itunes_duration", "itunes_episode", "itunes_episodetype", "itunes_season", "itunes_subtitle",
    "itunes_summary", "media_content", "media_description", "media_thumbnail", "media_title",
    "sy_updatefrequency", "sy_updateperiod",
})  # fmt: skip
#: Ends of names that feedparser's own keys have ("title_detail", "updated_parsed").
_OWN_ENDS = ("detail", "parsed")
#: Other keys of feedparser's, and ours: an element of that name would be filed there.
_OWN = frozenset({
    "authors", "contributors", "credit", "date", "entries", "expired", "feed", "geometry",
    "guidislink", "href", "icon", "license", "links", "logo", "pos", "publisher", "restriction",
    "ttl", "validity",
})  # fmt: skip


class Names:
    """The names of one document's elements."""

    __slots__ = ("_of_foreign",)

    def __init__(self, tree: Tree) -> None:
        """Raises `RefusedError` where prefixes could be taken for each other."""
        self._of_foreign = _foreign(tree)

    def of(self, tag: str) -> str:
        """Return the name of an element whose tag is "{namespace}name"; in lower case."""
        if not isinstance(tag, str):
            raise RefusedError("an instruction inside of the root")
        if not tag.isascii():
            raise RefusedError("a name beyond ASCII")
        namespace, _, local = tag.rpartition("}")
        local = local.lower()
        if not namespace:
            return local
        prefix = _known_prefix(namespace[1:])
        if prefix is None:
            prefix = self._of_foreign.get(namespace[1:])
            if prefix is None:
                raise RefusedError("a namespace with references in its name")
        return f"{prefix}_{local}" if prefix else local


def is_unread(name: str) -> bool:
    """Tell whether an element is one of which feedparser makes nothing that we read.

    It has no handler, and its value is filed under its name, by which nobody asks for it.
    """
    if name in HANDLED or name in READ or name in _OWN:
        return False
    return not name.startswith("house_") and not name.endswith(_OWN_ENDS)


def _known_prefix(namespace: str) -> str | None:
    lower = namespace.lower()
    if _USERLAND in lower:
        return ""
    known = KNOWN_NAMESPACES.get(lower)
    return known if known is None else known.lower()


def _foreign(tree: Tree) -> dict[str, str]:
    """Return the prefixes of the namespaces that feedparser does not know."""
    if len(tree.declared) > _MAX_NAMESPACES:
        raise RefusedError("many namespaces")
    prefixes: dict[str, str] = {}
    namespaces: dict[str, str] = {}
    for prefix, namespace in sorted(tree.declared):
        if not prefix.isascii():
            raise RefusedError("a name beyond ASCII")
        key, known = prefix.lower(), _known_prefix(namespace)
        if namespaces.setdefault(key, namespace) != namespace and key:
            raise RefusedError("one prefix of two namespaces")
        if known is not None:
            if key in _CANONICAL and key != known:
                raise RefusedError("another namespace's prefix")
        elif prefixes.setdefault(namespace, key) != key:
            raise RefusedError("two prefixes of one namespace")
        if namespace.lower() == _XLINK and namespace not in tree.root.nsmap.values():
            raise RefusedError("XLink below the root")
    known_prefixes = {_known_prefix(namespace) for _, namespace in tree.declared}
    if known_prefixes & set(prefixes.values()) - {""}:
        raise RefusedError("a known prefix of two namespaces")
    return prefixes


def has_namespace(tree: Tree, *namespaces: str) -> bool:
    """Tell whether the root declares one of these, in lower case."""
    return any((namespace or "").lower() in namespaces for namespace in tree.root.nsmap.values())


def is_old_rdf(tree: Tree) -> bool:
    """Tell whether a document may be taken for RSS 0.90 or 1.0, whatever its root is."""
    return has_namespace(tree, RSS_1, _RSS_09)
