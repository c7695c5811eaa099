"""What a web server in front lets through, and what it keeps: paths, for readers and not."""

from __future__ import annotations

TOKEN = "t0ken-of-the-family"  # noqa: S105 - nobody's
OPEN_PATHS = [
    "/", "/feeds.opml", "/feeds/all.atom", "/feeds/all/archive/2026-11.atom",
    "/feeds/archive.rss", "/feeds/archive/archive/2026-11-2.rss", "/tags/c/c++.atom",
    "/tags/科技/archive/2026-11.json", "/sources/ithome.json", "/feeds/_status.atom",
    "/feeds", "/feeds/all", "/stories/1", "/assets/pages-1.css", "/search",
    "/search.atom", "/api/v1/feeds", "/sources", "/sources/ithome/health", "/login",
    "/logout", "/add",
]  # fmt: skip
SECRET_PATHS = [
    f"/feeds/{TOKEN}/family.atom", f"/feeds/{TOKEN}/family/archive/2026-11.atom",
    f"/feeds/{TOKEN}/archive.rss", f"/feeds/{TOKEN}/archive/archive/2026-11.rss",
    f"/feeds/{TOKEN}/_status.json", f"/feeds/{TOKEN}/", f"/feeds/{TOKEN}/none",
    f"/feeds/{TOKEN}/family", f"/feeds/{TOKEN}/family/stories/1", f"/feeds/{TOKEN}/family/search",
]  # fmt: skip
#: Where readers' browsers listen for news: no file stands there.
EVENTS_PATHS = ["/events/feeds/all", f"/events/feeds/{TOKEN}/family"]
OPERATORS_PATHS = ["/sources.opml", "/healthz", "/metrics", "/tags", "/none", "/login.atom"]
