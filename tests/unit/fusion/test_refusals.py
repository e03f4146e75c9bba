"""What cannot be fused is refused in one sentence that names it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bayplan.collaboration.fusion import METHODS, FusionError, planned
from bayplan.collaboration.fusion.counts import check_count
from bayplan.collaboration.fusion.memory import ModelFacts, fuse
from bayplan.collaboration.fusion.methods import COMBINED
from bayplan.collaboration.fusion.robust import cut_of

from .models import drawn

W = np.arange(6.0).reshape(2, 3)


def model(**tensors: Any) -> dict[str, np.ndarray]:
    return {"w": W, **tensors}


def at(value: float) -> np.ndarray:
    changed = W.copy()
    changed[1, 2] = value
    return changed


INPUTS = {
    "nothing": ("Mean", [], ModelFacts(), "there is nothing to fuse: give at least one input"),
    "no tensor": ("Mean", [{}], ModelFacts(), "models[0]: there is no tensor in it"),
    "NaN": (
        "Mean",
        [model(), {"w": at(np.nan)}],
        ModelFacts(),
        "models[1]: w[1, 2] is NaN: every coordinate must be a finite number",
    ),
    "infinite": (
        "FedAvg",
        [{"w": at(-np.inf)}, model()],
        ModelFacts(),
        "models[0]: w[1, 2] is infinite: every coordinate must be a finite number",
    ),
    "infinite without weight": (
        "FedAvg",
        [model(), {"w": at(np.inf)}],
        ModelFacts(weights=[1, 0]),
        "models[1]: w[1, 2] is infinite: every coordinate must be a finite number",
    ),
    "a shape": ("Mean", [model(), {"w": W.T}], ModelFacts(), "models[1]: w has the shape [3, 2] where models[0] has [2, 3]"),
    "a missing tensor": ("Mean", [model(b=W), model()], ModelFacts(), "models[1]: b is missing, which models[0] has"),
    "an extra tensor": ("Mean", [model(), model(b=W)], ModelFacts(), "models[1]: b is extra: models[0] does not have it"),
    "mixed types": (
        "Mean",
        [model(), {"w": W.astype("float32")}],
        ModelFacts(),
        "models[1]: w is float32 where models[0] has float64: mixing them would lose precision, so convert one of them",
    ),
    "whole numbers that differ": (
        "Mean",
        [{"n": np.array(1)}, {"n": np.array(2)}],
        ModelFacts(),
        "models[1]: n is int64 and differs from models[0]: a mean would lose precision, so convert it to a floating type",
    ),
    "text": ("Mean", [{"n": np.array(["a"])}], ModelFacts(), "models[0]: n holds <U1: it must hold numbers"),
    "a zero sum": (
        "FedAvg",
        [model()] * 2,
        ModelFacts(weights=[0, 0]),
        "the weights sum to zero: at least one must be above 0",
    ),
    "a negative weight": (
        "FedAvg",
        [model()] * 2,
        ModelFacts(weights=[1, -2]),
        "weights[1] is -2: a weight must be at least 0",
    ),
    "a weight that is none": (
        "FedAvg",
        [model()] * 2,
        ModelFacts(weights=[1, np.nan]),
        "weights[1] is nan: it must be a finite number",
    ),
    "too few weights": (
        "FedAvg",
        [model()] * 2,
        ModelFacts(weights=[1]),
        "there are 1 weights for 2 inputs: give one for each",
    ),
    "no weights": (
        "WeightedMean",
        [model()],
        ModelFacts(),
        "WeightedMean needs weights: give one for each input, or take Mean",
    ),
    "weights that nothing takes": (
        "Median",
        [model()] * 3,
        ModelFacts(weights=[1, 2, 3]),
        "Median takes no weights: leave them away, or take WeightedMean",
    ),
    "no reference": (
        "FedAvgM",
        [model()],
        ModelFacts(),
        "FedAvgM needs the model of the round before as reference: none is given",
    ),
    "a reference of another shape": (
        "FedAvgM",
        [model()],
        ModelFacts(reference={"w": W.T}),
        "the reference: w has the shape [3, 2] where models[0] has [2, 3]",
    ),
    "a reference with NaN": (
        "FedAdam",
        [model()],
        ModelFacts(reference={"w": at(np.nan)}),
        "the reference: w[1, 2] is NaN: every coordinate must be a finite number",
    ),
    "a state that nothing keeps": (
        "FedAvg",
        [model()],
        ModelFacts(state=model()),
        "FedAvg keeps no state: leave the state away",
    ),
    "another method's state": (
        "FedAdam",
        [model()],
        ModelFacts(reference=model(), state={"momentum/w": W}),
        "the state: first/w is missing: this is not the state of FedAdam for these models",
    ),
    "another model's state": (
        "FedAvgM",
        [model()],
        ModelFacts(reference=model(), state={"momentum/w": W.T}),
        "the state: momentum/w is float64 [3, 2]: it must be float64 [2, 3]",
    ),
    "a state with NaN": (
        "FedAvgM",
        [model()],
        ModelFacts(reference=model(), state={"momentum/w": at(np.nan)}),
        "the state: momentum/w[1, 2] is NaN: every coordinate must be a finite number",
    ),
    "Krum of few": ("Krum", [model()] * 4, ModelFacts(), "Krum with f = 1 needs at least 2f + 3 = 5 inputs, and there are 4"),
    "a robust method and NaN": (
        "Krum",
        [*[model()] * 4, {"w": at(np.nan)}],
        ModelFacts(),
        "models[4]: w[1, 2] is NaN: every coordinate must be a finite number",
    ),
    "labels of others": (
        "Median",
        [model()] * 2,
        ModelFacts(labels=[{"0": 1}]),
        "there are label counts of 1 clients for 2 inputs: give them for each",
    ),
    "ages that count nothing": (
        "FedAvg",
        [model()] * 2,
        ModelFacts(ages=[0, 1]),
        "ages count only with staleness: give that parameter, or leave them away",
    ),
    "a method of several models": (
        "Consensus",
        [model()] * 2,
        ModelFacts(),
        "Consensus does not make one model of several: it has a function of its own",
    ),
}


@pytest.mark.parametrize("case", INPUTS)
def test_inputs(case: str) -> None:
    method, models, known, sentence = INPUTS[case]
    with pytest.raises(FusionError) as error:
        fuse(planned(method), models, known)
    assert str(error.value) == sentence


PARAMETERS = {
    "a method": ("FedAvgg", {}, 'method is "FedAvgg", which is unknown: did you mean "FedAvg"?'),
    "a parameter": (
        "FedAvgM",
        {"momentun": 0.9},
        'a parameter of FedAvgM is "momentun", which is unknown: did you mean "momentum"?',
    ),
    "a bound that may be reached": (
        "FedAvgM",
        {"momentum": -0.1},
        "FedAvgM: momentum is -0.1: it must be a number at least 0 and below 1",
    ),
    "a bound that may not": ("FedAdam", {"beta1": 1}, "FedAdam: beta1 is 1: it must be a number at least 0 and below 1"),
    "infinite": ("FedAvg", {"clipNorm": float("inf")}, "FedAvg: clipNorm is inf: it must be a number above 0"),
    "no number": ("FedAvg", {"noiseStd": "much"}, "FedAvg: noiseStd is 'much': it must be a number at least 0"),
    "a truth for a number": ("FedAvg", {"noiseStd": True}, "FedAvg: noiseStd is True: it must be a number at least 0"),
    "a fraction": ("Krum", {"f": 1.5}, "Krum: f is 1.5: it must be a whole number at least 0"),
    "no truth": (
        "WeightedLeastSquares",
        {"nonNegative": 2},
        "WeightedLeastSquares: nonNegative is 2: it must be true or false",
    ),
    "no text": (
        "Consensus",
        {"topology": 3},
        "Consensus: topology is 3: it must be text: Full, Ring, Line, or pairs such as 0-1,1-2",
    ),
}


@pytest.mark.parametrize("case", PARAMETERS)
def test_parameters(case: str) -> None:
    method, given, sentence = PARAMETERS[case]
    with pytest.raises(FusionError) as error:
        planned(method, given)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("method", "parameters", "sentence"),
    [
        (
            "TrimmedMean",
            {"beta": 0.1},
            "TrimmedMean with beta 0.1 trims none of 5 inputs (floor(beta * n) = 0): beta must be at least 1/5, or take Mean",
        ),
        ("MultiKrum", {"m": 5}, "MultiKrum: m is 5: it must be at most n - f = 4"),
        ("FedAvg", {"staleness": 1}, "staleness needs the ages of the inputs, in rounds: none are given"),
        (
            "FedAvg",
            {"clipNorm": 1},
            "clipNorm needs the model of the round before as reference, from which updates are measured",
        ),
        ("FedAvg", {"noiseStd": 1}, "noiseStd needs a generator of random numbers: none is given"),
    ],
)
def test_parameters_that_do_not_go_with_the_inputs(method: str, parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(FusionError) as error:
        fuse(planned(method, parameters), drawn(1, 5))
    assert str(error.value) == sentence


def test_a_trimmed_mean_that_trims_all() -> None:
    sentence = "TrimmedMean with beta 0.49 trims all 2 inputs"
    with pytest.raises(FusionError, match="trims none of 2 inputs"):
        fuse(planned("TrimmedMean", {"beta": 0.49}), drawn(1, 2))
    with pytest.raises(FusionError, match="must be a number above 0 and below"):
        planned("TrimmedMean", {"beta": 0.5})
    with pytest.raises(FusionError, match=sentence.replace("0.49", "0.5")):
        cut_of(0.5, 2)


def test_a_result_that_its_type_cannot_hold() -> None:
    halves = [{"w": np.full(3, 60_000, np.float16)}] * 2
    with pytest.raises(FusionError) as error:
        fuse(planned("FedAvgM", {"serverRate": 3}), halves, ModelFacts(reference={"w": np.zeros(3, np.float16)}))
    assert str(error.value) == "the result for w is larger than its type can hold: are the parameters right?"


@pytest.mark.parametrize("name", METHODS)
def test_the_table_is_whole(name: str) -> None:
    """Every parameter's default lies within its own bounds, and is read back as it is."""
    for parameter in METHODS[name].known.values():
        if parameter.default is not None:
            assert parameter.read(parameter.default) == parameter.default
            assert parameter.read(str(parameter.default)) == parameter.default
    assert {each.name for each in COMBINED} <= set(METHODS[name].known) or not METHODS[name].combines


