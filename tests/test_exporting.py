"""Exports: from a source's document to the files of a site, and what happens to them after."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aggregator.daemon.workers import Worker
from aggregator.model import Body, Export
from aggregator.model.errors import AggregatorError, ConfigError
from aggregator.outputs.post_files import Exporter
from aggregator.outputs.posts import FILE_NAME, LOCK_NAME
from aggregator.parse import read
from aggregator.refine.normalise import normalise
from aggregator.rules.held_secrets import secrets_of
from aggregator.rules.secrets import NO_SECRETS
from aggregator.store.sqlite import SqliteStore, open_store
from tests.making import HOUR, START, absorb, document, entry, feed, source
from tests.program import PROGRAM, without_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import Entry, Source

SEED = Path(os.environ.get("AGGREGATOR_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
SEED = SEED.parent / "seed"
FEEDS = (feed(), feed("other"))
HEXO = Export("hexo", "posts", categories=("a",))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_store(tmp_path / "a.db")
    yield opened
    opened.close()


class Site:
    """A source, its feed and the folder of its posts; an hour passes between two documents."""

    def __init__(self, store: SqliteStore, folder: Path, export: Export = HEXO) -> None:
        self.store = store
        self.folder = folder
        self.export = export
        self.now = START
        self.secrets = NO_SECRETS
        self.configure(source())

    def configure(self, *sources: Source) -> None:
        self.secrets = secrets_of(sources)
        self.store.apply(sources, FEEDS, now=self.now)

    def publish(self, *entries: Entry, name: str = "one") -> int:
        """Let a document arrive, then export; return how many files were written."""
        self.now += HOUR
        absorb(self.store, document(*entries), self.now, name=name)
        return self.run()

    def run(self, **changes: object) -> int:
        self.export = replace(self.export, **changes)  # type: ignore[arg-type]  # a test's shorthand
        return self.run_all(self.export)

    def run_all(self, *configured: Export) -> int:
        exporter = Exporter(
            self.store,
            self.folder,
            configured,
            make_worker=Worker,
            deadline=timedelta(seconds=1),
            secrets=self.secrets,
        )
        feeds = {one.name: one for one in FEEDS}
        return sum(exporter.run(one, feeds[one.feed]) for one in configured)

    @property
    def posts(self) -> Path:
        return self.folder / self.export.directory

    @property
    def names(self) -> list[str]:
        """The posts' paths; what is hidden is not for the site."""
        found = self.posts.rglob("*")
        hidden = {FILE_NAME, LOCK_NAME}
        files = [path for path in found if path.is_file() and path.name not in hidden]
        return sorted(path.relative_to(self.posts).as_posix() for path in files)

    def text(self, name: str) -> str:
        return (self.posts / name).read_text(encoding="utf-8")


@pytest.fixture
def site(store: SqliteStore, tmp_path: Path) -> Site:
    return Site(store, tmp_path)


def test_the_seed_becomes_its_post_byte_for_byte(store: SqliteStore, tmp_path: Path) -> None:
    if not SEED.is_dir():
        pytest.skip(f"no seed at {SEED} (AGGREGATOR_CORPUS names the folder beside it)")
    site = Site(store, tmp_path)
    ithome = source("ithome")
    site.configure(ithome)
    document_body = (SEED / "rsshub-ithome-ranking.xml").read_bytes()
    body = Body(document_body, "application/rss+xml", ithome.url, "UTC", site.now)
    absorb(store, normalise(read(body)), site.now, name="ithome")
    asked = {"categories": ("新媒体", "IT 之家", "热榜"), "author": "IT 之家", "content": "raw"}
    assert site.run(**asked) == 1
    name = "新媒体/IT 之家/热榜/小米造车迎来新进展，五菱营销高管周钘下个月加盟小米汽车.md"
    assert site.names == [name]
    assert (site.posts / name).read_bytes() == (SEED / "hexo-post.md").read_bytes()
    assert site.run() == 0
    assert site.run(with_id=True) == 1
    assert "\nlink: 'https://www.ithome.com/0/630/999.htm'\nid: '" in site.text(name)


