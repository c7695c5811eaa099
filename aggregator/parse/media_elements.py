"""What feedparser's readers must do differently with Media RSS and pictures: overrides of handlers.

The names are feedparser 6.0's own: `_start_x`/`_end_x` for an element, `push`/`pop` for text. What
is found is added to feedparser's entry: to a media:content's own attributes `house_group` (the
media:group in which it stands) and `house_caption`, to the entry `house_captions` (by group, `None`
for the item's own) and `house_image`. A caption is a text and whether it says that it is HTML.
"""

from __future__ import annotations

from typing import Any


class MediaElements:
    """Handlers of media:* and of an item's own <image>, to stand before feedparser's."""

    entries: list[Any]
    inentry: int
    insource: int
    contentparams: Any

    def prepare_media(self) -> None:
        """Forget what is open; before the first element."""
        self._media_groups = 0
        self._in_media_group = False
        self._open_content: dict[str, Any] | None = None
        self._item_image: dict[str, str] | None = None

    def start_item_media(self) -> None:
        """An item begins: nothing of another one is open."""
        self._in_media_group = False
        self._open_content = None
        self._item_image = None

    # What is in one media:group may be one thing in several sizes; feedparser forgets the group.

    def _start_media_group(self, _attributes: dict[str, str]) -> None:
        self._media_groups += 1
        self._in_media_group = True

    def _end_media_group(self) -> None:
        self._in_media_group = False
        self._open_content = None

    def _start_media_content(self, attributes: dict[str, Any]) -> None:
        if self._in_media_group:
            attributes["house_group"] = str(self._media_groups)
        self._open_content = attributes
        super()._start_media_content(attributes)  # type: ignore[misc] # the mixin is feedparser's

    def _end_media_content(self) -> None:
        self._open_content = None

    # A photo's caption (Media RSS) and a medium's own title are kept apart: feedparser files them
    # as the item's description and title, so that they replace the article's (seen at ndtv.com,
    # restofworld.org, theweek.com).

    def _start_media_description(self, attributes: dict[str, str]) -> None:
        self._push_apart("media_description", attributes)

    def _end_media_description(self) -> None:
        self._pop_caption("media_description")

    def _start_media_title(self, attributes: dict[str, str]) -> None:
        self._push_apart("media_title", attributes)

    def _end_media_title(self) -> None:
        self._pop_caption("media_title")

    def _push_apart(self, name: str, attributes: dict[str, str]) -> None:
        self.push_content(name, attributes, "text/plain", 1)  # type: ignore[attr-defined] # the mixin's

    def _pop_caption(self, name: str) -> None:
        is_html = self.contentparams.get("type") != "text/plain"
        text = self.pop_content(name)  # type: ignore[attr-defined] # the mixin's
        if not text or not self.inentry or self.insource:
            return
        if self._open_content is not None:
            told = self._open_content.setdefault("house_captions", {})
        else:
            group = str(self._media_groups) if self._in_media_group else None
            told = self.entries[-1].setdefault("house_captions", {}).setdefault(group, {})
        told.setdefault(name, (text, is_html))

    # An item's own <image>, as RSS gives a channel one: feedparser takes its title and its link for
    # the item's or the channel's.

    def _start_image(self, attributes: dict[str, str]) -> None:
        if not self.inentry or self.insource:
            super()._start_image(attributes)  # type: ignore[misc] # the mixin is feedparser's
            return
        names = ("url", "href", "src", "rdf:resource")
        self._item_image = {"url": next(filter(None, map(attributes.get, names)), "")}
        self.push("house_image", 0)  # type: ignore[attr-defined] # the mixin's

    def _end_image(self) -> None:
        if self._item_image is None:
            super()._end_image()  # type: ignore[misc] # the mixin is feedparser's
            return
        text = self.pop("house_image") or ""  # type: ignore[attr-defined] # the mixin's
        found, self._item_image = self._item_image, None
        found["url"] = found["url"] or text.strip()
        if found["url"]:
            self.entries[-1].setdefault("house_image", found)


def _within_image(name: str) -> None:
    """Add handlers of an element that an item's <image> may hold, and other elements, too."""

    def start(self: Any, attributes: dict[str, str]) -> None:
        if self._item_image is None:
            getattr(super(MediaElements, self), f"_start_{name}")(attributes)
        else:
            self.push(f"house_image_{name}", 0)

    def end(self: Any) -> None:
        if self._item_image is None:
            getattr(super(MediaElements, self), f"_end_{name}")()
        else:
            text = self.pop(f"house_image_{name}") or ""
            self._item_image[name] = self._item_image.get(name) or text.strip()

    setattr(MediaElements, f"_start_{name}", start)
    setattr(MediaElements, f"_end_{name}", end)


for _name in ("url", "title", "link", "description"):
    _within_image(_name)
