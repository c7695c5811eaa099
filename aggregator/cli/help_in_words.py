"""`--help` in another language: its texts, and lines that break where words are not apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from aggregator.language.spoken import retold

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Between the columns of a list; the first is at most as wide as click makes it.
_GAP = 2
_MOST_FIRST = 30
#: An example and its comment; a status or signal and its meaning.
EXAMPLE = re.compile(r"( {2,}\S.*?)( +# )(.*)")
MEANING = re.compile(r"( {2}(?:\d{1,2}|SIG\w+(?:, [-\w]+)?) {2,})(.*)")
#: What stays on one line: blanks, Latin letters or a Chinese character, and the signs around it.
_WORD = re.compile(r"\s+|(?:[!-~‘-”]*[\[(（《][^\s!-~]|[!-~‘-”]+|.)[，。；：、）》？！\])]*")


class _Formatter(click.HelpFormatter):
    """Breaks lines by the width of their characters, between any two of Chinese."""

    def write_text(self, text: str) -> None:
        """Write text of several paragraphs; those behind a backspace keep their lines."""
        indent = " " * self.current_indent
        for number, paragraph in enumerate(re.split("\n{2,}", text)):
            if number:
                self.write("\n")
            if paragraph.startswith("\b\n"):
                lines = paragraph.removeprefix("\b\n").split("\n")
            else:
                lines = _broken(paragraph, self.width - self.current_indent)
            self.write("".join(f"{indent}{line}".rstrip() + "\n" for line in lines))

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how a command is called, behind a colon that needs no blank."""
        super().write_usage(prog, args, "用法：" if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """Write what stands above a list."""
        self.write(f"{' ' * self.current_indent}{heading}：\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = _MOST_FIRST, col_spacing: int = _GAP
    ) -> None:
        """Write a list of terms and what they mean."""
        import wcwidth

        rows = tuple(rows)
        indent = " " * self.current_indent
        first = min(max(wcwidth.width(term) for term, _ in rows), col_max) + col_spacing
        for term, meaning in rows:
            room = max(self.width - self.current_indent - first, 10)
            head, *rest = _broken(meaning, room) or [""]
            if wcwidth.width(term) > first - col_spacing:
                self.write(f"{indent}{term}\n")
                term = ""  # noqa: PLW2901 -- the term has its own line
            line = f"{indent}{term}{' ' * (first - wcwidth.width(term))}{head}"
            self.write(f"{line.rstrip()}\n")
            self.write("".join(f"{indent}{' ' * first}{one}\n" for one in rest))


def retell_help(command: click.Command) -> None:
    """Put the texts of a command, and of those below it, into the language that is spoken."""
    click.Context.formatter_class = _Formatter
    waiting = [command]
    while waiting:
        one = waiting.pop()
        one.short_help = retold(_short(one))
        one.help = "\n\n".join(map(retold, paragraphs(one.help or "")))
        one.epilog = "\n".join(map(_example, (one.epilog or "").split("\n")))
        for parameter in one.params:
            if isinstance(parameter, click.Option) and parameter.help:
                parameter.help = retold(parameter.help)
        if isinstance(one, click.Group):
            waiting += one.commands.values()


def _short(command: click.Command) -> str:
    return command.short_help or paragraphs(command.help or "")[0]


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a command's help, each on one line."""
    return [" ".join(part.split()) for part in text.split("\n\n")]


def _example(line: str) -> str:
    if found := EXAMPLE.fullmatch(line) or MEANING.fullmatch(line):
        *before, told = found.groups()
        return "".join((*before, retold(told)))
    return retold(line)


def _broken(text: str, width: int) -> list[str]:
    """Return text in lines; none begins with what closes or ends, or ends with what opens."""
    import wcwidth

    lines: list[str] = []
    line, room = "", width
    for word in _WORD.findall(text):
        size = wcwidth.width(word)
        if size > room and line.strip():
            lines.append(line.rstrip())
            line, room = "", width
            word = word.lstrip()  # noqa: PLW2901 -- no line begins with a blank
            size = wcwidth.width(word)
        line += word
        room -= size
    return [*lines, line.rstrip()] if line.strip() else lines
