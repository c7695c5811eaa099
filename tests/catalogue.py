"""The catalogue of messages, kept in step with the code: `make catalogue` writes it again.

Messages are found where they stand: a text of several words in a room that speaks to people is one,
and an f-string is its template, with a field where a value goes in. So nobody marks anything, and
nobody can forget to. What looks like a message and is none is named below.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import click
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from aggregator.cli.help_in_words import EXAMPLE, MEANING, paragraphs
from aggregator.language.catalogue import DOMAIN, FOLDER
from tests import ROOT
from tests.message_rooms import FURTHER, NO_MESSAGES, QUIET, RAISING, ROOMS, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: A message, or the two forms of one that counts.
Message = str | tuple[str, ...]
#: The same as Babel has it.
Forms = str | tuple[str, ...] | list[str] | None

PO = FOLDER / "zh" / "LC_MESSAGES" / f"{DOMAIN}.po"
MO = PO.with_suffix(".mo")

#: Two words beside each other, or a word beside a field.
_PROSE = re.compile(
    r"[A-Za-z)\]}\"`][,:;.]? [a-z({\[]|[a-z}\]\"`)][,:;.]? [A-Z]?[a-z]{2,}"
    r"|\} [a-z]{2,}|[a-z]{2,} \{"
)
#: What of a template is in no language: its fields, commands, addresses.
_NAMES = re.compile(r"\{\w*(:\w+)?\}|`[^`]*`|\S+://\S*|aggregator|\[\[?\w+\]?\]")
#: SQL, markup, patterns: for programs.
_CODE = re.compile(
    r"\b(SELECT|INSERT|FROM|JOIN|ELSE|UPDATE|DELETE|CREATE|ALTER|DROP|PRAGMA|ATTACH|REINDEX)\b"
    r"|\b(VACUUM|WHERE|GLOB)\b|json_extract|coalesce\(|\b[a-z]\.[a-z_]+,? "
    r"|^<\w+ \w+=|^<.*</|<!|<\?xml version|\\s|\(\?|=%[sdr]|^\w+=\S*$"
)
#: Calls whose texts are names, patterns or log events, not messages; their further words are.
_NAMING = {"event", "compile", "getenv", "getattr", "TypeVar", "getLogger", "Path", "import_module"}
_LOGGING = {"debug", "info", "warning", "error", "exception", "log"}
#: Errors of programmers.
_BUGS = {
    "ValueError", "TypeError", "RuntimeError", "AssertionError", "KeyError", "AttributeError",
    "NotImplementedError", "LookupError", "IndexError", "_OddError", "Unread",
}  # fmt: skip
#: What Babel writes about when and by whom: every run would be a change.
_DATED = re.compile(
    rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Language-Team|'
    rb'Report-Msgid-Bugs-To|Project-Id-Version):[^"]*\\n"\n'
)
_HEAD = (
    b"# Messages in Chinese (Simplified). `make catalogue` writes this file again, and keeps what\n"
    b"# is translated; docs/zh/glossary.md has the words.\n"
)
_LIST_SPECS = {"or", "nor", "tables", "list"}


class Finder(ast.NodeVisitor):
    """Collects the messages of one module."""

    def __init__(self, place: str, *, raising_only: bool) -> None:
        self.place = place
        self.found: dict[str, int] = {}
        self._raising_only = raising_only
        self._in_raise = 0

    def visit_Raise(self, node: ast.Raise) -> None:
        called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if called is not None and ast.unparse(called).rpartition(".")[2] in _BUGS:
            return
        self._in_raise += 1
        self.generic_visit(node)
        self._in_raise -= 1

    def visit_Return(self, node: ast.Return) -> None:
        # An error that its caller raises.
        called = ast.unparse(node.value.func) if isinstance(node.value, ast.Call) else ""
        name = called.rpartition(".")[2]
        is_error = name.endswith("Error") and name not in _BUGS
        self._in_raise += is_error
        self.generic_visit(node)
        self._in_raise -= is_error

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func).rpartition(".")[2]
        of_log = name in _LOGGING and ast.unparse(node.func).startswith("log.")
        skipped = node.args[:1] if name in _NAMING else []
        if of_log:
            skipped = [one for one in node.args if isinstance(one, ast.Constant)]
        for one in [*node.args, *(word.value for word in node.keywords)]:
            if not any(one is other for other in skipped):
                self.visit(one)
        self.visit(node.func)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring, or what stands like one
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_arg(self, node: ast.arg) -> None:
        pass

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._add([node.value], node.lineno)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._add(_templates(node), node.lineno)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def _add(self, texts: Iterable[str], number: int) -> None:
        if self._raising_only and not self._in_raise:
            return
        for text in texts:
            for message, is_meaning in _lines(text):
                if is_meaning or is_message(message):
                    self.found.setdefault(message, number)


def is_message(text: str) -> bool:
    """Tell whether a text is for people."""
    if text in WORDS:
        return True
    if not _PROSE.search(text) or _CODE.search(text) or text in NO_MESSAGES:
        return False
    return bool(re.search(r"[A-Za-z]{2}", _NAMES.sub("", _named(text))))


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Yield what of a text is retold by itself, a line; and whether it says what stands before.

    Of an example of `--help` that is the comment, of a status its meaning.
    """
    for line in text.replace("\b", "").split("\n"):
        if found := EXAMPLE.fullmatch(line) or MEANING.fullmatch(line):
            yield found.groups()[-1], True
        elif not re.match(r" {2}(aggregator|curl|systemctl|zstd) ", line):
            yield re.sub("^[;,] ", "", line.strip()), False


