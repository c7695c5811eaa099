"""Weights of an operator's own as text, and back: as shipped where they are of other features."""

from __future__ import annotations

import json
from typing import Any

from aggregator.stories.likeness import Features
from aggregator.stories.likeness_weights import SHIPPED, Model, Weights

_PARTS = ("ideographs", "words")


def to_text(model: Model) -> str:
    """Return a model as JSON, each weight by the name of its feature."""
    return json.dumps({name: _said(getattr(model, name)) for name in _PARTS})


def from_text(text: str | None) -> Model:
    """Return the model that `to_text` wrote; the shipped one for `None`, and where features differ.

    Another version may weigh other features: what was fitted to these says nothing of those.
    """
    if text is None:
        return SHIPPED
    said = json.loads(text)
    if any(said[name]["features"].keys() != set(Features._fields) for name in _PARTS):
        return SHIPPED
    return Model(**{name: _weights(said[name]) for name in _PARTS})


def _said(weights: Weights) -> dict[str, Any]:
    features = dict(zip(Features._fields, weights.of_features, strict=True))
    return {"features": features, "bias": weights.bias, "near": weights.near}


def _weights(said: dict[str, Any]) -> Weights:
    features = tuple(float(said["features"][name]) for name in Features._fields)
    return Weights(features, float(said["bias"]), near=float(said["near"]))
