"""What the environment says instead of config.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config import parse, store_place
from aggregator.config.settings import StoreSettings
from aggregator.model.errors import ConfigError
from tests.program import Program, run_in

FILE = Path("folder/config.toml")


def test_a_variable_stands_above_its_key() -> None:
    environ = {
        "AGGREGATOR_LISTEN": "192.0.2.1:80",
        "AGGREGATOR_OPERATOR_LISTEN": "127.0.0.1:81",
        "AGGREGATOR_BASE_URL": "https://feeds.example/",
        "AGGREGATOR_DATABASE": "/data/a.db",
    }
    text = (
        '[server]\nlisten = "127.0.0.1:1"\nbase_url = "http://other.example"\n[store]\npath = "b"\n'
    )
    config = parse(text, FILE, environ=environ)
    assert (config.server.listen.host, config.server.listen.port) == ("192.0.2.1", 80)
    assert config.server.operator_listen is not None
    assert config.server.operator_listen.port == 81
    assert config.server.base_url == "https://feeds.example"
    assert config.store.path == Path("/data/a.db")
    assert config == parse("", FILE, environ=environ)


def test_an_empty_variable_is_not_set() -> None:
    assert parse("", FILE, environ={"AGGREGATOR_LISTEN": ""}) == parse("", FILE)


def test_a_wrong_value_is_named_by_its_variable() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("", FILE, environ={"AGGREGATOR_LISTEN": "8420"})
    assert str(caught.value).startswith("$AGGREGATOR_LISTEN: must be ")


def test_a_table_that_is_none_is_a_mistake_all_the_same() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("server = 1\n", FILE, environ={"AGGREGATOR_LISTEN": "[::]:80"})
    assert "server" in str(caught.value)


def test_a_broken_file_hides_the_database_of_the_environment_from_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGGREGATOR_DATABASE", "/data/a.db")
    config = tmp_path / "config.toml"
    assert store_place(config) == StoreSettings(path=Path("/data/a.db"))
    config.write_text("broken = \n", encoding="utf-8")
    assert store_place(config) == StoreSettings(path=Path("/data/a.db"))


def test_the_environment_names_the_path_and_takes_no_url_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGGREGATOR_DATABASE", "b.db")
    config = tmp_path / "config.toml"
    url = "postgresql://me@db/feeds"
    config.write_text(f'[store]\nurl = "{url}"\n[nonsense]\n', encoding="utf-8")
    assert store_place(config) == StoreSettings(path=tmp_path / "b.db", url=url)


def test_a_mistake_is_told_before_a_database_that_it_hides(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[store]\nurl = "db/feeds"\n', encoding="utf-8")
    for words in (("status",), ("status", "--healthy", "--member", "rack-1")):
        told = run_in(*words, cwd=tmp_path, AGGREGATOR_DATABASE="b.db")
        assert (told.returncode, told.stdout) == (78, "")
        assert "config.toml:2: store.url: must be such as" in told.stderr
        assert "no database yet" not in told.stderr


def test_check_says_what_is_not_the_files(tmp_path: Path) -> None:
    (tmp_path / "config.toml").touch()
    told = run_in("check", cwd=tmp_path, AGGREGATOR_LISTEN="[::1]:9")
    assert "Instead of the file's own: $AGGREGATOR_LISTEN\n" in told.stdout
    assert "http://[::1]:9/feeds/all.atom" in told.stdout


def test_health_is_the_daemons_own(aggregator: Program) -> None:
    aggregator.configure("")
    told = aggregator.run("status", "--healthy")
    assert (told.returncode, told.stdout) == (1, "not running\n")
    aggregator.start()
    told = aggregator.run("status", "--healthy")
    assert (told.returncode, told.stdout) == (0, "healthy\n")
    good = aggregator.config.read_text(encoding="utf-8")
    aggregator.config.write_text(good + "[nonsense]\n", encoding="utf-8")
    assert aggregator.run("status", "--healthy").returncode == 0, "it works, whatever was edited"