def _templates(node: ast.JoinedStr) -> list[str]:
    """Return the templates of an f-string: one, or more where it chooses between texts."""
    texts = [""]
    fields: dict[str, str] = {}
    for part in node.values:
        if isinstance(part, ast.Constant):
            piece = str(part.value).replace("{", "{{").replace("}", "}}")
            texts = [text + piece for text in texts]
        elif isinstance(part, ast.FormattedValue):
            choices = _choices(part.value)
            if choices is None:
                shown = ast.unparse(part.value)
                name = _name(part.value)
                while fields.setdefault(name, shown) != shown:
                    name += "_2"
                choices = [f"{{{name}}}"]
            texts = [text + choice for text in texts for choice in choices]
    return texts


def _choices(node: ast.expr) -> list[str] | None:
    if isinstance(node, ast.IfExp):
        both = [_choices(node.body), _choices(node.orelse)]
        return None if None in both else [one for some in both for one in some or ()]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    return None


def _name(node: ast.expr) -> str:
    """Return a name for what an expression puts into a message."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_")
        case ast.Call(func=ast.Attribute(value=ast.Constant()), args=[*_]):
            return "several"
        case ast.Call(func=ast.Name(id="len" | "sum"), args=[_, *_]):
            return "n"
        case ast.Call(args=[first, *_]):
            return _name(first)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name.strip("_")
        case ast.Subscript(value=value) | ast.BinOp(left=value) | ast.Starred(value=value):
            return _name(value)
        case ast.BoolOp(values=[first, *_]):
            return _name(first)
        case ast.IfExp(body=body):
            return _name(body)
    return "value"


def _named(text: str) -> str:
    """Return a message with a name for each of its fields; formats that shape no list are left."""
    if "{" not in text:
        return text
    number = 0

    def field(found: re.Match[str]) -> str:
        nonlocal number
        name, _, spec = found[1].partition(":")
        number += not name
        return f"{{{name or f'value{number}'}{f':{spec}' if spec in _LIST_SPECS else ''}}}"

    return re.sub(r"(?<!\{)\{([^{}]*)\}(?!\})", field, text)


def messages() -> dict[Message, list[tuple[str, int]]]:
    """Return every message with the places that it stands at."""
    found: dict[Message, list[tuple[str, int]]] = {}
    for path, raising_only in _modules():
        place = path.relative_to(ROOT).as_posix()
        finder = Finder(place, raising_only=raising_only)
        finder.visit(ast.parse(path.read_text(encoding="utf-8")))
        for text, number in finder.found.items():
            if (message := _named(text)).strip():
                found.setdefault(message, []).append((place, number))
    for text, place in _of_help():
        found.setdefault(text, []).append((place, 1))
    for text in FURTHER:
        found.setdefault(text, []).append(("tests/message_rooms.py", 1))
    for text in _of_tomllib():
        found.setdefault(text, []).append(("tomllib", 1))
    for forms in _of_click():
        found.setdefault(forms, []).append(("click", 1))
    return found


def _of_tomllib() -> Iterator[str]:
    """Yield what Python's parser says of TOML that is none, as `config.from_toml` hands it on."""
    for node in ast.walk(
        ast.parse((Path(tomllib.__file__).parent / "_parser.py").read_text(encoding="utf-8"))
    ):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "suffixed_err":
            for text in _texts(node.args[2]):
                yield _named(text[:1].lower() + text[1:])


