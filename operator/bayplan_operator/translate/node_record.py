"""What was seen of the nodes, as text: one JSON object, from class of nodes to seconds in each state and moves between them."""

from collections.abc import Mapping

import msgspec

from bayplan.knowledge.node_states import NodeStates

MOST_CLASSES = 1_000
"""Of which something is kept: those that were seen for longest."""


def write(states: Mapping[str, NodeStates]) -> str:
    """What is 0 is left out. O(classes)."""
    longest = sorted(states, key=lambda name: (-states[name].observed, name))[:MOST_CLASSES]
    plain = {
        name: {part: {key: value for key, value in values.items() if value} for part, values in states[name].as_plain().items()}
        for name in sorted(longest)
    }
    return msgspec.json.encode(plain).decode()


def read(text: str) -> tuple[dict[str, NodeStates], list[str]]:
    """What was written, and what is wrong with it, in words: of a class that makes no sense nothing is taken."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        return {}, [f"is not JSON ({error})"]
    if not isinstance(found, dict):
        return {}, ["must be a JSON object, from class of nodes to seconds and moves"]
    states, problems = {}, []
    for name, plain in found.items():
        if not isinstance(plain, dict):
            problems.append(f"class {name} is {plain!r}: it must have seconds and moves")
            continue
        try:
            states[name] = NodeStates.from_plain(plain)
        except ValueError as error:
            problems.append(f"class {name}: {error}")
    return states, problems
