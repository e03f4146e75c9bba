"""Consensus: steps, topologies, the bound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.collaboration.fusion import FusionError, planned
from bayplan.collaboration.fusion.consensus import consensus

from .models import SEEDS, drawn, near

PATH = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=bool)


@pytest.mark.parametrize(("alpha", "steps"), [(0.1, 93), (0.25, 30), (0.4, 13), (0.5, 1)])
def test_two_models_come_together(alpha: float, steps: int) -> None:
    models, taken = [{"w": np.array([0.0])}, {"w": np.array([1.0])}], 0
    while abs(models[0]["w"] - models[1]["w"]).max() > 1e-9:
        models, taken = consensus(planned("Consensus", {"alpha": alpha}), models), taken + 1
    assert taken == steps
    assert models[0]["w"][0] == pytest.approx(0.5, abs=1e-9)


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 6), SEEDS, st.sampled_from(["Full", "Ring", "Line"]))
def test_a_step_is_i_minus_alpha_l(count: int, seed: int, topology: str) -> None:
    edges = np.zeros((count, count))
    for one in range(count):
        for other in range(count):
            gap = abs(one - other)
            edges[one, other] = gap == 1 or (topology == "Full" and gap > 0) or (topology == "Ring" and gap == count - 1 > 0)
    laplacian = np.diag(edges.sum(axis=1)) - edges
    alpha = 1.9 / np.linalg.eigvalsh(laplacian)[-1]
    models = drawn(seed, count)
    found = consensus(planned("Consensus", {"alpha": alpha, "topology": topology}), models)
    matrix = np.eye(count) - alpha * laplacian
    for position, each in enumerate(found):
        wanted = {name: np.tensordot(matrix[position], np.stack([m[name] for m in models]), axes=1) for name in each}
        assert near(each, wanted)


def test_the_default_step_leads_to_the_mean() -> None:
    models = [{"w": np.array([float(each)])} for each in (0, 3, 9)]
    for _ in range(60):
        models = consensus(planned("Consensus", {"topology": "0-1,1-2"}), models)
    assert [each["w"][0] for each in models] == pytest.approx([4, 4, 4], abs=1e-9)


def test_models_that_agree_stay_as_they_are() -> None:
    model = drawn(1, 1)[0]
    found = consensus(planned("Consensus", {"alpha": 0.3}), [model] * 3)
    assert all((each[name] == model[name]).all() for each in found for name in model)


@pytest.mark.parametrize(
    ("parameters", "adjacency", "sentence"),
    [
        (
            {"alpha": 2 / 3},
            None,
            "Consensus: alpha is 0.666667: for this topology it must be below 2 / lambda_max = 0.666667, "
            "or the models do not come together",
        ),
        ({"topology": "0-1"}, None, "the topology is not connected: no way leads from model 0 to model 2"),
        ({"topology": "0->1,1-2"}, None, 'topology has the pair "0->1", which is directed: write pairs such as 0-1'),
        ({"topology": "Rinng"}, None, 'topology is "Rinng", which is unknown: did you mean "Ring"?'),
        ({"topology": "0-1,1-3"}, None, 'topology has the pair "1-3": the 3 models are numbered from 0 to 2'),
        ({"topology": "0:1"}, None, 'topology has "0:1", which is no pair: write Full, Ring, Line, or pairs such as 0-1,1-2'),
        ({"topology": "1-1"}, None, 'topology has the pair "1-1": a pair joins two models'),
        ({}, np.triu(PATH), "the topology is directed: 0 has 1 as neighbour, but 1 does not have 0"),
        ({}, np.eye(2, dtype=bool), "the topology has the shape [2, 2]: it must be [3, 3] for 3 models"),
        ({}, PATH | np.eye(3, dtype=bool), "model 0 is its own neighbour: pairs join two models"),
        ({"alpha": 0}, None, "Consensus: alpha is 0: it must be a number above 0"),
    ],
)
def test_what_is_refused(parameters, adjacency, sentence: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FusionError) as error:
        consensus(planned("Consensus", parameters), drawn(1, 3), adjacency)
    assert str(error.value) == sentence


def test_whole_numbers_do_not_step() -> None:
    with pytest.raises(FusionError, match="models\\[0\\]: w is int64: a step would lose precision, so convert it"):
        consensus(planned("Consensus"), [{"w": np.arange(3)}, {"w": np.arange(3)}])
