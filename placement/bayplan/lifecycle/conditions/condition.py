"""A condition as the rest of the library sees it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from bayplan.lifecycle.conditions.errors import ConditionError
from bayplan.lifecycle.conditions.parser import tree_of
from bayplan.lifecycle.conditions.possible import contradiction
from bayplan.lifecycle.conditions.tree import Node, references
from bayplan.lifecycle.conditions.truth import Lookup, Undecidable, truth
from bayplan.lifecycle.conditions.values import Reference
from bayplan.model.spelling import unknown


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition. Two are equal if they say the same in the same order, however they are laid out."""

    tree: Node
    references: tuple[Reference, ...] = field(compare=False)
    """Each result that it looks at, once, in the order of the text; one that stands within an aggregate and outside of one
    is there twice."""

    def __str__(self) -> str:
        """In its plain form: single blanks, no needless parentheses. `parse` makes an equal condition of it."""
        return str(self.tree)

    def check(self, shards: Mapping[str, int], keys: Mapping[str, Collection[str]] | None = None) -> None:
        """Hold it against the tasks of a graph.

        `shards`: per task that the condition may look at, its number of shards. `keys`: per task whose results are known
        beforehand, their names; a task that is not in it may have any. Raises `ConditionError` for a task that is unknown, for
        one with several shards outside an aggregate, and for a key that is unknown. O(references x tasks).
        """
        check_references(self.references, shards, keys)

    def never(self) -> str | None:
        """Why it can never be true, whatever the tasks say, in one sentence; `None`: it may be, or that is not certain."""
        return contradiction(self.tree)

    def evaluate(self, lookup: Lookup) -> bool | Undecidable:
        """What it comes to on the results that there are.

        `lookup(task, key)` gives what the shards of the task said under the key, one entry per shard that counts, and `None`
        where a shard said nothing. It has to give the same shards for every key of a task; a shard that has no say, such as
        a lost client, is left out of it. Raises nothing. O(nodes x shards).
        """
        return truth(self.tree, lookup)


def parse(text: str) -> Condition:
    """The condition that the text says. O(text). Raises `ConditionError` with one sentence that names the column."""
    tree = tree_of(text)
    return Condition(tree, tuple(dict.fromkeys(references(tree))))


def check_references(found: Iterable[Reference], shards: Mapping[str, int], keys: Mapping[str, Collection[str]] | None) -> None:
    """See `Condition.check`."""
    for each in found:
        where = f"{each.task}.{each.key}"
        if each.task not in shards:
            raise ConditionError(unknown(f"the task of {where}", each.task, shards))
        count = shards[each.task]
        if count > 1 and not each.aggregated:
            raise ConditionError(
                f"{where} has {count} values, one per shard of {each.task}: say which counts, such as mean({where}) or "
                f"all({where} > 0)"
            )
        known = (keys or {}).get(each.task)
        if known is not None and each.key not in known:
            raise ConditionError(unknown(f"the key of {where}", each.key, known))
