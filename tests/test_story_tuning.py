"""Weights of an operator's own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aggregator.stories import own_weights
from aggregator.stories.likeness_weights import SHIPPED
from aggregator.stories.tuning import FEWEST, FOLDS, LabelledPair, Labels, folds_of, judged, tune
from tests.story_texts import signed

PLACES = (
    "北湖",
    "南山",
    "东港",
    "西桥",
    "中岛",
    "青林",
    "白沙",
    "红岩",
    "黑水",
    "金湾",
    "银滩",
    "石门",
)


def pairs(*, alike_is_same: bool) -> list[LabelledPair]:
    """Return titles alike and titles half alike, of a dozen places, labelled as asked."""
    found = []
    for number, place in enumerate(PLACES):
        first = signed(f"{place}大桥今天正式开放，市民免费通行")
        alike = signed(f"{place}大桥开放，市民通行今天起免费")
        half = signed(f"{place}大桥下周关闭维修")
        ids = 10 * number
        found.append(LabelledPair((ids, ids + 1), first, alike, alike_is_same))
        found.append(LabelledPair((ids + 2, ids + 3), first, half, not alike_is_same))
    return found


def test_labels_that_agree_with_what_is_shipped_keep_what_it_finds() -> None:
    tuned = tune(pairs(alike_is_same=True))
    assert tuned.is_fitted
    assert (tuned.ideographs, tuned.words) == (Labels(12, 12), Labels(0, 0))
    assert tuned.before["story"].recall == 1.0
    assert tuned.after["story"].recall == 1.0
    assert (tuned.after["story"].precision or 0) >= (tuned.before["story"].precision or 0)
    assert tuned.model.words is SHIPPED.words


def test_labels_that_say_otherwise_move_the_weights() -> None:
    tuned = tune(pairs(alike_is_same=True) + pairs(alike_is_same=False) * 9)
    assert tuned.model.ideographs.of_features[0] < SHIPPED.ideographs.of_features[0]


def test_a_few_labels_change_nothing() -> None:
    for few in ([], pairs(alike_is_same=True)[: 2 * FEWEST - 1]):
        tuned = tune(few)
        assert not tuned.is_fitted
        assert tuned.model is SHIPPED
        assert tuned.before == tuned.after


def test_what_is_decided_by_rule_is_no_label() -> None:
    digest = signed("大桥开放；机场今天关闭")
    assert tune([LabelledPair((1, 2), digest, digest, True)]).ideographs == Labels(0, 0)


def test_nothing_to_count_among_is_no_figure() -> None:
    assert judged([], [], 0.5).precision is None
    assert judged([0.1], [True], 0.5).recall == 0
    assert judged([0.9], [False], 0.5).recall is None


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_what_is_paired_is_in_one_fold(paired: list[tuple[int, int]]) -> None:
    folds = folds_of(paired)
    assert all(folds[a] == folds[b] for a, b in paired)
    assert set(folds.values()) <= set(range(FOLDS))


def test_weights_are_read_as_they_were_written() -> None:
    fitted = tune(pairs(alike_is_same=False) * 9).model
    assert fitted != SHIPPED
    assert own_weights.from_text(own_weights.to_text(fitted)) == fitted


def test_weights_of_other_features_are_as_shipped() -> None:
    assert own_weights.from_text(None) is SHIPPED
    text = own_weights.to_text(SHIPPED).replace('"jaccard"', '"cosine"')
    assert own_weights.from_text(text) is SHIPPED