def test_what_did_not_change_costs_no_write(site: Site) -> None:
    assert site.publish(entry(1), entry(2)) == 2
    before = {path: path.stat() for path in site.posts.rglob("*")}
    assert site.run() == 0
    assert site.publish(entry(1), entry(2)) == 0
    after = {path: path.stat() for path in site.posts.rglob("*")}
    assert [one.st_mtime_ns for one in after.values()] == [
        one.st_mtime_ns for one in before.values()
    ]
    assert site.publish(entry(1), entry(2), entry(3)) == 1


def test_an_edit_changes_the_same_file_whatever_the_title(site: Site) -> None:
    site.publish(entry(1, title="Old"))
    assert site.publish(entry(1, title="New", text="other")) == 1
    assert site.names == ["a/Old.md"]
    assert "title: 'New'" in site.text("a/Old.md")
    assert "other" in site.text("a/Old.md")


def test_two_stories_of_one_title_are_two_files_and_stay_so(site: Site) -> None:
    site.publish(entry(1, title="Same"))
    site.publish(entry(1, title="Same"), entry(2, title="SAME", text="second"))
    other = next(name for name in site.names if name != "a/Same.md")
    assert other.startswith("a/SAME-")
    site.publish(entry(1, title="Same", text="edited"), entry(2, title="SAME", text="second"))
    assert "edited" in site.text("a/Same.md")
    assert "second" in site.text(other)
    assert site.names == sorted(["a/Same.md", other])


def test_another_feed_of_an_export_goes_on_with_its_posts(site: Site) -> None:
    site.publish(entry(1), entry(2))
    assert site.run(feed="other") == 0
    assert site.run(feed="all") == 0
    assert site.publish(entry(1, text="news"), entry(2), entry(3)) == 2
    assert site.run(feed="other", categories=("b",)) == 3
    assert site.names == ["a/Entry 1.md", "a/Entry 2.md", "a/Entry 3.md"]
    assert site.run(feed="all", categories=("a",)) == 3, "what the other wrote is seen"


def test_what_people_did_to_posts_stands_under_another_feed(site: Site) -> None:
    site.publish(entry(1), entry(2))
    (site.posts / "a" / "Entry 1.md").write_text("mine", encoding="utf-8")
    (site.posts / "a" / "Entry 2.md").unlink()
    assert site.run(feed="other", author="Somebody") == 0
    assert (site.names, site.text("a/Entry 1.md")) == (["a/Entry 1.md"], "mine")
    assert site.publish(entry(1, text="news"), entry(2, text="news")) == 2
    assert site.names == ["a/Entry 1.md", "a/Entry 2.md"]


def test_feeds_that_share_a_folder_have_posts_of_their_own(site: Site) -> None:
    other = replace(HEXO, feed="other", categories=("b",))
    site.publish(entry(1))
    assert site.run_all(HEXO, other) == 1
    assert site.run_all(HEXO, other) == 0
    assert site.names == ["a/Entry 1.md", "b/Entry 1.md"]
    assert site.run_all(other, HEXO) == 0
    link = site.folder / "link"
    link.symlink_to(site.posts)
    assert site.run_all(HEXO, replace(other, directory="link")) == 0


def test_posts_of_removed_sources_stay(site: Site) -> None:
    site.publish(entry(1))
    site.configure(source("two"))
    assert site.run() == 0
    assert site.names == ["a/Entry 1.md"]


def test_a_deleted_post_comes_back_only_when_its_story_changes(site: Site) -> None:
    site.publish(entry(1))
    (site.posts / "a" / "Entry 1.md").unlink()
    assert site.run() == 0
    assert site.run(author="Somebody") == 0
    assert site.names == []
    assert site.publish(entry(1, text="news")) == 1
    assert site.names == ["a/Entry 1.md"]


def test_what_people_wrote_into_a_post_stands_until_its_story_changes(site: Site) -> None:
    site.publish(entry(1), entry(2))
    (site.posts / "a" / "Entry 1.md").write_text("mine", encoding="utf-8")
    assert site.run(author="Somebody") == 1
    assert site.text("a/Entry 1.md") == "mine"
    assert "author: Somebody" in site.text("a/Entry 2.md")
    assert site.publish(entry(1, text="news")) == 1
    assert "news" in site.text("a/Entry 1.md")


