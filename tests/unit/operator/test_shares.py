"""Which profile has to go when there are too many."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan_operator.conductor.knowledge.shares import Shares
from bayplan_operator.view.inbox import Key
from tests.unit.operator.knowing import Fixture

STEPS = st.lists(
    st.tuples(st.sampled_from("nms"), st.sampled_from("abcdef"), st.integers(0, 5), st.booleans(), st.booleans()), max_size=200
)


def look_at_all(known: dict[Key, tuple[float, bool]]) -> Key:
    """What `Shares.find` comes to, worked out from everything."""
    held = Counter(namespace for namespace, _ in known)
    candidates = []
    for namespace in (each for each, count in held.items() if count == max(held.values())):
        once = {key for key, (_, again) in known.items() if key[0] == namespace and not again}
        again = {key for key, (_, again) in known.items() if key[0] == namespace and again}
        segment = again if again and 4 * len(once) <= held[namespace] else once
        first = min(segment, key=lambda key: (known[key][0], key))
        candidates.append((known[first][0], namespace, first))
    return min(candidates)[2]


@given(STEPS)
def test_it_is_what_a_look_at_all_of_them_finds(steps: list[tuple[str, str, int, bool, bool]]) -> None:
    shares, known = Shares(), dict[Key, tuple[float, bool]]()
    for namespace, name, at, again, gone in steps:
        key = (namespace, name)
        if gone:
            shares.drop(key)
            known.pop(key, None)
        else:
            shares.used(key, float(at), again=again)
            known[key] = float(at), again
        if known:
            assert shares.find() == look_at_all(known)
        else:
            with pytest.raises(IndexError):
                shares.find()


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.integers(1, 80), st.integers(0, 2**32 - 1))
def test_drawn_namespaces_get_a_max_min_fair_share(wants: list[int], limit: int, seed: int) -> None:
    """Whatever the order in which they come: at the end, nobody has less than it wants while another has more than it."""
    keys = [(f"n{number}", f"{each}") for number, count in enumerate(wants) for each in range(count)]
    random.Random(seed).shuffle(keys)
    shares, held = Shares(), Counter[str]()
    for at, key in enumerate(keys):
        shares.used(key, float(at), again=False)
        held[key[0]] += 1
        if held.total() > limit:
            gone = shares.find()
            shares.drop(gone)
            held[gone[0]] -= 1
    assert held.total() == min(limit, len(keys))
    for number, count in enumerate(wants):
        mine = held[f"n{number}"]
        assert mine == count or mine >= max(held.values()) - 1


def test_a_choice_among_a_hundred_thousand_costs_little() -> None:
    shares = Shares()
    for at in range(100_000):
        shares.used((f"n{at % 500}", f"t{at}"), float(at), again=at % 3 == 0)
    began = time.process_time()
    for at in range(10_000):
        shares.used((f"n{at % 7}", f"new{at}"), 1e6 + at, again=False)
        shares.drop(shares.find())
    assert (time.process_time() - began) / 10_000 < 0.5e-3


# What is kept of what was learned


def names(fixture: Fixture, namespace: str) -> set[str]:
    return {task.rsplit("/", 1)[1] for task in kept(fixture) if task.startswith(f"{namespace}/")}


def kept(fixture: Fixture) -> list[str]:
    return [f"{each['family']}/{each['task']}" for each in fixture.knowledge.run_times.as_plain()["tasks"]]


def ends(fixture: Fixture, namespace: str, name: str, times: int = 1) -> None:
    for number in range(times):
        metadata = {"namespace": namespace, "uid": f"{namespace}-{name}-{number}-{fixture.now}"}
        fixture.end(fixture.graph(f"{name}-{number}", {"name": name}, metadata=metadata, profile="f"), 2.0)
        fixture.now += 1.0


def test_names_that_never_come_back_push_out_nothing_of_another_namespace() -> None:
    fixture = Fixture(profiles=20)
    for number in range(8):
        ends(fixture, "nightly", f"t{number}", 2)
    for number in range(300):
        ends(fixture, "flood", f"once{number}")
    fixture.pass_time(1)
    assert names(fixture, "nightly") == {f"t{number}" for number in range(8)}
    assert len(names(fixture, "flood")) == 12


def test_names_that_never_come_back_push_out_little_of_their_own_namespace() -> None:
    fixture = Fixture(profiles=20)
    for number in range(18):
        ends(fixture, "ns", f"t{number}", 2)
    for number in range(300):
        ends(fixture, "ns", f"once{number}")
    fixture.pass_time(1)
    assert {f"t{number}" for number in range(3, 18)} <= names(fixture, "ns"), "three quarters stay"


def test_what_is_new_gets_to_its_second_run_where_all_else_comes_back() -> None:
    fixture = Fixture(profiles=20)
    for number in range(20):
        ends(fixture, "ns", f"t{number}", 2)
    for number in range(4):
        ends(fixture, "ns", f"new{number}")
    for number in range(4):
        ends(fixture, "ns", f"new{number}")
    fixture.pass_time(1)
    assert names(fixture, "ns") == {f"new{number}" for number in range(4)} | {f"t{number}" for number in range(4, 20)}


def test_the_next_operator_goes_on_from_there() -> None:
    fixture = Fixture(profiles=20)
    for number in range(8):
        ends(fixture, "nightly", f"t{number}", 2)
    for number in range(30):
        ends(fixture, "flood", f"once{number}")
    fixture.pass_time(30)
    again = Fixture(fixture.server, profiles=12)
    again.now = fixture.now
    ends(again, "flood", "another")
    again.pass_time(1)
    assert len(names(again, "nightly")) == len(names(again, "flood")) == 6
