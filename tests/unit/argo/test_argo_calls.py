"""Templates that call templates: dags, steps, loops, arguments, exit handlers, daemons."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan_operator.workflows import InputError
from bayplan_operator.workflows.argo import expanding
from tests.unit.argo.reading import graph_of, read_spec, resources_of

PODS = """
- {name: pod, container: {image: i}}
- {name: sized, inputs: {parameters: [{name: cpu, default: "1"}]},
   container: {image: i, resources: {requests: {cpu: "{{inputs.parameters.cpu}}"}}}}
"""


def main(text: str, more: str = "") -> str:
    """A workflow with this entry point."""
    below = "".join(f"  {line}\n" for line in text.strip("\n").splitlines())
    return f"entrypoint: main\n{more}templates:\n- name: main\n{below}{PODS.lstrip()}"


def test_one_pod_is_a_workflow_too() -> None:
    assert graph_of("entrypoint: pod\ntemplates:" + PODS) == {"pod": ((), 1)}


def test_steps_wait_for_all_of_the_group_before() -> None:
    assert graph_of(
        main("""
steps:
- - {name: a, template: pod}
  - {name: b, template: pod, withItems: [1, 2]}
- - {name: c, template: pod}
- - {name: d, template: pod}
  - {name: e, template: pod}
""")
    ) == {"a": ((), 1), "b": ((), 2), "c": (("a", "b"), 1), "d": (("c",), 1), "e": (("c",), 1)}


def test_dags_in_steps_in_dags() -> None:
    found = graph_of(
        main("""
dag:
  tasks:
  - {name: last, template: pod, depends: middle}
  - {name: middle, template: steps, dependencies: [first]}
  - {name: first, template: pod}
""")
        + """
- name: steps
  steps:
  - - {name: one, template: dag}
  - - {name: two, template: pod}
    - {name: three, template: pod}
- name: dag
  dag: {tasks: [{name: x, template: pod}, {name: y, template: pod, depends: x}, {name: z, template: pod, depends: x}]}
"""
    )
    assert found == {
        "first": ((), 1),
        "middle-one-x": (("first",), 1),
        "middle-one-y": (("middle-one-x",), 1),
        "middle-one-z": (("middle-one-x",), 1),
        "middle-two": (("middle-one-y", "middle-one-z"), 1),
        "middle-three": (("middle-one-y", "middle-one-z"), 1),
        "last": (("middle-two", "middle-three"), 1),
    }


def test_only_what_the_target_needs_runs() -> None:
    more = "{name: c, template: pod}, {name: d, template: pod, depends: c}"
    tasks = f"[{{name: a, template: pod}}, {{name: b, template: pod, depends: a}}, {more}]"
    assert set(graph_of(main(f"dag: {{target: b, tasks: {tasks}}}"))) == {"a", "b"}
    assert set(graph_of(main(f"dag: {{target: b c, tasks: {tasks}}}"))) == {"a", "b", "c"}


def test_loops_over_called_templates_and_over_pods_of_different_size() -> None:
    found = read_spec(
        main("""
dag:
  tasks:
  - {name: turn, template: inner, withItems: [{size: 1}, {size: 3}],
     arguments: {parameters: [{name: size, value: "{{item.size}}"}]}}
  - {name: own, template: sized, withItems: ["1", 500m, 500m], arguments: {parameters: [{name: cpu, value: "{{item}}"}]}}
  - {name: end, template: pod, depends: turn && own}
""")
        + """
- name: inner
  inputs: {parameters: [{name: size}]}
  dag: {tasks: [{name: x, template: sized, arguments: {parameters: [{name: cpu, value: "{{inputs.parameters.size}}"}]}}]}
