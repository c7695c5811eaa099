"""A broken law, as it is told."""

from __future__ import annotations


class Violation(Exception):  # noqa: N818 -- what is looked for is no error of the tester
    """Some law was broken: which, what was expected and what was found, and of which articles."""

    def __init__(self, law: str, told: str, articles: tuple[int, ...] = ()) -> None:
        super().__init__(f"{law}: {told}")
        self.law = law
        self.told = told
        self.articles = articles
