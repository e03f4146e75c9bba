"""Quantities are read exactly, and what is no quantity is refused in words."""

from __future__ import annotations

import contextlib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan_operator.api.quantity import MAX_VALUE, QuantityError, parse_exact, parse_quantity

SCALES = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "": Fraction(1),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "P": Fraction(10**15),
    "E": Fraction(10**18),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "Ti": Fraction(2**40),
    "Pi": Fraction(2**50),
    "Ei": Fraction(2**60),
}


@pytest.mark.parametrize(
    ("resource", "value", "expected"),
    [
        ("cpu", "500m", 500),
        ("cpu", "1.5", 1500),
        ("cpu", ".5", 500),
        ("cpu", "2.", 2000),
        ("cpu", 2, 2000),
        ("cpu", 0.1, 100),
        ("cpu", "1n", 1),
        ("cpu", "1000001u", 1001),
        ("memory", "4Gi", 4 * 2**30),
        ("memory", "1e3", 1000),
        ("memory", "1E3", 1000),
        ("memory", "1E", 10**18),
        ("memory", "+5k", 5000),
        ("memory", "128974848000m", 128974848),
        ("memory", "0.3Ki", 308),
        ("nvidia.com/gpu", "1", 1),
        ("nvidia.com/gpu", "12e-1", 2),
        ("memory", str(MAX_VALUE), MAX_VALUE),
        ("memory", "-0.5", -1),
        ("cpu", "-1", -1000),
    ],
)
def test_known_quantities(resource: str, value: object, expected: int) -> None:
    assert parse_quantity(resource, value) == expected


@given(
    digits=st.integers(0, 10**15),
    places=st.integers(0, 9),
    suffix=st.sampled_from(sorted(SCALES)),
    negative=st.booleans(),
)
def test_every_decimal_with_every_suffix_is_exact(digits: int, places: int, suffix: str, negative: bool) -> None:
    text = f"{digits // 10**places}.{digits % 10**places:0{places}d}" if places else str(digits)
    expected = Fraction(digits, 10**places) * SCALES[suffix] * (-1 if negative else 1)
    assert parse_exact(f"{'-' if negative else ''}{text}{suffix}") == expected


@given(numerator=st.integers(0, 10**12), suffix=st.sampled_from(["n", "u", "m", "", "k", "Ki"]))
def test_a_parsed_request_is_the_least_whole_number_that_is_enough(numerator: int, suffix: str) -> None:
    text = f"{numerator}{suffix}"
    exact = parse_exact(text)
    assert 0 <= parse_quantity("memory", text) - exact < 1
    assert 0 <= parse_quantity("cpu", text) - exact * 1000 < 1


@given(number=st.integers(1, 10**6), exponent=st.integers(-9, 12), letter=st.sampled_from("eE"))
def test_exponents_are_powers_of_ten(number: int, exponent: int, letter: str) -> None:
    assert parse_exact(f"{number}{letter}{exponent}") == number * Fraction(10) ** exponent


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_with_the_right_error(text: str) -> None:
    with contextlib.suppress(QuantityError):
        assert abs(parse_quantity("memory", text)) <= MAX_VALUE


@pytest.mark.parametrize(
    "value",
    [
        "",
        " 1",
        "1 ",
        "1gi",
        "1GI",
        "1K",
        "ki",
        "1e",
        "1e1.5",
        "0x10",
        "1_000",
        "٣",
        "--1",
        ".",
        "1" * 64,
        "four",
        "1Gi\n",
    ],
)
def test_malformed_text_is_refused(value: str) -> None:
    with pytest.raises(QuantityError, match="must be a quantity: a number with an optional suffix"):
        parse_quantity("memory", value)


@pytest.mark.parametrize("value", [True, None, [], {}, b"1"])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(QuantityError, match="must be a quantity such as"):
        parse_quantity("memory", value)


@pytest.mark.parametrize("value", [str(MAX_VALUE + 1), "8Ei", "10E", "1e30"])
def test_what_kubernetes_cannot_hold_is_refused(value: str) -> None:
    with pytest.raises(QuantityError, match="larger than 9223372036854775807"):
        parse_quantity("memory", value)


def test_a_huge_exponent_is_refused_without_computing_it() -> None:
    with pytest.raises(QuantityError, match="exponent beyond"):
        parse_quantity("memory", "1e999")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_floats_that_are_no_numbers_are_refused(value: float) -> None:
    with pytest.raises(QuantityError):
        parse_quantity("memory", value)
