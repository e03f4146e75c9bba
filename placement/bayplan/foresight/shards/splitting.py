"""A task that can be cut into shards, and how long one of them runs."""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Splitting:
    """What a task costs, whole and in parts. Raises `ValueError`.

    One of n shards runs for `startup + serial * work + (1 - serial) * work / n` seconds, over the speed of its node: the share
    that cannot be divided is done by every shard, which for one shard per place is the law of Amdahl 1967.
    """

    work: float
    """Seconds that all of it takes in one piece on a node of speed 1, the start-up left aside."""
    startup: float = 0.0
    """Seconds until a shard does something useful."""
    serial: float = 0.0
    """The share of the work, 0 to 1, that every shard has to do in full."""
    merge: float = 0.0
    """Seconds that each shard after the first adds to the end, where the parts are put together one by one."""
    least: int = 1
    most: int = 1000

    def __post_init__(self) -> None:
        """Check the figures."""
        if not (math.isfinite(self.work) and self.work > 0):
            raise ValueError(f"work is {self.work}: it must be a number of seconds above 0")
        for name in ("startup", "merge"):
            seconds = getattr(self, name)
            if not (math.isfinite(seconds) and seconds >= 0):
                raise ValueError(f"{name} is {seconds}: it must be a number of seconds, 0 or above")
        if not 0 <= self.serial <= 1:
            raise ValueError(f"serial is {self.serial}: it must be a share from 0 to 1")
        if not 1 <= self.least <= self.most:
            raise ValueError(
                f"least is {self.least} and most is {self.most}: they must be at least 1, and most no less than least"
            )

    @classmethod
    def fixed(cls, shards: int, seconds: float) -> "Splitting":
        """A task of so many shards and no other number, each of which runs for so long on a node of speed 1."""
        return cls(seconds, serial=1.0, least=shards, most=shards)

    def efficiency(self, shards: int) -> float:
        """The share of their time that so many shards spend on work that one shard would do as well, 0 to 1."""
        return self.work / (shards * self.shard(shards) + self.merge * (shards - 1))

    def worthwhile(self, efficiency: float) -> "Splitting":
        """With no more shards than keep to an efficiency, but with the least that is asked for. O(log(most))."""
        low, high = self.least, self.most + 1  # the efficiency falls with the number
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.efficiency(middle) >= efficiency else (low, middle)
        return replace(self, most=low)

    def shard(self, shards: int) -> float:
        """Seconds of one of so many shards on a node of speed 1, its start-up included."""
        return self.startup + self.serial * self.work + (1.0 - self.serial) * self.work / shards