def test_somebody_elses_file_is_never_written_over(site: Site) -> None:
    (site.posts / "a").mkdir(parents=True)
    (site.posts / "a" / "ENTRY 1.md").write_text("theirs", encoding="utf-8")
    (site.posts / "a" / "Entry 2.md").write_text("theirs", encoding="utf-8")
    assert site.publish(entry(1), entry(2)) == 2
    assert len(site.names) == 4
    assert [site.text(name) for name in ("a/ENTRY 1.md", "a/Entry 2.md")] == ["theirs"] * 2


def test_a_run_that_was_cut_short_finds_its_posts_again(site: Site) -> None:
    site.publish(entry(1), entry(2))
    manifest = site.posts / FILE_NAME
    whole = manifest.read_bytes()
    for cut in range(0, len(whole), 5):
        manifest.write_bytes(whole[:cut])
        assert site.run() == 0
        assert site.run() == 0
        assert manifest.read_bytes().endswith(b"\n")
    assert site.names == ["a/Entry 1.md", "a/Entry 2.md"]
    assert site.publish(entry(1, text="news"), entry(2)) == 1


def test_a_manifest_that_somebody_forged_leads_nowhere(site: Site) -> None:
    site.publish(entry(1))
    manifest = site.posts / FILE_NAME
    forged = manifest.read_text(encoding="utf-8").replace("a/Entry 1.md", "../../out.md")
    manifest.write_text(forged + '{}\n[1]\n"x"\n' + "[" * 100_000 + "\n", encoding="utf-8")
    site.publish(entry(1, text="news"))
    assert not list(site.folder.parent.rglob("out.md"))
    assert (site.posts / "a" / "Entry 1.md").is_file()


def test_no_link_in_the_directory_leads_out_of_it(site: Site) -> None:
    outside = site.folder / "outside"
    outside.mkdir()
    site.posts.mkdir()
    (site.posts / "a").symlink_to(outside)
    with pytest.raises(AggregatorError, match="links are not followed"):
        site.publish(entry(1))
    assert not list(outside.iterdir())


def test_the_manifest_does_not_grow_with_edits(site: Site) -> None:
    site.publish(entry(1), entry(2))
    manifest = site.posts / FILE_NAME
    lines = manifest.read_bytes().splitlines(keepends=True)
    manifest.write_bytes(lines[0] * 1500 + b"".join(lines))
    site.publish(entry(1), entry(2, text="news"))
    assert len(manifest.read_bytes().splitlines()) == 3
    assert site.run(author="Somebody") == 2


def test_another_template_is_applied_to_every_post(site: Site) -> None:
    template = site.folder / "own.j2"
    template.write_text("v1 {{ title }}\n", encoding="utf-8")
    site.export = replace(HEXO, template="own.j2")
    site.publish(entry(1), entry(2))
    template.write_bytes(b"\xef\xbb\xbfv2 {{ title }}\n")
    assert site.run() == 2
    assert site.text("a/Entry 1.md") == "v2 Entry 1\n"
    assert site.run(template="hugo") == 2
    assert site.text("a/Entry 1.md").startswith("---\ntitle: 'Entry 1'\n")


def test_a_secret_of_today_leaves_the_posts_of_yesterday(site: Site) -> None:
    told = "see https://x.example/?member=m3mber-of-one there"
    site.publish(entry(1, text=told), entry(2))
    assert "m3mber" in site.text("a/Entry 1.md")
    url = "https://one.example/feed.xml?member=m3mber-of-one"
    site.configure(source(url=url, secret_params=("member",)))
    assert site.run() == 1
    assert told.replace("m3mber-of-one", "") in site.text("a/Entry 1.md")
    assert site.run() == 0


