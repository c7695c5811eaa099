"""Where keys stand: the line finder against documents whose every line is known."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config.line_numbers import Places

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from aggregator.model.mistakes import KeyPath


class Writer:
    """Writes TOML in many manners and remembers on which line each path begins."""

    def __init__(self, draw: DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.lines: dict[KeyPath, int] = {}
        self.data: dict[str, Any] = {}

    def here(self) -> int:
        return self.text.count("\n") + 1

    def add(self, text: str) -> None:
        self.text += text

    def blank(self) -> None:
        self.add(self.draw(st.sampled_from(["", "\n", "# [no] = \"header'\n", " \t\n\n"])))

    def key(self, name: str) -> str:
        # JSON's escapes mean the same in TOML, except pairs of surrogates.
        written = json.dumps(name, ensure_ascii=max(name, default="") <= "\uffff")
        forms = [written]
        if name and all(char.isascii() and (char.isalnum() or char in "_-") for char in name):
            forms.append(name)
        if "'" not in name and all(char.isprintable() for char in name):
            forms.append(f"'{name}'")
        return self.draw(st.sampled_from(forms))

    def break_line(self) -> None:
        self.add(self.draw(st.sampled_from(["", " ", "\n", " # ] } , = [\n  "])))

    def value(self, path: KeyPath, depth: int) -> Any:
        kinds = ["scalar", "scalar", "list", "table"] if depth else ["scalar"]
        match self.draw(st.sampled_from(kinds)):
            case "list":
                return self.list_of(path, depth)
            case "table":
                return self.inline_table(path, depth)
            case _:
                written = self.draw(SCALARS)
                self.add(written)
                return tomllib.loads(f"x = {written}")["x"]

    def list_of(self, path: KeyPath, depth: int) -> list[Any]:
        self.add("[")
        found = []
        for index in range(self.draw(st.integers(0, 3))):
            self.break_line()
            self.lines[(*path, index)] = self.here()
            found.append(self.value((*path, index), depth - 1))
            self.break_line()
            self.add(",")
        self.break_line()
        self.add("]")
        return found

    def inline_table(self, path: KeyPath, depth: int) -> dict[str, Any]:
        self.add("{ ")
        found = {}
        for count, name in enumerate(self.draw(NAMES)):
            self.add(", " if count else "")
            self.lines[(*path, name)] = self.here()
            self.add(f"{self.key(name)} = ")
            found[name] = self.value((*path, name), depth - 1)
        self.add(" }")
        return found

    def body(self, path: KeyPath, table: dict[str, Any], names: list[str]) -> None:
        for name in names:
            self.blank()
            self.lines[(*path, name)] = self.here()
            if self.draw(st.booleans()):
                self.add(f"{self.key(name)} . {self.key('dotted')}\t= ")
                self.lines[(*path, name, "dotted")] = self.here()
                table[name] = {"dotted": self.value((*path, name, "dotted"), 2)}
            else:
                self.add(f"{self.key(name)} = ")
                table[name] = self.value((*path, name), 2)
            self.add(self.draw(st.sampled_from(["\n", "  # x = 1\n"])))

    def document(self) -> None:
        self.body((), self.data, self.draw(NAMES))
        for name in self.draw(NAMES):
            if name in self.data:
                continue
            self.blank()
            if self.draw(st.booleans()):
                self.lines[(name,)] = self.here()
                self.add(f"[{self.key(name)}]\n")
                self.data[name] = {}
                self.body((name,), self.data[name], self.draw(NAMES))
            else:
                self.tables(name)

    def tables(self, name: str) -> None:
        self.data[name] = []
        for index in range(self.draw(st.integers(1, 3))):
            self.blank()
            path = (name, index)
            self.lines[path] = self.here()
            self.lines.setdefault((name,), self.here())
            self.add(f"[[ {self.key(name)} ]]\n")
            table: dict[str, Any] = {}
            self.data[name].append(table)
            self.body(path, table, self.draw(NAMES))
            if "inner" not in table and self.draw(st.booleans()):
                self.lines[(*path, "inner")] = self.here()
                self.add(f"[{self.key(name)}.inner]\n")
                table["inner"] = {}
                self.body((*path, "inner"), table["inner"], self.draw(NAMES))
            if "many" not in table and self.draw(st.booleans()):
                self.lines[(*path, "many")] = self.lines[(*path, "many", 0)] = self.here()
                self.add(f"[[{self.key(name)}.many]]\n")
                table["many"] = [{}]
                self.body((*path, "many", 0), table["many"][0], self.draw(NAMES))


NAMES: SearchStrategy[list[str]] = st.lists(
    st.one_of(
        st.sampled_from(["a", "b-c", "d_e", "1", "标题", "x.y", "[z]", "#", "", "=", "'", '"']),
        st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=4),
    ),
    max_size=3,
    unique=True,
)
SCALARS = st.sampled_from(
    [
        "1",
        "-1.5e3",
        "true",
        "inf",
        "1979-05-27T07:32:00-07:00",
        "1979-05-27 07:32:00",
        "07:32:00",
        '"plain"',
        '"#, ] } = [ \\" \\\\"',
        "'C:\\'",
        "''",
        '""',
        '""""""',
        '"""\n# not a comment\n[not] = "a header"\n\\""" \\\n  """',
        '"""ends with two quotes"""""',
        "'''\n[no]\n''two quotes'''''",
        "''''one'''",
    ]
)


@st.composite
def documents(draw: DrawFn) -> Writer:
    writer = Writer(draw)
    writer.document()
    return writer


@given(documents())
def test_every_path_of_every_document_has_its_own_line(written: Writer) -> None:
    assert tomllib.loads(written.text) == written.data
    places = Places(written.text)
    assert {path: places.line(path) for path in written.lines} == written.lines


@given(documents(), st.sampled_from(["missing", 9]))
def test_a_path_that_is_not_there_has_the_line_of_what_is_around_it(
    written: Writer, last: str | int
) -> None:
    places = Places(written.text)
    for path, line in written.lines.items():
        if (*path, last) not in written.lines:
            assert places.line((*path, last, "deeper")) == line


def test_a_table_named_after_its_children_stands_at_its_own_header() -> None:
    places = Places("[a.b]\nx = 1\n\n[a]\ny = 2\n")
    assert places.line(("a",)) == 4
    assert places.line(("a", "b", "x")) == 2
    assert places.line(("a", "missing")) == 4


def test_lists_of_lists_and_inline_tables_are_counted_each_by_itself() -> None:
    places = Places('x = [[1,\n2], [\n3], {y = [\n"a",\n"b"]}]\n')
    assert [places.line(("x", 0, 1)), places.line(("x", 1, 0))] == [2, 3]
    assert places.line(("x", 2, "y", 1)) == 5


@pytest.mark.parametrize("text", ["", "\n", "# only a comment"])
def test_an_empty_document_has_one_line(text: str) -> None:
    assert Places(text).line(("server", "listen")) == 1