"""
    ).submission
    names = [each.name for each in found.graph.tasks]
    assert names == ["turn-0-x", "turn-1-x", "own-0", "own-1", "own-2", "end"]
    assert [resources_of(found, name)["cpu"] for name in names[:5]] == [1000, 3000, 1000, 500, 500]
    assert found.graph.tasks[-1].depends_on == tuple(names[:5])


def loop(said: str) -> str:
    return main(f"dag: {{tasks: [{{name: a, template: pod, {said}}}, {{name: b, template: pod, depends: a}}]}}")


@pytest.mark.parametrize(
    ("said", "pods"),
    [
        ("withItems: [1, 2]", 2),
        ("withItems: []", 0),
        ('withParam: "[]"', 0),
        ('withParam: \'["a", {"b": 1}]\'', 2),
        ('withParam: "[1"', 'withParam is "[1": it must be a list in JSON: '),
        ('withParam: "{}"', 'withParam is "{}": it must be a list in JSON'),
        (
            'withParam: "{{tasks.x.outputs.result}}"',
            'withParam is "{{tasks.x.outputs.result}}": how many pods that makes is known only at run time; ',
        ),
        ("withSequence: {count: 0}", 0),
        ('withSequence: {count: "3", start: "5"}', 3),
        ("withSequence: {count: many}", 'withSequence.count is "many": it must be a whole number'),
        ("withSequence: {}", "withSequence has neither count nor end: it must have one"),
        ("withSequence: {count: 1, end: 2}", "withSequence.end is 2: count is there too: it must be one of them"),
        ("withSequence: {count: 1, format: '%s%s'}", 'withSequence.format is "%s%s": it must be a format for one whole number'),
        ("withSequence: {count: 2000000}", "withSequence makes 2,000,000 pods: at most 1,000,000 can be simulated"),
        ("withItems: [1], withParam: '[1]'", 'withParam is "[1]": withItems is there too: a task has one loop'),
    ],
)
def test_how_many_pods_a_loop_makes(said: str, pods: int | str) -> None:
    if isinstance(pods, str):
        with pytest.raises(InputError) as error:
            read_spec(loop(said))
        assert str(error.value).startswith(f"wf.yaml, line 8: spec.templates[0].dag.tasks[0].{pods}")
    elif pods == 0:
        assert graph_of(loop(said)) == {"b": ((), 1)}
    else:
        assert graph_of(loop(said)) == {"a": ((), pods), "b": (("a",), 1)}


@given(st.integers(-30, 30), st.integers(-30, 30))
def test_sequences_go_up_and_down_with_both_ends(start: int, end: int) -> None:
    found = read_spec(
        main(f"""
dag:
  tasks:
  - name: a
    template: sized
    withSequence: {{start: {start}, end: {end}, format: "1%03d"}}
    arguments: {{parameters: [{{name: cpu, value: "{{{{item}}}}"}}]}}
""")
        if min(start, end) >= 0
        else loop(f"withSequence: {{start: {start}, end: {end}}}")
    ).submission
    step = 1 if start <= end else -1
    numbers = list(range(start, end + step, step))
    if min(start, end) >= 0:
        assert [dict(each.resources)["cpu"] for each in found.classes] == [(1000 + number) * 1000 for number in numbers]
    else:
        assert found.graph.tasks[0].shards == len(numbers)


@given(st.lists(st.none() | st.booleans() | st.integers() | st.text() | st.dictionaries(st.text(), st.integers()), max_size=6))
def test_a_list_as_a_parameter_makes_as_many_pods_as_it_has_items(items: list[object]) -> None:
    argument = json.dumps({"parameters": [{"name": "all", "value": json.dumps(items)}]})
    found = graph_of(
        main(
            'dag: {tasks: [{name: a, template: pod, withParam: "{{workflow.parameters.all}}"}, {name: b, template: pod}]}',
            f"arguments: {argument}\n",
        )
    )
    assert found.get("a", ((), 0))[1] == len(items)


def test_an_argument_wins_over_the_value_and_the_value_over_the_default() -> None:
    found = read_spec("""
entrypoint: main
arguments: {parameters: [{name: outer, value: 4}]}
templates:
- name: main
  dag:
    tasks:
    - {name: given, template: pod, arguments: {parameters: [{name: cpu, value: "{{workflow.parameters.outer}}"}]}}
    - {name: own, template: pod}
- name: pod
  inputs: {parameters: [{name: cpu, value: 3, default: 2}]}
  container: {image: i, resources: {requests: {cpu: "{{=inputs.parameters.cpu}}"}}}
""").submission
    assert [resources_of(found, name)["cpu"] for name in ("given", "own")] == [4000, 3000]


def test_exit_handlers_run_after_everything_and_are_named() -> None:
    found = read_spec(main("dag: {tasks: [{name: a, template: pod}, {name: b, template: pod}]}", "onExit: exit\n") + """
- name: exit
  steps: [[{name: tell, template: pod}], [{name: clean, template: pod}]]
""")  # fmt: skip
    assert {each.name: each.depends_on for each in found.submission.graph.tasks} == {
        "a": (), "b": (), "onexit-tell": ("a", "b"), "onexit-clean": ("onexit-tell",),
    }  # fmt: skip
    (said,) = found.left_out
    assert said.startswith("wf.yaml, line 6: spec.onExit is simulated in part")


def test_what_follows_a_daemon_starts_with_it() -> None:
    found = read_spec(
        main("""
dag:
  tasks:
  - {name: a, template: pod}
  - {name: d, template: served, depends: a}
  - {name: b, template: pod, depends: d}
