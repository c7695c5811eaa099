"""The documentation as a site: `make site` builds it into build/site, warnings being errors.

    python -m release.docs_site ZENSICAL

Pages of docs/ stand at the root of the site. What they link to elsewhere in the repository comes
along where it is a page for people (PAGES_BESIDE); other links, to code, become plain words.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).parent.parent

#: Pages outside of docs/, and where they stand in the site.
PAGES_BESIDE: Mapping[str, str] = {"CHANGELOG.md": "CHANGELOG.md", "SECURITY.md": "SECURITY.md"}

#: The navigation: pages of docs/ by section. `adr` and `zh` are listed by what is there.
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Begin": ("index.md", "five-minutes.md", "install.md"),
    "Use": (
        "recipes.md", "trouble.md", "config.md", "cli.md", "pages.md", "observing.md",
        "postgres.md", "fleet.md", "scale.md",
    ),
    "How it works": ("polling.md", "stories.md", "publishing.md", "exports.md", "api.md"),
    "For publishers": ("manners.md",),
    "Behind it": (
        "reliability.md", "performance.md", "releases.md", "SECURITY.md", "CHANGELOG.md",
        "architecture.md",
    ),
}  # fmt: skip
FOLDERS: Mapping[str, str] = {"Decisions": "adr", "中文": "zh"}

#: Anchors as forges make them, for headings in Chinese, too.
SLUGS = '!!python/object/apply:pymdownx.slugs.slugify {"kwds": {"case": "lower"}}'

#: A link that is not inside a code span: its words, its target.
LINK = re.compile(r"(`[^`\n]*`)|\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"(^ *```.*?^ *```$)", re.DOTALL | re.MULTILINE)


def moved(text: str, page: str, pages: frozenset[str]) -> str:
    """Return a page with its links as they are in the site.

    Args:
        text: Markdown, as in the repository.
        page: Its path in the repository, such as `docs/adr/0001-http-client.md`.
        pages: Paths of all files that the site has, as in the repository.
    """
    here = PurePosixPath(place(page)).parent

    def rewritten(found: re.Match[str]) -> str:
        code, words, target = found.groups()
        if code is not None or re.match(r"[a-z]+:|#", target):
            return found[0]
        path, hash_, anchor = target.partition("#")
        meant = os.path.normpath(PurePosixPath(page).parent / path)
        if meant == "docs/adr":  # a folder, which forges list
            meant = "docs/adr/0001-http-client.md"
        if meant not in pages:  # a mistake in docs/ stays one, for the builder to tell
            return found[0] if meant.startswith("docs/") else str(words)
        return f"[{words}]({os.path.relpath(place(meant), here)}{hash_}{anchor})"

    pieces = FENCE.split(text)
    return "".join(p if FENCE.fullmatch(p) else LINK.sub(rewritten, p) for p in pieces)


def place(path: str) -> str:
    """Return where a file of the repository stands in the site."""
    return PAGES_BESIDE.get(path) or path.removeprefix("docs/")


def navigation(pages: Iterable[str]) -> list[dict[str, list[str]]]:
    """Return sections with their pages, as places in the site; only those that are there."""
    there = sorted(place(page) for page in pages if page.endswith(".md"))
    found = [{title: [p for p in names if p in there]} for title, names in SECTIONS.items()]
    for title, folder in FOLDERS.items():
        found.append({title: [p for p in there if p.startswith(f"{folder}/")]})
    return [section for section in found if any(section.values())]


def sources(root: Path = ROOT) -> list[str]:
    """List the files that the site is made of, as paths in the repository."""
    docs = [p.relative_to(root).as_posix() for p in (root / "docs").rglob("*") if p.is_file()]
    return sorted([*docs, *PAGES_BESIDE])


def stage(into: Path, root: Path = ROOT) -> Path:
    """Write what the builder reads into a folder, made anew; return the builder's configuration."""
    shutil.rmtree(into, ignore_errors=True)
    paths = sources(root)
    for path in paths:
        target = into / "pages" / place(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".md"):
            text = (root / path).read_text(encoding="utf-8")
            target.write_text(moved(text, path, frozenset(paths)), encoding="utf-8")
        else:
            shutil.copyfile(root / path, target)
    config = into / "mkdocs.yml"
    # JSON is YAML; fonts, icons of others' and the address of a forge would be asked for elsewhere.
    settings = {
        "site_name": "aggregator",
        "site_description": "One feed out of many, self-hosted",
        "docs_dir": "pages",
        "site_dir": "site",
        "theme": {
            "name": "material",
            "font": False,
            "features": ["navigation.sections", "navigation.top", "content.code.copy"],
        },
        "markdown_extensions": [
            {"toc": {"permalink": True, "slugify": "SLUGS"}},
            "tables",
            "pymdownx.highlight",
            "pymdownx.superfences",
        ],
        "plugins": [{"search": {"lang": ["en", "zh"]}}],
        "nav": navigation(paths),
    }
    text = json.dumps(settings, ensure_ascii=False, indent=1).replace('"SLUGS"', SLUGS)
    config.write_text(text, encoding="utf-8")
    return config


def build(builder: Path | str, into: Path, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Build the site into `into`/site with zensical; after any warning the status is not 0."""
    config = stage(into, root)
    return subprocess.run(
        [builder, "build", "--strict", "--clean", "--config-file", config],
        cwd=into,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


if __name__ == "__main__":
    work = ROOT / "build" / "docs"
    done = build(Path(sys.argv[1]).absolute(), work)
    print(done.stdout, end="")
    if done.returncode == 0:
        shutil.rmtree(ROOT / "build" / "site", ignore_errors=True)
        (work / "site").rename(ROOT / "build" / "site")
        print("build/site/index.html")
    sys.exit(done.returncode)
