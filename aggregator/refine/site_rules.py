"""The operator's rules for sites: what is no part of an article, and where its pictures are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.refine.pictures import fit_picture
from aggregator.rules import replaced
from aggregator.runtime.values import dataclass
from aggregator.web.addresses import host_of, hosts_above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import SiteRule

#: What a picture's request tells about the page, unless a rule says otherwise.
DEFAULT_REFERRER = "no-referrer"
#: https://html.spec.whatwg.org/#referrer-policy-attribute
REFERRER_POLICIES = frozenset(
    {
        "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin",
        "origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url",
    }
)  # fmt: skip

#: Where in an address another one may begin that was put into it.
_INNER = re.compile(r"(?=https?://)|/")
_MAX_INNER = 12


@dataclass(frozen=True, slots=True)
class SiteRules:
    """All rules, as they hold for one page: `own` are those for the page's own site."""

    own: tuple[SiteRule, ...]
    others: tuple[SiteRule, ...]

    @property
    def selectors(self) -> tuple[str, ...]:
        """CSS selectors of what is no part of the page's article."""
        return tuple(selector for rule in self.own for selector in rule.remove)

    def picture(self, url: str) -> str:
        """Return where to take the page's picture at `url` (http or https) from.

        Doing it again changes nothing: what is a result already stays, and a rewrite that would
        rewrite its own result for ever is left undone, as is one to what is no web address.
        """
        result = self._once(url)
        if result == url or self._is_result(url):
            return url
        if self._once(result) == result or self._is_result(result):
            return result
        return url

    def referrer(self, url: str) -> str:
        """Return the referrerpolicy of the picture that is taken from `url`: the closest rule's.

        A rule for the picture's host is closer than one for its page's, a longer name than a
        shorter one.
        """
        above = frozenset(hosts_above(url))
        told = {
            (_host(rule) in above, len(rule.host)): rule.referrer
            for rule in self._for(url)
            if rule.referrer in REFERRER_POLICIES
        }
        return (told[max(told)] if told else None) or DEFAULT_REFERRER

    def _for(self, url: str) -> Iterator[SiteRule]:
        above = frozenset(hosts_above(url))
        yield from self.own
        yield from (rule for rule in self.others if _host(rule) in above)

    def _once(self, url: str) -> str:
        result = url
        for rule in self._for(url):
            for rewrite in rule.images:
                result = replaced(rewrite.find, rewrite.by, result)
        return result if result == url else fit_picture(result, "") or url

    def _is_result(self, url: str) -> bool:
        """Tell whether rewriting an address that is part of `url` gives `url`, as proxies do."""
        scheme = url.partition("://")[0]
        starts = [match.end() for match in _INNER.finditer(url, len(scheme) + 3)][:_MAX_INNER]
        inner = (url[start:] for start in starts)
        return any(
            self._once(one if one.startswith("http") else f"{scheme}://{one}") == url
            for one in inner
            if one
        )


def rules_for(sites: tuple[SiteRule, ...], page_url: str | None) -> SiteRules | None:
    """Return the operator's rules as they hold for a page; `None`: there are none."""
    if not sites:
        return None
    above = frozenset(hosts_above(page_url or ""))
    own = tuple(rule for rule in sites if _host(rule) in above)
    return SiteRules(own, tuple(rule for rule in sites if rule not in own))


def _host(rule: SiteRule) -> str:
    return host_of(f"//{rule.host}")
