"""A dataclass that is cheap to define is one in every way."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import typing
from dataclasses import field
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.runtime.values import dataclass as quick

# Two classes of each shape: one by each decorator, of the same name and module.
SHAPES = """
@made(frozen=True, slots=True)
class Empty:
    'Nothing.'


@made(frozen=True, slots=True)
class One:
    'One field.'

    value: object


@made(frozen=True, slots=True)
class Several:
    'Defaults, a constant of the class, and fields that are left out of something.'

    KIND: ClassVar[str] = 'kind'
    name: str
    size: int = 0
    parts: list[int] = field(default_factory=list)
    hidden: str = field(default='', repr=False)
    extra: int = field(default=1, compare=False)
    fixed: int = field(default=7, init=False)
    late: int = field(default=3, kw_only=True)

    @property
    def double(self) -> int:
        return self.size * 2


@made(frozen=True, slots=True)
class Checked:
    'Looks at what it is given.'

    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError(self.number)


@made(frozen=True, slots=True)
class Own:
    'Shows itself in its own way.'

    secret: str

    def __repr__(self) -> str:
        return 'Own(…)'


@made(frozen=True, slots=True)
class Child(One):
    'Inherits a field.'

    further: int = 0


@made(slots=True)
class Changing:
    'Is not frozen.'

    value: int = 0


@made(frozen=True, slots=True, order=True)
class Ordered:
    'Can be sorted.'

    value: int
"""


def shapes(decorator: Any) -> dict[str, Any]:
    space: dict[str, Any] = {
        "__name__": __name__, "made": decorator, "field": field, "ClassVar": ClassVar,
    }  # fmt: skip
    exec(compile(SHAPES, "shapes", "exec"), space)  # noqa: S102 - the text above
    return space


QUICK, PLAIN = shapes(quick), shapes(dataclasses.dataclass)
NAMES = ("Empty", "One", "Several", "Checked", "Own", "Child", "Changing", "Ordered")
#: For pickles, which find classes by their names in a module.
globals().update({name: QUICK[name] for name in NAMES})

ARGUMENTS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "Empty": st.just({}),
    "One": st.fixed_dictionaries({"value": st.one_of(st.integers(), st.text(), st.floats())}),
    "Several": st.fixed_dictionaries(
        {"name": st.text(max_size=3)},
        optional={
            "size": st.integers(0, 1),
            "parts": st.lists(st.integers(), max_size=1),
            "hidden": st.text(max_size=1),
            "extra": st.integers(0, 1),
            "late": st.integers(0, 1),
        },
    ),
    "Checked": st.fixed_dictionaries({"number": st.integers(-2, 2)}),
    "Own": st.fixed_dictionaries({"secret": st.text(max_size=1)}),
    "Child": st.fixed_dictionaries({"value": st.integers(0, 1)}, optional={"further": st.just(1)}),
    "Changing": st.fixed_dictionaries({}, optional={"value": st.integers(0, 1)}),
    "Ordered": st.fixed_dictionaries({"value": st.integers(0, 1)}),
}


def outcome(act: Any) -> object:
    """Return what a call gives, or the error that it raises, as something to compare."""
    try:
        return act()
    except (TypeError, ValueError, AttributeError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_values_behave_as_those_of_the_standard_library(name: str, data: st.DataObject) -> None:
    first, second = data.draw(ARGUMENTS[name]), data.draw(ARGUMENTS[name])

    def told(space: dict[str, Any]) -> list[object]:
        kind = space[name]
        one, other = (outcome(lambda made=made: kind(**made)) for made in (first, second))
        if not isinstance(one, kind):
            return [one]
        field_name = next((one.name for one in dataclasses.fields(kind)), None)
        return [
            repr(one), dataclasses.astuple(one), dataclasses.asdict(one),
            one == other, one != other, one == 1, outcome(lambda: one < other),
            one == kind(**first), one == copy.copy(one), outcome(lambda: hash(one)),
            repr(dataclasses.replace(one)), hasattr(one, "__dict__"),
            field_name and outcome(lambda: setattr(one, field_name, 1)),
            field_name and outcome(lambda: delattr(one, field_name)),
        ]  # fmt: skip

    assert told(QUICK) == told(PLAIN)


@pytest.mark.parametrize("name", NAMES)
def test_classes_look_like_those_of_the_standard_library(name: str) -> None:
    def told(kind: Any) -> list[object]:
        return [
            str(inspect.signature(kind)), kind.__match_args__, kind.__doc__, kind.__slots__,
            kind.__qualname__, kind.__init__.__qualname__, dataclasses.is_dataclass(kind),
            [str(one) for one in dataclasses.fields(kind)], repr(kind.__dataclass_params__),
            sorted(typing.get_type_hints(kind.__init__)), kind.__hash__ is None,
        ]  # fmt: skip

    assert told(QUICK[name]) == told(PLAIN[name])


@pytest.mark.parametrize("arguments", [(), ("a", 1, [], "", 0, 9), ("a", 1, [], "", 0, 9, 9)])
def test_wrong_arguments_are_refused_in_the_same_words(arguments: tuple[object, ...]) -> None:
    assert outcome(lambda: QUICK["Several"](*arguments, z=1)) == outcome(
        lambda: PLAIN["Several"](*arguments, z=1)
    )


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_values_survive_pickling(protocol: int) -> None:
    value = QUICK["Several"]("a", 5, [1], "b", 2, late=4)
    again = pickle.loads(pickle.dumps(value, protocol))  # noqa: S301 - our own
    assert dataclasses.astuple(again) == dataclasses.astuple(value)


def test_a_value_takes_no_further_attribute() -> None:
    with pytest.raises(AttributeError, match="unknown"):
        QUICK["One"](1).unknown = 1


def test_a_value_that_holds_itself_can_be_shown() -> None:
    holder: list[object] = []
    value = QUICK["One"](holder)
    holder.append(value)
    assert repr(value) == "One(value=[...])"


def test_init_is_compiled_when_the_first_value_is_made() -> None:
    kind = shapes(quick)["Several"]
    assert not inspect.isfunction(vars(kind)["__init__"])
    kind("a")
    assert inspect.isfunction(vars(kind)["__init__"])