def test_a_template_that_cannot_be_used_is_named_and_nothing_is_written(site: Site) -> None:
    site.export = replace(HEXO, template="own.j2")
    with pytest.raises(AggregatorError, match=r"own\.j2: cannot be read: No such file"):
        site.publish(entry(1))
    template = site.folder / "own.j2"
    for written, told in (
        (b"\n{{ nope }}", "own.j2:2: 'nope'"),
        (b"\n\xff", "own.j2:2: not UTF-8"),
        (b"{% if 1 %}" * 120 + b"{% endif %}" * 120, "own.j2: "),
    ):
        template.write_bytes(written)
        with pytest.raises(ConfigError, match=told):
            site.run()
    template.write_bytes(b"x" * 1_000_001)
    with pytest.raises(AggregatorError, match="too large"):
        site.run()
    assert site.names == []


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "takes longer than 1 s for one post",
        ),
        ("{{ 10 ** (10 ** 10) }}", "takes longer than 1 s for one post"),
        ("{{ title }}{{ 'a' * 999999999 }}", "takes more than 256 MiB of memory for one post"),
        ("{{ title|center(50000000) }}", "makes more than 32 MiB of one post"),
    ],
)
def test_a_template_without_end_is_named_and_ends(site: Site, written: str, told: str) -> None:
    template = site.folder / "own.j2"
    template.write_text(written, encoding="utf-8")
    site.export = replace(HEXO, template="own.j2")
    with pytest.raises(ConfigError) as caught:
        site.publish(entry(1))
    assert caught.value.lines == (f"{template}: {told}",)
    assert site.names == []


def test_who_stops_waits_for_one_post_and_the_next_run_goes_on(site: Site) -> None:
    site.publish()
    absorb(site.store, document(entry(1), entry(2)), site.now)
    exporter = Exporter(site.store, site.folder, [HEXO], make_worker=Worker)
    assert exporter.run(HEXO, FEEDS[0], is_stopping=lambda: bool(site.names)) == 1
    assert exporter.run(HEXO, FEEDS[0]) == 1
    assert len(site.names) == 2


def test_a_raw_post_stays_when_the_publishers_html_is_no_longer_kept(site: Site) -> None:
    site.export = replace(HEXO, content="raw")
    raw = replace(entry(1), raw='{"raw_content": "<p class=theirs>text</p>"}')
    site.publish(raw)
    assert "theirs" in site.text("a/Entry 1.md")
    site.store.prune(site.now + 99 * HOUR, retention=9999 * HOUR, keep_raw=HOUR)
    assert site.run(author="Somebody") == 0
    assert "theirs" in site.text("a/Entry 1.md")


def test_posts_of_jekyll_are_named_by_their_day_and_shown_in_their_folders(site: Site) -> None:
    site.export = Export("jekyll", "_posts", categories=("a", "b"))
    site.publish(entry(1, published_at=START))
    assert site.names == ["a/b/2026-11-20-Entry 1.md"]


CONFIG = """\
[store]
path = "a.db"
[[sources]]
name = "one"
url = "https://one.example/feed.xml"
[[feeds]]
name = "all"
"""


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    told = subprocess.run(
        [PROGRAM, *(words or ("export", "posts")), "--config", folder / "config.toml"],
        capture_output=True,
        check=False,
        text=True,
    )
    return without_machine(told)


def test_the_command_writes_every_export_once(site: Site) -> None:
    config = site.folder / "config.toml"
    config.write_text(CONFIG, encoding="utf-8")
    told = command(site.folder)
    assert (told.returncode, told.stdout) == (0, f"nothing to do: {config} has no [[exports]]\n")
    site.publish(entry(1), entry(2))
    exports = [f'[[exports]]\nkind = "{kind}"\ndirectory = "{kind}"\n' for kind in ("hexo", "hugo")]
    config.write_text(CONFIG + "".join(exports), encoding="utf-8")
    told = command(site.folder)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == "".join(
        f"2 posts written to {site.folder / kind}\n" for kind in ("hexo", "hugo")
    )
    assert (site.folder / "hugo" / "Entry 1.md").is_file()
    assert command(site.folder).stdout.count("0 posts written") == 2


