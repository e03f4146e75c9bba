import pytest

from bayplan.model.resources import LARGEST, amount_in_words, bounded, is_device


@pytest.mark.parametrize(
    ("resource", "amount", "up", "words"),
    [
        ("cpu", 1500, True, "1.5"),
        ("cpu", 64_000, True, "64"),
        ("cpu", 1, True, "0.001"),
        ("cpu", 1_234_567, False, "1234.567"),
        ("cpu", 0, False, "0"),
        ("memory", 2**30, True, "1Gi"),
        ("memory", 2**30 + 1, True, "1.01Gi"),
        ("memory", 2**30 - 1, False, "1023.99Mi"),
        ("memory", 1000, True, "1000"),
        ("ephemeral-storage", 5 * 2**40, True, "5Ti"),
        ("hugepages-2Mi", 2**21, True, "2Mi"),
        ("nvidia.com/gpu", 2048, True, "2048"),
        ("example.com/memory", 2048, True, "2048"),
    ],
)
def test_amounts_in_words(resource: str, amount: int, up: bool, words: str) -> None:
    assert amount_in_words(resource, amount, up=up) == words


@pytest.mark.parametrize(
    ("resource", "device"),
    [
        ("nvidia.com/gpu", True),
        ("cpu", False),
        ("hugepages-2Mi", False),
        ("kubernetes.io/batch-cpu", False),
        ("x.kubernetes.io/y", False),
    ],
)
def test_devices(resource: str, device: bool) -> None:
    assert is_device(resource) is device


def test_bounds() -> None:
    assert [bounded(amount) for amount in (-1, 0, 5, 10**40)] == [0, 0, 5, LARGEST]
