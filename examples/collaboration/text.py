"""Text in shards: each counts the pairs of words in its part, and the merged counts are a language model of the whole.

Counts add up exactly, so the model is the same with any number of shards.
"""

import numpy as np
from numpy.typing import NDArray

from bayplan_task import Unit, run
from examples.collaboration.settings import seed, there, whole

VOCABULARY = 200
FOLLOWERS = 8
"""Each word is usually followed by one of so many others."""
PRIOR = 0.1

Words = NDArray[np.int64]


def text(length: int, seed: int) -> Words:
    """(length,) numbers of words: a Markov chain whose transitions are drawn from the seed."""
    random = np.random.default_rng([seed, 1])
    followers = random.integers(0, VOCABULARY, (VOCABULARY, FOLLOWERS))
    usual = random.random(length) < 0.9
    choice = random.integers(0, FOLLOWERS, length)
    other = random.zipf(1.5, length) % VOCABULARY
    words = np.zeros(length, dtype=np.int64)
    for place in range(1, length):
        words[place] = followers[words[place - 1], choice[place]] if usual[place] else other[place]
    return words


def pairs(words: Words) -> NDArray[np.int64]:
    """(vocabulary, vocabulary): how often the second word follows the first."""
    counts = np.zeros((VOCABULARY, VOCABULARY), dtype=np.int64)
    np.add.at(counts, (words[:-1], words[1:]), 1)
    return counts


def perplexity(counts: NDArray[np.int64], words: Words) -> float:
    """Of words under the counts, each raised by a prior: exp of the mean surprise of the next word."""
    chances = (counts + PRIOR) / (counts + PRIOR).sum(axis=1, keepdims=True)
    return float(np.exp(-np.log(chances[words[:-1], words[1:]]).mean()))


def write(unit: Unit) -> None:
    """The text that the shards share: nine tenths to learn from, one to test on."""
    words = text(whole(unit, "WORDS", 100_000), seed(unit))
    cut = len(words) * 9 // 10
    unit.save("learn.npy", words[:cut])
    unit.save("test.npy", words[cut:])
    unit.results(words=cut)


def part(words: Words, shard: int, shards: int) -> Words:
    """A shard's words. They begin with the last word of the shard before, so that no pair is lost."""
    cuts = [len(words) * each // shards for each in range(shards + 1)]
    return words[max(cuts[shard] - 1, 0) : cuts[shard + 1]]


def count(unit: Unit) -> None:
    """One shard: of the file, only its part is read."""
    own = part(np.load(unit.input("write") / "learn.npy", mmap_mode="r"), unit.shard, unit.shards)
    unit.save("pairs.npy", pairs(own))
    unit.results(words=len(own))


def merge(unit: Unit) -> None:
    """The sum of all counts, tested on the rest of the text; without any counts, the perplexity is that of 200 equal words."""
    parts = there(unit.inputs("count"))
    counts = np.sum([np.load(folder / "pairs.npy") for folder in parts], axis=0)
    test = np.load(unit.input("write") / "test.npy")
    unit.save("pairs.npy", counts)
    unit.results(
        perplexity=perplexity(counts, test), untrained=perplexity(0 * counts, test), pairs=counts.sum(), parts=len(parts)
    )


def main(unit: Unit) -> None:
    """The task's name says which part this is."""
    {"write": write, "count": count, "merge": merge}[unit.task](unit)


if __name__ == "__main__":
    run(main)