""")
        + "- {name: served, daemon: true, container: {image: i}}"
    )  # fmt: skip
    assert {each.name: each.depends_on for each in found.submission.graph.tasks} == {"a": (), "d": ("a",), "b": ("a",)}
    (said,) = found.left_out
    assert said.startswith("wf.yaml, line 16: spec.templates[3].daemon is simulated in part")


def test_parallelism_of_the_workflow_and_of_templates_that_call_pods_alone() -> None:
    found = read_spec(
        main(
            """
parallelism: 7
steps: [[{name: a, template: pod}, {name: b, template: inner, withItems: [1, 2]}], [{name: c, template: pod}]]
""",
            "parallelism: 9\n",
        )
        + """
- name: inner
  parallelism: 2
  dag: {tasks: [{name: x, template: pod, withItems: [1, 2, 3]}, {name: y, template: pod}]}
"""
    )
    names = [each.name for each in found.submission.graph.tasks]
    limits = {(each.most, tuple(names[task] for task in sorted(each.tasks))) for each in found.submission.parallelism}
    assert limits == {(2, ("b-0-x", "b-0-y")), (2, ("b-1-x", "b-1-y")), (9, tuple(names))}
    (said,) = found.left_out
    assert said.startswith(
        "wf.yaml, line 9: spec.templates[0].parallelism is not looked at: not all that the template calls are"
    )


@pytest.mark.parametrize("kind", ["suspend", "resource", "http", "plugin", "data"])
def test_templates_of_which_nobody_knows_how_long_they_take_are_passed_over_and_named(kind: str) -> None:
    found = read_spec(main("steps: [[{name: a, template: pod}], [{name: b, template: x}], [{name: c, template: pod}]]")
                      + f"- {{name: x, {kind}: {{}}}}")  # fmt: skip
    assert {each.name: each.depends_on for each in found.submission.graph.tasks} == {"a": (), "c": ("a",)}
    (said,) = found.left_out
    assert said.startswith(f"wf.yaml, line 12: spec.templates[3].{kind} is not looked at: ")


def test_names_that_no_pod_could_have_and_thousands_of_pods() -> None:
    long = "A_very_long_name_" * 5
    tasks = ", ".join(f"{{name: {long}{number}, template: pod}}" for number in range(3))
    found = graph_of(main(f"dag: {{tasks: [{tasks}, {{name: wide, template: pod, withSequence: {{count: 30000}}}}]}}"))
    assert len(found) == 4
    assert all(len(name) <= 63 for name in found)
    assert found["wide"] == ((), 30_000)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            main("steps:\n- - {name: again, template: main, when: a == b}"),
            "line 7: spec.templates[0] leads back to itself: how often it runs is known only at run time",
        ),
        (main("steps: [{name: a, template: pod}]"), 'line 8: spec.templates[0].steps[0] is {"name": "a", "template": "pod"}: '),
        (main("dag: {target: x, tasks: [{name: a, template: pod}]}"), 'spec.templates[0].dag.target is "x": there is no task'),
        (
            main("dag: {tasks: [{name: a, template: pod}, {name: a, template: pod}]}"),
            'spec.templates[0].dag.tasks[1].name is "a": spec.templates[0].dag.tasks[0] has that name too',
        ),
        (
            main("dag: {tasks: [{name: a, template: pod}, {name: b, template: pod, depends: a, dependencies: [a]}]}"),
            'spec.templates[0].dag.tasks[1].dependencies is ["a"]: depends is there too: it must be one of them',
        ),
        (main("dag: {tasks: [{name: a, template: pdo}]}"), 'tasks[0].template is "pdo": there is no template of that name; '),
        (main("dag: {tasks: [{name: a, templateRef: {name: x, template: y}}]}"), "tasks[0].templateRef is "),
        (main("dag: {tasks: [{name: a, template: pod, withItems: []}]}"), "the workflow has no pod to run"),
        ("workflowTemplateRef: {name: x}", "line 5: spec.workflowTemplateRef is "),
        ("templates:" + PODS, ": spec.entrypoint is missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        read_spec(text)
    assert sentence in str(error.value)
    assert str(error.value).startswith("wf.yaml, line ")


def test_loops_of_loops_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanding, "MOST_CALLS", 1000)
    text = main("steps: [[{name: a, template: again, withSequence: {count: 20}}]]")
    inner = "- {name: again, steps: [[{name: b, template: pod, withSequence: {count: %d}}]]}"
    assert read_spec(text + inner % 49).submission.graph.units == 980
    with pytest.raises(
        InputError, match=r"spec.templates\[3\].steps\[0\]\[0\]: the workflow calls templates more than 1,000 times"
    ):
        read_spec(text + inner % 50)
