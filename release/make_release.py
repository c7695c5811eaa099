"""`make release VERSION=0.3.0`: all files of a release, and the commit and tag that they are of.

    python -m release.make_release VERSION [--tools FOLDER] [--untagged]

Dates the changelog, commits and tags, and makes in dist/VERSION: wheel and sdist, the Debian
package of this Python, the recipe of the image, a bill of materials (CycloneDX), and SHA256SUMS.
Nothing is sent anywhere. `--untagged` makes the files of what there is, as a trial. `--tools` is an
environment with build, twine and cyclonedx-bom.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import aggregator
from release import deb

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

ROOT = Path(__file__).parent.parent
CHANGELOG = ROOT / "CHANGELOG.md"
#: What an image is built of, as .dockerignore lets it through, and its recipe.
IMAGE = (
    "container", ".dockerignore", "LICENSE", "README.md", "aggregator", "config.toml",
    "pyproject.toml", "release-constraints.txt",
)  # fmt: skip
#: Semantic versions, without labels: what is released is released.
VERSION = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}")


def dated(changelog: str, version: str, day: date) -> str:
    """Return a changelog whose section of a version is released on a day.

    Raises `ValueError` unless its newest section is that version's, and unreleased.
    """
    newest = re.search(r"^## (\S+) - (\S+)$", changelog, re.MULTILINE)
    if newest is None or newest[1] != version:
        raise ValueError(f"CHANGELOG.md: its newest section is not that of {version}")
    if newest[2] != "unreleased":
        raise ValueError(f"CHANGELOG.md: {version} was released on {newest[2]}")
    return f"{changelog[: newest.start(2)]}{day.isoformat()}{changelog[newest.end(2) :]}"


def checksums(files: Iterable[Path]) -> str:
    """Return what `sha256sum --check` reads, by name."""
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(files)
    )


def named(bill: str, version: str) -> str:
    """Return a bill of materials that says which version it is of; pyproject.toml does not."""
    data = json.loads(bill)
    data["metadata"]["component"]["version"] = version
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def git(*words: str) -> str:
    """Run git here; return what it printed."""
    asked = ("git", "-C", str(ROOT), *words)
    done = subprocess.run(asked, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def refuse(version: str) -> str | None:
    """Return why a version cannot be released now, or `None`."""
    if VERSION.fullmatch(version) is None:
        return f"{version} is no version such as 1.2.3"
    if version != aggregator.__version__:
        return (
            f"aggregator/__init__.py says {aggregator.__version__}; raise it there, in "
            "container/compose.yaml and in container/Containerfile"
        )
    if git("status", "--porcelain"):
        return "the folder has changes that are not committed"
    if git("tag", "--list", f"v{version}"):
        return f"there is a tag v{version}"
    return None


def tag(version: str, day: date) -> None:
    """Date the changelog, commit that, and tag it."""
    changelog = CHANGELOG.read_text(encoding="utf-8")
    CHANGELOG.write_text(dated(changelog, version, day), encoding="utf-8")
    git("commit", "--quiet", "--message", f"release: {version}", "--", str(CHANGELOG))
    git("tag", "--annotate", "--message", f"aggregator {version}", f"v{version}")


def make(version: str, folder: Path, tools: Path) -> list[Path]:
    """Make every file of a release in a folder; return them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    epoch = {**os.environ, "SOURCE_DATE_EPOCH": deb.last_change()}

    def run(*words: str | Path) -> None:
        subprocess.run(words, check=True, env=epoch, cwd=ROOT, stdout=subprocess.DEVNULL)

    run(tools / "python", "-m", "build", "--outdir", folder, ROOT)
    run(tools / "python", "-m", "twine", "check", "--strict", *folder.iterdir())
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    deb.build(folder, python, os.uname().machine, version)
    recipe = folder / f"aggregator-{version}-image.tar.gz"
    prefix = f"--prefix=aggregator-{version}/"
    run("git", "archive", "--format=tar.gz", prefix, "--output", recipe, "HEAD", "--", *IMAGE)
    bill = folder / f"aggregator-{version}.cdx.json"
    run(
        *(tools / "cyclonedx-py", "requirements", "--output-reproducible", "--of", "JSON"),
        *("--pyproject", ROOT / "pyproject.toml", "--output-file", bill),
        ROOT / "release-constraints.txt",
    )
    bill.write_text(named(bill.read_text(encoding="utf-8"), version), encoding="utf-8")
    files = sorted(folder.iterdir())
    sums = folder / "SHA256SUMS"
    sums.write_text(checksums(files), encoding="utf-8")
    return [*files, sums]


def main() -> None:
    """Release, or say why not."""
    parser = argparse.ArgumentParser(prog="python -m release.make_release")
    parser.add_argument("version")
    parser.add_argument("--tools", type=Path, default=ROOT / "build" / "release" / "bin")
    parser.add_argument("--untagged", action="store_true")
    said = parser.parse_args()
    if not said.untagged:
        if (why := refuse(said.version)) is not None:
            sys.exit(f"release: {why}")
        try:
            tag(said.version, datetime.now(UTC).date())
        except ValueError as error:
            sys.exit(f"release: {error}")
    for file in make(said.version, ROOT / "dist" / said.version, said.tools):
        print(file.relative_to(ROOT))
    if not said.untagged:
        print(f"then: git push origin HEAD v{said.version}, and these files beside the tag")


if __name__ == "__main__":
    main()