def test_the_command_names_every_mistake_and_writes_what_has_none(site: Site) -> None:
    site.publish(entry(1))
    (site.folder / "own.j2").write_text("\n{{ oops", encoding="utf-8")
    (site.folder / "file").touch()
    exports = (("d", 'template = "own.j2"\n'), ("file", ""), ("good", ""))
    wanted = "".join(f'[[exports]]\nkind = "hexo"\ndirectory = "{d}"\n{t}' for d, t in exports)
    (site.folder / "config.toml").write_text(CONFIG + wanted, encoding="utf-8")
    told = command(site.folder)
    assert (told.returncode, told.stdout) == (78, f"1 post written to {site.folder}/good\n")
    first, second = told.stderr.splitlines()
    assert first.startswith(f"{site.folder / 'own.j2'}:2: ")
    assert second.startswith(f"aggregator: {site.folder / 'file'}")


def test_check_names_what_templates_and_folders_of_exports_have_wrong(tmp_path: Path) -> None:
    (tmp_path / "own.j2").write_text("\n{{ title|nope }}", encoding="utf-8")
    (tmp_path / "file").touch()
    config = tmp_path / "config.toml"
    config.write_text(
        CONFIG.replace("[[sources]]", '[publish]\ndirectory = "file"\n[[sources]]')
        + '[[exports]]\nkind = "hexo"\ndirectory = "a"\ntemplate = "hexo-volantiss"\n'
        + '[[exports]]\nkind = "hexo"\ndirectory = "b"\ntemplate = "own.j2"\n'
        + '[[exports]]\nkind = "hexo"\ndirectory = "own.j2/c"\ntemplate = "jekyll"\n',
        encoding="utf-8",
    )
    told = command(tmp_path, "check")
    assert (told.returncode, told.stdout) == (78, "")
    assert told.stderr.splitlines() == [
        f"{config}:4: publish.directory: {tmp_path}/file is there, and no folder",
        (
            f"{config}:13: exports[0].template: {tmp_path}/hexo-volantiss: cannot be read: "
            'No such file or directory, did you mean "hexo-volantis"?'
        ),
        f"{config}:20: exports[2].directory: {tmp_path}/own.j2 is there, and no folder",
        f"{tmp_path}/own.j2:2: No filter named 'nope'.",
    ]
    assert not list(tmp_path.glob("*/"))


def test_each_way_to_export_explains_itself() -> None:
    for name in ("opml", "posts", "static"):
        told = subprocess.run(
            [PROGRAM, "export", name, "--help"], capture_output=True, check=True, text=True
        ).stdout
        examples = [line for line in told.splitlines() if line.startswith("    aggregator ")]
        assert examples
        assert all(f" export {name}" in line for line in examples), told


def test_check_says_which_folders_its_user_can_neither_make_nor_write_into(tmp_path: Path) -> None:
    from aggregator.cli.output_folders import folder_warnings
    from aggregator.config import parse

    (tmp_path / "there").mkdir()
    text = (
        '[publish]\ndirectory = "there"\n[[sources]]\nname = "a"\nurl = "https://a.example/"\n'
        '[[exports]]\nkind = "hexo"\ndirectory = "not/there"\n'
    )
    config = parse(text, tmp_path / "config.toml")
    published, exported = folder_warnings(config, lambda _: False)
    assert published.startswith(f"[publish] directory: {tmp_path}/there may not be written by ")
    assert exported.startswith(f"exports[0].directory: {tmp_path}/not/there cannot be made by ")
    assert f"may not write in {tmp_path}; `sudo install -d -o " in exported
    assert folder_warnings(config) == []
    config = replace(config, store=replace(config.store, path=tmp_path / "new" / "a.db"))
    assert folder_warnings(config) == []
    config = replace(config, store=replace(config.store, path=tmp_path / "no" / "new" / "a.db"))
    made = f"[store] path: {tmp_path / 'no' / 'new'} is not there yet; `aggregator run` makes it"
    assert folder_warnings(config) == [made]
    config = replace(config, store=replace(config.store, path=Path("/proc/x/a.db")))
    (told,) = folder_warnings(config)
    assert told.startswith("[store] path: /proc/x cannot be made: /proc holds what the system")
