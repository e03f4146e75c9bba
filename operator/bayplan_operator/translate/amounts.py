"""Quantities of objects that the API server has accepted."""

from functools import lru_cache

from bayplan_operator.api.quantity import CPU, MAX_VALUE, QuantityError, parse_exact, parse_quantity
from bayplan_operator.kube import wire


@lru_cache(maxsize=16_384)
def accepted_amount(resource: str, text: str) -> int:
    """The quantity in smallest units; the largest there is where it is larger.

    Pods of other programs may ask for more than fits into our columns ("10P" of CPU). They must not bring the operator down.
    """
    try:
        return parse_quantity(resource, text)
    except QuantityError:
        return MAX_VALUE


@lru_cache(maxsize=16_384)
def accepted_thousandths(text: str) -> int:
    """The quantity in thousandths of its unit (millicores, thousandths of a byte), at most `MAX_VALUE` units.

    That is as exact as the API server keeps quantities: it rounds up to thousandths. So sums of these are its sums.
    """
    try:
        exact = parse_exact(text)
    except QuantityError:
        return 1000 * MAX_VALUE
    return min(-(-1000 * exact.numerator // exact.denominator), 1000 * MAX_VALUE)


Thousandths = dict[str, int]
"""By resource."""


def thousandths(amounts: wire.Quantities) -> Thousandths:
    """The amounts, in thousandths of a unit."""
    return {name: accepted_thousandths(str(value)) for name, value in amounts.items()}


def whole_units(resource: str, amount: int) -> int:
    """Thousandths in smallest units: millicores, else whole ones, rounded up; at most `MAX_VALUE`."""
    return min(amount if resource == CPU else -(-amount // 1000), MAX_VALUE)


def add(total: Thousandths, more: Thousandths) -> None:
    """Add to the total what there is of each resource."""
    for name, value in more.items():
        total[name] = total.get(name, 0) + value


def raise_to(total: Thousandths, least: Thousandths) -> None:
    """Raise the total of each resource to the least that is needed."""
    for name, value in least.items():
        total[name] = max(total.get(name, 0), value)
