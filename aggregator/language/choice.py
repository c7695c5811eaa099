"""Which language messages are in: what `--lang` says, else what the locale says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: The languages that there are, as `--lang` names them.
LANGUAGES = ("en", "zh")
#: Where a locale stands, the first that is set counts: as gettext reads them.
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
_OPTION = "--lang"


def chosen(words: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the language of a command line, read before its parser is: `--help` speaks it, too.

    Whatever Chinese a locale names (zh_CN, zh_TW, zh_HK.UTF-8) is "zh", in Simplified characters.
    """
    return _asked(words) or _of_locale(environ)


def _asked(words: Sequence[str]) -> str | None:
    asked = None
    for place, word in enumerate(words):
        if word == "--":
            break
        option, equals, value = word.partition("=")
        if option == _OPTION:
            found = value if equals else "".join(words[place + 1 : place + 2])
            asked = found if found in LANGUAGES else asked
    return asked


def _of_locale(environ: Mapping[str, str]) -> str:
    for variable in _VARIABLES:
        for locale in filter(None, environ.get(variable, "").split(":")):
            language = locale.replace("-", "_").partition("_")[0].partition(".")[0].lower()
            return language if language in LANGUAGES else "en"
    return "en"
