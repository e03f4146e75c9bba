from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from bayplan.strategy.parameters import ParameterError, names, with_parameters


@dataclass(frozen=True)
class Search:
    population_size: int = 40
    mutation: float = 0.1
    objective: str = "Cost"

    def __post_init__(self) -> None:
        if self.population_size < 2:
            raise ValueError(f"populationSize is {self.population_size}: it must be at least 2")


@dataclass(frozen=True)
class Free:
    map: tuple[tuple[str, str], ...]

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> "Free":
        if not parameters:
            raise ValueError("is empty: name something")
        return cls(tuple(parameters.items()))


def test_text_becomes_what_the_field_is() -> None:
    assert with_parameters(Search, {"populationSize": "7", "mutation": "0.5", "objective": "x"}) == Search(7, 0.5, "x")
    assert with_parameters(Search, {}) == Search()
    assert with_parameters(Free, {"a": "b"}) == Free((("a", "b"),))


def test_names_are_in_camel_case() -> None:
    assert names(Search) == ["populationSize", "mutation", "objective"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"populationsize": "7"}, 'parameters is "populationsize", which is unknown: did you mean "populationSize"?'),
        ({"zzz": "7"}, 'parameters is "zzz", which is unknown: there are populationSize, mutation, objective'),
        ({"populationSize": "7.5"}, 'parameters.populationSize is "7.5": it must be a whole number'),
        ({"mutation": "nan"}, 'parameters.mutation is "nan": it must be a number'),
        ({"mutation": "inf"}, 'parameters.mutation is "inf": it must be a number'),
        ({"mutation": "much"}, 'parameters.mutation is "much": it must be a number'),
        ({"populationSize": "1"}, "parameters.populationSize is 1: it must be at least 2"),
    ],
)
def test_what_is_wrong_is_named(parameters: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError) as error:
        with_parameters(Search, parameters)
    assert str(error.value) == message


def test_an_empty_map_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"^parameters is empty: name something$"):
        with_parameters(Free, {})