def _texts(node: ast.expr) -> list[str]:
    if isinstance(node, ast.JoinedStr):
        return _templates(node)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _of_click() -> Iterator[Message]:
    """Yield what click itself says: it marks its messages as gettext wants them."""
    for path in sorted(Path(click.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"_", "ngettext"}:
                told = [one.value for one in node.args if isinstance(one, ast.Constant)]
                forms = tuple(one for one in told if isinstance(one, str))
                if forms:
                    yield forms if len(forms) > 1 else forms[0]


def _modules() -> Iterator[tuple[Path, bool]]:
    for rooms, raising_only in ((ROOMS, False), (RAISING, True)):
        for room in rooms:
            path = ROOT / "aggregator" / room
            for one in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
                if one.relative_to(ROOT / "aggregator").as_posix() not in QUIET:
                    yield one, raising_only


def _of_help() -> Iterator[tuple[str, str]]:
    """Yield what `--help` says of commands and their options."""
    from aggregator.cli import commands

    waiting: list[click.Command] = [commands]
    while waiting:
        command = waiting.pop()
        place = f"aggregator/cli/{(command.name or 'commands').replace('-', '_')}"
        for text in (command.help, command.short_help):
            if text:
                yield from ((one, place) for one in paragraphs(text))
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.help:
                yield parameter.help, place
        if isinstance(command, click.Group):
            waiting += command.commands.values()


def template() -> Catalog:
    """Return a catalogue of all messages, untranslated."""
    catalogue = Catalog(locale="zh_Hans", domain=DOMAIN, project="aggregator", fuzzy=False)
    for text, places in sorted(messages().items(), key=lambda one: one[1][0]):
        catalogue.add(text, locations=[(place, 0) for place, _ in places[:1]])
    return catalogue


def stored() -> Catalog:
    """Return the catalogue as it is in the repository."""
    with PO.open("rb") as file:
        return read_po(file, locale="zh_Hans", domain=DOMAIN)


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as programs read it (.mo)."""
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 12, 1, tzinfo=UTC)
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def write() -> list[str]:
    """Write both files again; return the messages that have no translation yet."""
    catalogue, known = template(), stored() if PO.exists() else Catalog()
    translations = {first(one.id): first(one.string) for one in known if one.id}
    for path in sys.argv[1:]:
        translations |= _given(path)
    lacking = []
    for one in catalogue:
        if one.id:
            told = translations.get(last(one.id)) or translations.get(first(one.id), "")
            one.string = told if isinstance(one.id, str) else (told,)
            if not told:
                lacking.append(first(one.id))
    out = BytesIO()
    write_po(out, catalogue, width=100, include_lineno=False)
    text = _DATED.sub(b"", out.getvalue())
    PO.write_bytes(_HEAD + text[text.index(b"msgid") :])
    MO.write_bytes(compiled(stored()))
    return lacking


def first(forms: Forms) -> str:
    """Return a message, or the first form of one that counts."""
    return forms if isinstance(forms, str) else (forms or ("",))[0]


def last(forms: Forms) -> str:
    """Return a message, or the form for many of one that counts: Chinese has no other."""
    return forms if isinstance(forms, str) else (forms or ("",))[-1]


def _given(path: str) -> dict[str, str]:
    """Read further translations: a JSON object, English to Chinese."""
    given: dict[str, str] = json.loads(Path(path).read_text(encoding="utf-8"))
    return given


if __name__ == "__main__":
    for one in write():
        print(one)  # noqa: T201 -- this is a program
