"""How the API server is asked about templates, and how its answers are read, kept and told."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.model.workload import RequestClass
from bayplan_operator.clock import Clock
from bayplan_operator.conductor.templates import answers
from bayplan_operator.conductor.templates.answers import Answer, Answers, refused
from bayplan_operator.conductor.templates.bucket import TokenBucket
from bayplan_operator.conductor.templates.sentences import refusal
from bayplan_operator.kube import errors
from bayplan_operator.translate.pod import Template

# The bucket


@settings(deadline=None)
@given(st.floats(0.1, 100.0), st.integers(1, 100), st.lists(st.floats(0.0, 2.0), max_size=200))
def test_in_no_time_more_is_taken_than_was_saved_and_has_come_in(rate: float, most: int, pauses: list[float]) -> None:
    bucket, now, taken = TokenBucket(rate, most), 1.8e9, 0
    for pause in pauses:
        now += pause
        while bucket.take(now):
            taken += 1
        assert taken <= most + rate * (now - 1.8e9) + 1e-3
        wait = bucket.wait(now)
        assert 0.0 < wait <= 1.0 / rate + 1e-3
        if pause > 1.0:
            now += wait
            assert bucket.take(now), "there is one when it says so"
            taken += 1
    assert bucket.full(now + most / rate + 1.0)


# Reading


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.Invalid(422, 'Pod "x" is invalid: spec: Forbidden'), "Invalid"),
        (errors.Invalid(400, "strict decoding error"), "Invalid"),
        (errors.Invalid(413, "too large"), "Invalid"),
        (errors.Invalid(400, 'admission webhook "w" denied the request: no'), "Denied"),
        (errors.Forbidden(403, 'admission webhook "w" denied the request without explanation'), "Denied"),
        (errors.Invalid(422, "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"), "Denied"),
        (errors.Invalid(400, 'admission webhook "w" does not support dry run'), "DryRunUnsupported"),
        (errors.Forbidden(403, "exceeded quota"), "Forbidden"),
        (errors.Forbidden(401, "who are you"), "Forbidden"),
        (errors.Busy(429, "later"), "NotAnswered"),
        (errors.Busy(500, "failed calling webhook"), "NotAnswered"),
        (errors.NotFound(404, "no namespace"), "NotAnswered"),
        (errors.AlreadyExists(409, "there"), "NotAnswered"),
        (errors.Unreachable("time-out"), "NotAnswered"),
    ],
)
def test_what_an_error_says_of_a_template(error: errors.ApiError, reason: str) -> None:
    answer = refused(error)
    assert (answer.spec, answer.reason) == (None, reason)
    assert answer.final == (reason == "Invalid")
    assert answer.passing == (reason in ("Forbidden", "NotAnswered"))


STRICT = 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: '


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (
            f'{STRICT}unknown field "spec.containers[0].resource"',
            'the API server does not know the field spec.containers[0].resource: did you mean "resources"?',
        ),
        (
            f'{STRICT}unknown field "spec.container"',
            'the API server does not know the field spec.container: did you mean "containers"?',
        ),
        (f'{STRICT}unknown field "spec.xyzzy"', "the API server does not know the field spec.xyzzy"),
        (
            f'{STRICT}unknown field "spec.containers[1].securityContext.runAsUsr"',
            'the API server does not know the field spec.containers[1].securityContext.runAsUsr: did you mean "runAsUser"?',
        ),
        (
            f'{STRICT}unknown field "spec.xyzzy", unknown field "spec.volumes[2].nfs.sever"',
            'the API server does not know the field spec.xyzzy, or the field spec.volumes[2].nfs.sever: did you mean "server"?',
        ),
        (f'{STRICT}duplicate field "a"', 'the API server refuses its pods: strict decoding error: duplicate field "a"'),
        (
            'Pod "g-a-abc" is invalid: spec.containers[0].name: Invalid value: "_"',
            'the API server refuses its pods: spec.containers[0].name: Invalid value: "_"',
        ),
        ("x" * 5000, f"the API server refuses its pods: {'x' * 600}"),
    ],
)  # fmt: skip
def test_what_the_api_server_says_is_put_into_words(message: str, sentence: str) -> None:
    assert refusal("spec.tasks[3] (train)", message) == f"spec.tasks[3] (train): {sentence}"


# Keeping


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 1000.0
        self.clock = Clock(lambda: self.at, lambda: self.at)


TEMPLATE = Template({}, {"containers": [{"name": "main", "image": "i"}]}, "digest", RequestClass((("pods", 1),)))
KEY = ("test", "hash")


def pod(**spec: Any) -> bytes:
    return msgspec.json.encode({"spec": {"containers": [{"name": "main"}], **spec}})


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (Answer({}), 600.0),
        (Answer(None, "Invalid"), 600.0),
        (Answer(None, "DryRunUnsupported"), 600.0),
        (Answer(None, "Denied"), 60.0),
        (Answer(None, "Forbidden"), 60.0),
        (Answer(None, "NotAnswered"), 60.0),
    ],
)
def test_an_answer_serves_for_a_while(answer: Answer, seconds: float) -> None:
    hand = Hand()
    kept = Answers(hand.clock)
    kept.put(KEY, answer)
    hand.at += seconds - 0.1
    assert kept.get(KEY) == answer
    hand.at += 0.2
    assert kept.get(KEY) is None


def test_those_that_were_used_longest_ago_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_MOST", 3)
    kept = Answers(Hand().clock)
    for name in "abc":
        kept.put(("test", name), Answer({}))
    kept.get(("test", "a"))
    kept.put(("test", "d"), Answer({}))
    assert [name for name in "abcd" if kept.get(("test", name))] == ["a", "c", "d"]


def test_a_real_pod_confirms_an_answer_or_corrects_it() -> None:
    hand = Hand()
    kept = Answers(hand.clock)
    kept.created(KEY, TEMPLATE, "n", pod(hostNetwork=True))
    first = Answer({"containers": [{"name": "main"}], "hostNetwork": True})
    assert kept.take_news() == {KEY: first}
    hand.at += 500.0
    kept.created(KEY, TEMPLATE, "n", pod(hostNetwork=True))
    assert kept.take_news() == {}
    hand.at += 500.0
    assert kept.get(KEY) == first, "it was confirmed"
    kept.created(KEY, TEMPLATE, "n", pod())
    assert kept.take_news() == {KEY: Answer({"containers": [{"name": "main"}]})}
    hand.at += 4.0
    kept.created(KEY, TEMPLATE, "n", pod(hostNetwork=True))
    assert kept.take_news() == {}, "not all the time, where a webhook makes each pod another one"
    hand.at += 1.0
    kept.created(KEY, TEMPLATE, "n", pod(hostNetwork=True))
    assert kept.take_news() == {KEY: first}


def test_a_real_pod_answers_what_could_not_be_asked() -> None:
    kept = Answers(Hand().clock)
    kept.put(KEY, Answer(None, "NotAnswered"))
    kept.created(KEY, TEMPLATE, "n", pod())
    assert kept.get(KEY) == Answer({"containers": [{"name": "main"}]})
