"""Quantities of objects that the API server has accepted."""

from functools import lru_cache

from bayplan_operator.api.quantity import MAX_VALUE, QuantityError, parse_quantity


@lru_cache(maxsize=16_384)
def accepted_amount(resource: str, text: str) -> int:
    """The quantity in smallest units; the largest there is where it is larger.

    Other people's pods may ask for more than fits into our columns ("10P" of CPU). They must not bring the operator down.
    """
    try:
        return parse_quantity(resource, text)
    except QuantityError:
        return MAX_VALUE