@pytest.mark.parametrize(
    ("method", "parameters", "least"),
    [
        ("TrimmedMean", {"beta": 0.25}, 4),
        ("Krum", {"f": 2}, 7),
        ("MultiKrum", {"m": 6}, 7),
        ("Consensus", {"topology": "0-1,1-2"}, 3),
        ("Median", {}, 1),
        ("FedAvg", {}, 1),
    ],
)
def test_how_many_inputs_a_method_needs_is_known_before(method: str, parameters: dict[str, Any], least: int) -> None:
    plan = planned(method, parameters)
    check_count(plan, least)
    if least > 1:
        with pytest.raises(FusionError):
            check_count(plan, least - 1)


@pytest.mark.parametrize(
    "method", [each.name for each in METHODS.values() if each.fuses.value != "outputs" and not each.several]
)
def test_coordinates_at_the_end_of_their_type(method: str) -> None:
    """Each method answers a number, or says that the result is too large."""
    models = [{"w": np.array([1.7e308, -1.7e308]) * sign} for sign in (1, -1, 1, -1, 1)]
    weights = [1.0] * 5 if METHODS[method].weights.name != "NONE" else None
    known = ModelFacts(weights=weights, reference=models[0] if METHODS[method].reference else None)
    try:
        assert np.isfinite(fuse(planned(method), models, known).model["w"]).all()
    except FusionError as error:
        assert "larger than its type can hold" in str(error)  # noqa: PT017
