"""The digits that scikit-learn brings: 1,797 images of 8 × 8 pixels, written by hand, with the digit that each shows.

They come from the Optical Recognition of Handwritten Digits set (Alpaydin and Kaynak, UCI Machine Learning Repository, 1998).
The file is read where scikit-learn lies, without importing it: that would take longer than the training of a small example.
"""

import gzip
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DIGITS = 10
PIXELS = 64
BRIGHTEST = 16
TEST_ROWS = Path(__file__).with_name("digits_test_rows.txt")
"""The rows that `train_test_split(rows, test_size=0.25, random_state=0, stratify=labels)` of scikit-learn puts aside."""


@dataclass(frozen=True)
class Part:
    """Images and their labels: (n, 64) float64 from 0 to 1, and (n,) integers from 0 to 9."""

    images: NDArray[np.float64]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def of(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Part":
        """The rows that are named."""
        return Part(self.images[rows], self.labels[rows])


def load() -> tuple[Part, Part]:
    """1,347 images to train on and 450 to test on, each in the order of the file. `DIGITS_FILE` names another place of it."""
    named = os.environ.get("DIGITS_FILE")
    path = Path(named) if named else file()
    with gzip.open(path, "rt", encoding="ascii") as lines:
        rows = np.loadtxt(lines, delimiter=",", dtype=np.int64)
    everything = Part(rows[:, :PIXELS] / BRIGHTEST, rows[:, PIXELS])
    test = np.zeros(len(rows), dtype=bool)
    test[[int(row) for row in TEST_ROWS.read_text(encoding="ascii").split()]] = True
    return everything.of(~test), everything.of(test)


def of_two_digits(part: Part, client: int) -> Part:
    """What a client has that has seen two digits only: {0, 1}, {2, 3}, and so on."""
    return part.of(part.labels // 2 == client)


def even_parts(part: Part, count: int, seed: int) -> list[Part]:
    """Parts of equal size, shuffled: every one has all digits."""
    order = np.random.default_rng([seed, count]).permutation(len(part))
    return [part.of(np.sort(rows)) for rows in np.array_split(order, count)]


def two_parts(part: Part, first: int, seed: int) -> tuple[Part, Part]:
    """`first` rows drawn at random, and the rest."""
    order = np.random.default_rng([seed, first]).permutation(len(part))
    return part.of(np.sort(order[:first])), part.of(np.sort(order[first:]))


def file() -> Path:
    """The digits as scikit-learn brings them. Exits where it is missing."""
    found = find_spec("sklearn")
    if found is None or found.origin is None:
        raise SystemExit(
            "the digits come with scikit-learn, which is missing here: pip install scikit-learn, or set DIGITS_FILE"
        )
    return Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz"
