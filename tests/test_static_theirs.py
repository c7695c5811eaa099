"""Files of somebody else, in the directory of `[publish]`: they stay as they are."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from aggregator.model import Feed
from aggregator.model.errors import AggregatorError
from aggregator.outputs.static_files import publish_all
from aggregator.outputs.written_marks import FILE_NAME
from tests.static_house import FEEDS, House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWN = b"<!doctype html><title>My page</title>"
REFUSED = r": is not ours, and stays as it is; move it away, or give \[publish\] "


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    made.poll(*range(30))
    yield made
    made.store.close()


def put(house: House, name: str, body: bytes = OWN) -> None:
    path = house.directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def memory(house: House) -> Path:
    (found,) = house.folder.glob("*-static.json")
    return found


def edit(house: House) -> None:
    """Change what every document says."""
    house.poll("fresh")
    house.change(feeds=(*FEEDS[:-1],))


def test_a_file_that_was_there_stays_byte_for_byte_and_the_others_are_written(house: House) -> None:
    put(house, "index.html")
    put(house, "feeds/news.rss")
    for _ in range(2):
        with pytest.raises(AggregatorError, match=rf"news\.rss{REFUSED}.*; 1 more like it$"):
            house.publish()
    assert house.files()["index.html"] == house.files()["feeds/news.rss"] == OWN
    assert {"feeds.opml", "feeds/news.atom", "feeds/news.json"} <= house.plain()
    assert not {"index.html.gz", "index.html.br", "feeds/news.rss.gz"} & house.files().keys()
    house.poll("fresh")
    with pytest.raises(AggregatorError, match=REFUSED):
        house.publish()
    assert b"Entry fresh" in house.files()["feeds/news.atom"]
    assert house.files()["index.html"] == house.files()["feeds/news.rss"] == OWN


def test_what_is_moved_away_is_written_at_the_next_look(house: House) -> None:
    put(house, "index.html")
    put(house, "feeds/news.rss")
    with pytest.raises(AggregatorError, match=REFUSED):
        house.publish()
    for name in ("index.html", "feeds/news.rss"):
        (house.directory / name).unlink()
    house.publish()
    assert house.files()["index.html"] != OWN
    assert b"Entry 3" in house.files()["feeds/news.rss"]
    assert house.publish() == 0


def test_where_nothing_changes_what_is_refused_costs_nothing_and_is_told(house: House) -> None:
    put(house, "feeds/news.rss")
    with pytest.raises(AggregatorError, match=r"news\.rss"):
        house.publish()
    times = house.times()
    with pytest.raises(AggregatorError, match=r"news\.rss"):
        house.publish()
    assert house.times() == times


@pytest.mark.parametrize("suffix", [".gz", ".br"])
def test_a_packed_form_of_somebody_else_stays_too(house: House, suffix: str) -> None:
    put(house, f"index.html{suffix}")
    with pytest.raises(AggregatorError, match=r"index\.html"):
        house.publish()
    assert house.files()[f"index.html{suffix}"] == OWN
    assert "index.html" not in house.files()  # whose packed form would be another page


def test_what_somebody_put_in_the_place_of_ours_stays(house: House) -> None:
    house.publish()
    put(house, "index.html")
    edit(house)
    with pytest.raises(AggregatorError, match=REFUSED):
        house.publish()
    assert house.files()["index.html"] == OWN
    # A web server would hand out what is packed beside it.
    assert not {"index.html.gz", "index.html.br"} & house.files().keys()


def test_what_is_published_no_more_is_removed_only_if_it_is_ours(house: House) -> None:
    house.publish()
    put(house, "feeds/news.rss")
    house.change(feeds=FEEDS[1:])
    house.publish()
    assert house.files()["feeds/news.rss"] == OWN
    assert "feeds/news.atom" not in house.files()


def test_ours_is_written_anew_where_the_memory_is_lost(house: House) -> None:
    house.publish()
    memory(house).unlink()
    edit(house)
    house.publish()
    assert b"Entry fresh" in house.files()["feeds/news.atom"]
    assert b"sources/one" not in house.files()["index.html"]


def test_ours_is_written_anew_where_the_directory_has_moved(house: House) -> None:
    house.publish()
    moved = house.folder / "elsewhere"
    shutil.move(house.directory, moved)
    house.directory = moved
    put(house, "feeds/club.atom")
    edit(house)
    house.publish()
    assert b"Entry fresh" in house.files()["feeds/news.atom"]


def test_a_link_a_folder_and_a_pipe_are_not_ours(house: House) -> None:
    outside = house.folder / "outside.html"
    outside.write_bytes(OWN)
    house.directory.mkdir()
    (house.directory / "index.html").symlink_to(outside)
    put(house, "feeds/news.rss/mine.txt")
    os.mkfifo(house.directory / "feeds" / "news.json")
    (house.directory / "feeds.opml").symlink_to(house.folder / "nowhere")
    with pytest.raises(AggregatorError, match=r"; 3 more like it$"):
        house.publish()
    assert outside.read_bytes() == OWN
    assert (house.directory / "index.html").is_symlink()
    assert (house.directory / "feeds.opml").is_symlink()
    assert (house.directory / "feeds" / "news.json").is_fifo()
    assert house.files()["feeds/news.rss/mine.txt"] == OWN
    assert "feeds/news.atom" in house.files()


def test_what_an_earlier_version_wrote_goes_on_without_a_word(house: House) -> None:
    house.publish()
    as_before(house)
    edit(house)
    house.publish()
    assert b"Entry fresh" in house.files()["feeds/news.atom"]
    assert b"sources/one" not in house.files()["index.html"]


def test_an_upgrade_that_is_cut_off_knows_what_was_written(house: House) -> None:
    house.publish()
    as_before(house)
    edit(house)

    def is_stopping() -> bool:
        if b"Entry fresh" in house.files()["feeds/news.atom"]:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        publish_all(house.config, house.store, is_stopping)
    house.publish()
    assert b"Entry fresh" in house.files()["tags/c/c++.atom"]
    assert "sources/one.atom" not in house.files()


def as_before(house: House) -> None:
    """Make the directory and the memory what a version without marks left."""
    (house.directory / FILE_NAME).unlink()
    said = json.loads(memory(house).read_bytes())
    for share in said["feeds"].values():
        del share["refused"]
    memory(house).write_text(json.dumps(said))


def test_what_an_earlier_version_did_not_write_stays(house: House) -> None:
    house.publish()
    as_before(house)
    put(house, "feeds/later.atom")
    house.change(feeds=(*FEEDS, Feed("later", "Later")))
    with pytest.raises(AggregatorError, match=r"later\.atom"):
        house.publish()
    assert house.files()["feeds/later.atom"] == OWN
    assert "feeds/later.rss" in house.files()


def test_what_a_power_cut_left_is_known_as_ours(house: House) -> None:
    """The directory is written, the memory is of before; the last line of the marks is torn."""
    house.publish()
    before = memory(house).read_bytes()
    edit(house)
    house.publish()
    memory(house).write_bytes(before)
    with (house.directory / FILE_NAME).open("ab") as opened:
        opened.write(b"3f2a")
    for number in range(2):
        house.poll(f"later{number}")
        house.publish()
        assert f"Entry later{number}".encode() in house.files()["feeds/news.atom"]


def test_the_marks_name_no_file_and_do_not_grow_for_ever(house: House) -> None:
    house.publish()
    lines = (house.directory / FILE_NAME).read_text().splitlines()
    marks = [line for line in lines if line and not line.startswith("#")]
    assert len(marks) == len(house.files())
    assert all(len(mark) == 64 for mark in marks)
    with (house.directory / FILE_NAME).open("a") as opened:
        opened.writelines(f"{number:064x}\n" for number in range(5000))
    house.poll("fresh")
    house.publish()
    assert len((house.directory / FILE_NAME).read_text().splitlines()) < 5 * len(house.files())
    house.poll("later")
    house.publish()
    assert b"Entry later" in house.files()["feeds/news.atom"]
