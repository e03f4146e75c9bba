"""The estimate: measured load, with what was placed too recently to show there."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.knowledge.load import Fault, LoadModel, LoadTracker, Reading
from tests.unit.placement.building import QUICK, asking, cluster, node
from tests.unit.placement.load_examples import SLOW, reading, share

INSTANT = st.floats(0, 100)
PODS = st.lists(st.tuples(INSTANT, INSTANT, st.integers(0, 2000)), max_size=8)


def followed(*, rate: float = 0.1, delay: float = 0.0) -> LoadTracker:
    return LoadTracker(LoadModel(rate=rate, delay=delay, fresh=1e6, stale=2e6))


@QUICK
@given(PODS, INSTANT, st.floats(0, 1), st.sampled_from([0.0, 5.0]))
def test_it_is_measured_plus_the_unseen_part_of_what_was_placed(
    pods: list[tuple[float, float, int]], at: float, shown: float, delay: float
) -> None:
    one, tracker = cluster(node("a", cpu=8)), followed(delay=delay)
    tracker.follow(one, 0.0)
    for number, (start, _, amount) in sorted(enumerate(pods), key=lambda each: each[1][0]):
        one.occupy(number, "a", {"cpu": amount})
        tracker.follow(one, start)
    tracker.take(reading(at, {"a": {"cpu": shown}}), one, 100.0)
    unseen = sum(amount / 8000 * np.exp(-0.1 * max(at - start - delay, 0.0)) for start, _, amount in pods)
    assert share(tracker, one, 100.0) == pytest.approx(shown + unseen, abs=1e-9)


@QUICK
@given(PODS, st.lists(INSTANT, min_size=1, max_size=4), st.floats(0, 1))
def test_what_ends_leaves_the_load_as_it_came(
    pods: list[tuple[float, float, int]], readings: list[float], hidden: float
) -> None:
    """On a node that really behaves as the model says, the estimate is at every instant what requests and hidden load make."""
    one, tracker = cluster(node("a", cpu=100)), followed()
    tracker.follow(one, 0.0)
    events = [(start, "start", number) for number, (start, _, _) in enumerate(pods)]
    events += [(start + run, "end", number) for number, (start, run, _) in enumerate(pods)]
    events += [(at, "take", number) for number, at in enumerate(sorted(readings))]
    changes: list[tuple[float, float]] = []
    for at, kind, number in sorted(events, key=lambda each: (each[0], ["start", "end", "take"].index(each[1]))):
        if kind == "start":
            one.occupy(number, "a", {"cpu": pods[number][2]})
        elif kind == "end":
            one.vacate(number)
        tracker.follow(one, at)
        if kind == "take":
            shown = sum(amount * (1 - np.exp(-0.1 * (at - when))) for when, amount in changes) / 100_000
            tracker.take(reading(at, {"a": {"cpu": min(hidden * 0.5 + shown, 1.0)}}), one, at)
        else:
            changes.append((at, pods[number][2] * (1 if kind == "start" else -1)))
        found = share(tracker, one, at)
        if found is not None:
            used = int(one.used[0, one.resources.index("cpu")]) / 100_000
            assert found == pytest.approx(used + hidden * 0.5, abs=1e-9)


def test_what_shows_is_the_model_of_load() -> None:
    one, tracker = cluster(node("a", cpu=10)), followed(rate=0.05)
    tracker.follow(one, 0.0)
    for number, (at, amount) in enumerate([(3.0, 1000), (8.0, 2500)]):
        one.occupy(number, "a", {"cpu": amount})
        tracker.follow(one, at)
    shows = float(np.array([0.1, 0.25]) @ -np.expm1(-0.05 * np.array([17.0, 12.0])))
    tracker.take(reading(20.0, {"a": {"cpu": shows}}), one, 20.0)
    assert share(tracker, one, 20.0) == pytest.approx(0.35)


def test_a_pod_that_uses_less_than_it_asked_for_frees_no_more_than_it_used() -> None:
    one, tracker = cluster(node("a", cpu=10)), followed()
    one.occupy("idle", "a", {"cpu": 8000})
    one.occupy("other", "a", {"cpu": 2000})
    tracker.follow(one, 0.0)
    tracker.take(reading(0.0, {"a": {"cpu": 0.1}}), one, 0.0)
    assert share(tracker, one, 0.0) == pytest.approx(0.1)
    one.vacate("idle")
    assert share(tracker, one, 0.0) == pytest.approx(0.02)
    one.vacate("other")
    assert share(tracker, one, 0.0) == pytest.approx(0.0)


def test_placements_of_a_batch_count_at_once_and_are_undone_with_it() -> None:
    one, tracker = cluster(node("a", cpu=10)), followed()
    tracker.follow(one, 0.0)
    tracker.take(reading(0.0, {"a": {"cpu": 0.4}}), one, 0.0)
    estimate = tracker.estimate(one, 0.0)
    with one.trial() as trial:
        trial.take(0, one.demand(asking(3)))
        assert share(tracker, one, 0.0) == pytest.approx(0.7)
    assert share(tracker, one, 0.0) == pytest.approx(0.4)
    assert tracker.estimate(one, 0.0) is estimate


def test_readings_age_towards_requests_and_end() -> None:
    one, tracker = cluster(node("a", cpu=10)), LoadTracker(SLOW)
    one.occupy("p", "a", {"cpu": 2000})
    tracker.follow(one, 0.0)
    tracker.take(reading(0.0, {"a": {"cpu": 1.0}}), one, 0.0)
    found = [share(tracker, one, now) for now in (0.0, 50.0, 100.0, 140.0, 149.0)]
    assert found == pytest.approx([1.0, 1.0, 0.6, 0.28, 0.28])
    assert tracker.estimate(one, 150.0) is None


def test_an_estimate_is_the_same_object_until_it_says_something_else() -> None:
    one, tracker = cluster(node("a"), node("b")), LoadTracker(SLOW)
    tracker.follow(one, 0.0)
    tracker.take(reading(0.0, {"a": {"cpu": 0.5}}), one, 0.0)
    first = tracker.estimate(one, 1.0)
    one.occupy("p", "a", {"cpu": 1000})
    tracker.follow(one, 2.0)
    assert tracker.estimate(one, 49.0) is first is not None
    older = tracker.estimate(one, 75.0)
    assert older is not first
    assert older.revision != first.revision  # type: ignore[union-attr]
    assert tracker.estimate(one, 76.0) is older
    tracker.take(reading(77.0, {"a": {"cpu": 0.5}}), one, 77.0)
    assert tracker.estimate(one, 77.0) is not older


def test_a_gap_leaves_the_older_figure_to_age() -> None:
    two, tracker = cluster(node("a"), node("b")), LoadTracker(SLOW)
    tracker.follow(two, 0.0)
    tracker.take(reading(0.0, {"a": {"cpu": 0.9, "disk": 0.5}, "b": {"cpu": 0.8}}), two, 0.0)
    tracker.take(reading(100.0, {"b": {"cpu": 0.3}}), two, 100.0)
    assert share(tracker, two, 100.0, "b") == pytest.approx(0.3)
    assert share(tracker, two, 100.0, "a") == pytest.approx(0.5 * 0.9 + 0.5 * 0.3)  # what it lacks, as b makes likely
    assert share(tracker, two, 160.0, "a") == pytest.approx(0.9 * 0.3)
    assert share(tracker, two, 160.0, "b") == pytest.approx(0.27)


@pytest.mark.parametrize("read_between", [False, True])
def test_of_another_node_in_the_row_of_one_that_went_only_what_others_show_is_known(read_between: bool) -> None:
    two, tracker = cluster(node("a"), node("b")), followed()
    tracker.follow(two, 0.0)
    tracker.take(reading(0.0, {"a": {"cpu": 0.9}, "b": {"cpu": 0.2}}), two, 0.0)
    two.occupy("p", "a", {"cpu": 4000})
    tracker.follow(two, 1.0)
    if read_between:
        tracker.take(reading(1.5, {"a": {"cpu": 0.9}, "b": {"cpu": 0.2}}), two, 1.5)
    two.remove_node("a")
    two.vacate("p")
    two.set_node(node("c"))
    assert two.row("c") == 0
    two.occupy("q", "c", {"cpu": 6000})
    tracker.follow(two, 2.0)
    assert (share(tracker, two, 2.0, "c"), share(tracker, two, 2.0, "b")) == pytest.approx((0.75 + 0.2, 0.2))
    tracker.take(reading(3.0, {"c": {"cpu": 0.1}}), two, 3.0)
    assert share(tracker, two, 3.0, "c") == pytest.approx(0.1)


def test_a_resource_that_comes_later_changes_nothing_for_others() -> None:
    one, tracker = cluster(node("a", cpu=10)), followed()
    tracker.follow(one, 0.0)
    one.occupy("p", "a", {"cpu": 3000})
    tracker.follow(one, 1.0)
    one.set_node(node("b", gpu=4))
    tracker.take(reading(1.0, {"a": {"cpu": 0.1}, "b": {"nvidia.com/gpu": 0.5}}), one, 1.0)
    assert share(tracker, one, 1.0) == pytest.approx(0.4)
    assert share(tracker, one, 1.0, "b", "nvidia.com/gpu") == pytest.approx(0.5)


def test_memory_stays_bounded_without_readings_and_the_sum_is_the_same() -> None:
    busy, quiet = cluster(node("a", cpu=1000)), cluster(node("a", cpu=1000))
    following, remembering = LoadTracker(SLOW), LoadTracker(LoadModel(rate=0.1, fresh=50.0, stale=1e9))
    for tracker, one in ((following, busy), (remembering, quiet)):
        tracker.follow(one, 0.0)
        for number in range(400):
            one.occupy(number, "a", {"cpu": 1000})
            tracker.follow(one, float(number))
        assert len(tracker._recent._later) == (400 if tracker is remembering else 150)
        tracker.take(reading(395.0, {"a": {"cpu": 0.3}}), one, 399.0)
        assert len(tracker._recent._later) == 4  # those that came after the reading
    assert share(following, busy, 399.0) == pytest.approx(share(remembering, quiet, 399.0), abs=1e-12)


def test_what_had_not_begun_to_rise_at_one_reading_rises_from_its_own_start_at_the_next() -> None:
    one, tracker = cluster(node("a", cpu=10)), followed(delay=5.0)
    tracker.follow(one, 0.0)
    one.occupy("p", "a", {"cpu": 5000})
    tracker.follow(one, 10.0)
    for at, unseen in ((12.0, 0.5), (25.0, 0.5 * np.exp(-1.0)), (35.0, 0.5 * np.exp(-2.0))):
        tracker.take(reading(at, {"a": {"cpu": 0.2}}), one, at)
        assert share(tracker, one, at) == pytest.approx(0.2 + unseen)


def test_pods_that_run_when_a_program_starts_anew_count_by_their_age() -> None:
    watched, anew = cluster(node("a", cpu=10)), cluster(node("a", cpu=10))
    before, after = followed(), followed()
    before.follow(watched, 0.0)
    watched.occupy("p", "a", {"cpu": 5000})
    before.follow(watched, 10.0)
    anew.occupy("p", "a", {"cpu": 5000})
    after.follow(anew, 15.0)
    after.remember(anew, "a", {"cpu": 5000}, 10.0)
    after.remember(anew, "gone", {"cpu": 5000}, 10.0)
    for tracker, one in ((before, watched), (after, anew)):
        tracker.take(reading(20.0, {"a": {"cpu": 0.2}}), one, 20.0)
    assert share(after, anew, 20.0) == share(before, watched, 20.0) == pytest.approx(0.2 + 0.5 * np.exp(-1.0))
    after.remember(anew, "a", {"cpu": 5000}, 12.0)  # later than its reading: it counts from the next one on
    after.take(reading(30.0, {"a": {"cpu": 0.2}}), anew, 30.0)
    assert share(after, anew, 30.0) == pytest.approx(0.2 + 0.5 * (np.exp(-2.0) + np.exp(-1.8)))


# What cannot be


def taken(given: Reading, now: float = 0.0) -> tuple[dict[Fault, int], tuple[str, ...]]:
    three, tracker = cluster(node("a"), node("b"), node("c")), LoadTracker(SLOW)
    tracker.follow(three, 0.0)
    intake = tracker.take(given, three, now)
    return dict(intake.faults), intake.words


def test_what_is_left_out_of_a_reading_is_told() -> None:
    three, tracker = cluster(node("a"), node("b"), node("c")), LoadTracker(SLOW)
    tracker.follow(three, 0.0)
    names = ("a", "b", "x", "a", "c")
    values = np.array([[0.5, np.inf], [-0.2, 0.4], [0.1, 0.1], [0.9, 0.9], [np.nan, 73.0]])
    intake = tracker.take(Reading(names, ("cpu", "memory"), values, 0.0), three, 0.0)
    assert (intake.used, intake.missing) == (2, 1)
    assert intake.faults == {
        Fault.UNKNOWN_NODE: 1, Fault.DUPLICATE_NODE: 1, Fault.INFINITE: 1, Fault.NEGATIVE: 1, Fault.TOO_LARGE: 1,
    }  # fmt: skip
    assert intake.words == (
        "node x: there is no such node",
        "node a: the node is there more than once: only the first counts",
        "memory of node a is inf: it must be a share of the node's capacity, from 0 to 1",
        "cpu of node b is -0.2: it must be a share of the node's capacity, from 0 to 1",
        "memory of node c is 73: it must be a share of the node's capacity, from 0 to 1",
    )
    found = tracker.estimate(three, 0.0)
    assert found is not None
    assert (found.measured * found.weight)[:3].tolist() == [[0.5, 0.0], [0.0, 0.4], [0.0, 0.0]]


def test_figures_that_miss_their_range_by_a_little_count_as_its_end() -> None:
    two, tracker = cluster(node("a"), node("b")), LoadTracker(SLOW)
    tracker.follow(two, 0.0)
    intake = tracker.take(reading(0.0, {"a": {"cpu": 1.04}, "b": {"cpu": -1e-9}}), two, 0.0)
    assert (intake.used, intake.faults) == (2, {})
    assert (share(tracker, two, 0.0, "a"), share(tracker, two, 0.0, "b")) == (1.0, 0.0)


def test_many_wrong_nodes_make_one_sentence() -> None:
    faults, words = taken(reading(0.0, {f"x{number}": {"cpu": 0.5} for number in range(9)}))
    assert faults == {Fault.UNKNOWN_NODE: 9}
    assert words == ("node x0, x1, x2 and 6 more: there is no such node",)
    _, words = taken(reading(0.0, {name: {"cpu": 50.0} for name in "abc"}))
    assert words == ("cpu of node a is 50: it must be a share of the node's capacity, from 0 to 1 (3 such figures)",)


@pytest.mark.parametrize(
    ("at", "now", "fault", "sentence"),
    [
        (np.nan, 0.0, Fault.NO_TIME, "the reading's instant is nan: it must be seconds since the epoch"),
        (0.0, 150.0, Fault.STALE, "the reading is 150 s old: it must be younger than 150 s"),
        (30.0, 10.0, Fault.FROM_THE_FUTURE, "the reading is from 20 s in the future: it counts as measured now"),
    ],
)
def test_instants_that_cannot_be(at: float, now: float, fault: Fault, sentence: str) -> None:
    assert taken(reading(at, {"a": {"cpu": 0.5}}), now) == ({fault: 1}, (sentence,))


def test_a_reading_of_the_future_counts_as_of_now() -> None:
    one, tracker = cluster(node("a")), LoadTracker(SLOW)
    tracker.follow(one, 0.0)
    tracker.take(reading(500.0, {"a": {"cpu": 0.5}}), one, 10.0)
    assert share(tracker, one, 10.0) == 0.5
    assert tracker.take(reading(20.0, {"a": {"cpu": 0.6}}), one, 20.0).faults == {}
    assert share(tracker, one, 20.0) == 0.6


def test_a_reading_older_than_the_last_is_left_out() -> None:
    one, tracker = cluster(node("a")), LoadTracker(SLOW)
    tracker.follow(one, 0.0)
    tracker.take(reading(20.0, {"a": {"cpu": 0.5}}), one, 21.0)
    intake = tracker.take(reading(18.0, {"a": {"cpu": 0.1}}), one, 22.0)
    assert intake.faults == {Fault.OUT_OF_ORDER: 1}
    assert intake.words == ("the reading is 2 s older than the one before: it must be newer",)
    assert share(tracker, one, 22.0) == 0.5


@pytest.mark.parametrize("given", [reading(0.0, {}), reading(0.0, {"x": {"cpu": 0.5}}), reading(0.0, {"a": {"cpu": np.nan}})])
def test_a_reading_of_nothing_leaves_requests_alone(given: Reading) -> None:
    one, tracker = cluster(node("a")), LoadTracker(SLOW)
    tracker.follow(one, 0.0)
    assert tracker.take(given, one, 0.0).used == 0
    assert tracker.estimate(one, 0.0) is None


def test_a_cluster_without_nodes() -> None:
    none, tracker = cluster(), LoadTracker(SLOW)
    tracker.follow(none, 0.0)
    assert tracker.take(reading(0.0, {"a": {"cpu": 0.5}}), none, 0.0).faults == {Fault.UNKNOWN_NODE: 1}
    assert tracker.estimate(none, 0.0) is None


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: Reading(("a",), ("cpu",), np.zeros((2, 1)), 0.0), "values has shape (2, 1): it must be (1, 1), (nodes,"),
        (lambda: Reading(("a",), ("cpu",), np.ones((1, 1)), 0.0, np.ones((1, 2))), "variance has shape (1, 2): it must be"),
        (lambda: Reading((), ("cpu", "cpu"), np.zeros((0, 2)), 0.0), "resources has a name more than once (cpu, cpu)"),
        (lambda: LoadModel(rate=0), "rate is 0: it must be a number above 0, per second"),
        (lambda: LoadModel(delay=-1), "delay is -1: it must be seconds, 0 or above"),
        (lambda: LoadModel(fresh=-1), "fresh is -1: it must be seconds, 0 or above"),
        (lambda: LoadModel(fresh=60, stale=60), "stale is 60: it must be seconds above fresh (60)"),
    ],
)  # fmt: skip
def test_what_cannot_be_made(made: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        made()  # type: ignore[operator]
