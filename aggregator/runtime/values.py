"""`dataclass`: the standard library's, at a fraction of its cost where it is frozen and slotted.

`dataclasses` writes six functions as text and compiles them for each class, whether or not anybody
ever makes a value of it: two thirds of a millisecond a class, and a command imports two hundred.
Here only `__init__` is compiled, when the first value is made; the others are shared code over the
names of the fields. What comes of it is a dataclass in every way: `fields`, `replace`, `asdict`,
matching, signatures and pickles. It is also filled faster, by the slots' own setters.

Whatever is not exactly `@dataclass(frozen=True, slots=True)`, inherits fields, or writes one of
these methods itself, is handed to the standard library. Type checkers see no difference at all.
"""

from __future__ import annotations

import dataclasses
import reprlib
import sys
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        """Make a class a dataclass, with the options of the standard library's decorator."""

        def decorate(cls: type) -> type:
            if options == _QUICK and not _OWN_METHODS & cls.__dict__.keys() and not _inherits(cls):
                return _quick(cls)
            return dataclasses.dataclass(cls, **options)

        return decorate if cls is None else decorate(cls)


__all__ = ["dataclass"]

_QUICK = {"frozen": True, "slots": True}
_OWN_METHODS = frozenset(
    {
        "__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__",
        "__getstate__", "__setstate__", "__slots__",
    }
)  # fmt: skip


def _inherits(cls: type) -> bool:
    return any(dataclasses.is_dataclass(base) for base in cls.__mro__[1:])


def _quick(cls: type) -> type:
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    told = made.__dataclass_params__
    told.init = told.repr = told.eq = told.frozen = True
    fields = dataclasses.fields(made)
    compared = [field.name for field in fields if field.compare]
    hashed = [
        field.name for field in fields if (field.compare if field.hash is None else field.hash)
    ]
    made.__init__ = _LateInit(made)
    made.__repr__ = _repr_of([field.name for field in fields if field.repr])
    made.__eq__ = _eq_of(_reader(compared))
    made.__hash__ = _hash_of(_reader(hashed))
    made.__setattr__ = _refuse_to_set
    made.__delattr__ = _refuse_to_delete
    made.__getstate__ = _state_of(_reader([field.name for field in fields]))
    made.__setstate__ = _filler([made.__dict__[field.name].__set__ for field in fields])
    return made  # type: ignore[no-any-return]


class _Factory:
    """Stands in a signature for a default that is made afresh for each value."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()


class _LateInit:
    """Stands for `__init__` until it is asked for, and then puts the function in its place."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner

    def __get__(self, instance: object, asked: type | None = None) -> Any:
        function = _init_of(self._owner)
        self._owner.__init__ = function
        return function.__get__(instance, asked)


def _init_of(owner: Any) -> Any:
    """Compile the `__init__` of a class; its globals are its module's, as its annotations want."""
    given: dict[str, Any] = {"_factory": _FACTORY}
    by_place: list[str] = []
    by_name: list[str] = []
    body: list[str] = []
    for field in dataclasses.fields(owner):
        name = field.name
        given[f"_set_{name}"] = owner.__dict__[name].__set__
        value = name
        if field.default is not dataclasses.MISSING:
            given[f"_default_{name}"] = field.default
            default = f"=_default_{name}"
            value = name if field.init else f"_default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            given[f"_make_{name}"] = field.default_factory
            default = "=_factory"
            fresh = f"_make_{name}()"
            value = f"{fresh} if {name} is _factory else {name}" if field.init else fresh
        else:
            default = ""
            if not field.init:
                continue
        if field.init:
            (by_name if field.kw_only else by_place).append(name + default)
        body.append(f"_set_{name}(self, {value})")
    if hasattr(owner, "__post_init__"):
        body.append("self.__post_init__()")
    taken = ", ".join(["self", *by_place, *(["*", *by_name] if by_name else [])])
    lines = "\n  ".join(body or ["pass"])
    text = f"def make({', '.join(given)}):\n def __init__({taken}):\n  {lines}\n return __init__"
    module = sys.modules.get(owner.__module__)
    found: dict[str, Any] = {}
    exec(text, vars(module) if module else {}, found)  # noqa: S102 - names of fields, nothing else
    function = found["make"](**given)
    function.__qualname__ = f"{owner.__qualname__}.__init__"
    function.__annotations__ = {
        field.name: field.type for field in dataclasses.fields(owner) if field.init
    } | {"return": None}
    return function


def _reader(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what reads these fields of a value as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    if names:
        only = attrgetter(names[0])
        return lambda value: (only(value),)
    return lambda _: ()


def _repr_of(names: list[str]) -> Callable[[Any], str]:
    @reprlib.recursive_repr()
    def __repr__(self: Any) -> str:  # noqa: N807 - it is one
        told = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({told})"

    return __repr__


def _eq_of(read: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, object], Any]:
    def __eq__(self: Any, other: object) -> Any:  # noqa: N807
        return read(self) == read(other) if type(other) is type(self) else NotImplemented

    return __eq__


def _hash_of(read: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], int]:
    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(read(self))

    return __hash__


def _state_of(read: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], tuple[Any, ...]]:
    def __getstate__(self: Any) -> tuple[Any, ...]:  # noqa: N807
        return read(self)

    return __getstate__


def _filler(setters: list[Callable[[Any, Any], None]]) -> Callable[[Any, Any], None]:
    def __setstate__(self: Any, state: Any) -> None:  # noqa: N807
        for put, value in zip(setters, state, strict=True):
            put(self, value)

    return __setstate__


def _refuse_to_set(_: object, name: str, value: object) -> None:  # noqa: ARG001 - as it is called
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
