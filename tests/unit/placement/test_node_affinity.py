import pytest

from bayplan.model.constraints import Requirement, Term
from bayplan.model.reasons import Reason
from tests.unit.placement.building import asking, cluster, fits, node, refusal


def required(*expressions: Requirement) -> Term:
    return Term(expressions)


def on_name(operator: str, *names: str) -> Term:
    return Term(fields=(Requirement("metadata.name", operator, names),))


@pytest.mark.parametrize(
    ("operator", "values", "with_3", "with_10", "with_word", "without"),
    [
        ("In", ("3", "x"), True, False, True, False),
        ("NotIn", ("3", "x"), False, True, False, True),
        ("Exists", (), True, True, True, False),
        ("DoesNotExist", (), False, False, False, True),
        ("Gt", ("3",), False, True, False, False),
        ("Gt", ("2",), True, True, False, False),
        ("Lt", ("10",), True, False, False, False),
        ("Lt", ("+11",), True, True, False, False),
        ("Gt", ("-1",), True, True, False, False),
    ],
)
def test_operators(operator: str, values: tuple[str, ...], with_3: bool, with_10: bool, with_word: bool, without: bool) -> None:
    asked = asking(required=(required(Requirement("gen", operator, values)),))
    assert fits(node("n", labels={"gen": "3"}), asked) is with_3
    assert fits(node("n", labels={"gen": "10"}), asked) is with_10
    assert fits(node("n", labels={"gen": "x"}), asked) is with_word
    assert fits(node("n"), asked) is without


@pytest.mark.parametrize(
    ("operator", "values"),
    [
        ("In", ()),
        ("NotIn", ()),
        ("Exists", ("3",)),
        ("DoesNotExist", ("3",)),
        ("Gt", ()),
        ("Gt", ("1", "2")),
        ("Gt", ("1.5",)),
        ("Gt", ("1_0",)),
        ("Gt", (" 1",)),
        ("Lt", ("9223372036854775808",)),
        ("in", ("3",)),
        ("", ("3",)),
    ],
)
def test_a_malformed_condition_holds_nowhere(operator: str, values: tuple[str, ...]) -> None:
    asked = asking(required=(required(Requirement("gen", operator, values)),))
    assert not fits(node("n", labels={"gen": "3"}), asked)
    assert not fits(node("n"), asked)


@pytest.mark.parametrize("value", ["1_0", " 5", "5.0", "0x5", "٥", "9223372036854775808", ""])
def test_a_label_that_is_no_integer_is_neither_above_nor_below(value: str) -> None:
    for operator in ("Gt", "Lt"):
        asked = asking(required=(required(Requirement("gen", operator, ("4",))),))
        assert not fits(node("n", labels={"gen": value}), asked)


def test_conditions_of_a_term_must_all_hold() -> None:
    asked = asking(required=(required(Requirement("a", "Exists"), Requirement("b", "In", ("1",))),))
    assert fits(node("n", labels={"a": "", "b": "1"}), asked)
    assert not fits(node("n", labels={"b": "1"}), asked)


def test_one_of_several_terms_is_enough() -> None:
    asked = asking(required=(required(Requirement("a", "Exists")), required(Requirement("b", "Exists"))))
    assert fits(node("n", labels={"b": "1"}), asked)
    assert not fits(node("n", labels={"c": "1"}), asked)


def test_an_empty_term_matches_nothing() -> None:
    assert not fits(node("n"), asking(required=(Term(),)))
    assert fits(node("n", labels={"a": ""}), asking(required=(Term(), required(Requirement("a", "Exists")))))


def test_the_nodes_name_is_a_field() -> None:
    assert fits(node("n"), asking(required=(on_name("In", "n"),)))
    assert not fits(node("n"), asking(required=(on_name("In", "m"),)))
    assert fits(node("n"), asking(required=(on_name("NotIn", "m"),)))
    assert not fits(node("n"), asking(required=(on_name("NotIn", "n"),)))


@pytest.mark.parametrize(("operator", "names"), [("In", ("n", "m")), ("In", ()), ("Exists", ()), ("Gt", ("1",))])
def test_a_field_takes_in_and_not_in_with_one_value(operator: str, names: tuple[str, ...]) -> None:
    assert not fits(node("n"), asking(required=(on_name(operator, *names),)))


def test_other_fields_match_nothing() -> None:
    for operator in ("In", "NotIn"):
        term = Term(fields=(Requirement("spec.unschedulable", operator, ("true",)),))
        assert not fits(node("n"), asking(required=(term,)))


def test_a_label_called_like_the_field_is_a_label() -> None:
    asked = asking(required=(required(Requirement("metadata.name", "In", ("n",))),))
    assert not fits(node("n"), asked)
    assert fits(node("x", labels={"metadata.name": "n"}), asked)


def test_expressions_and_fields_of_a_term_must_all_hold() -> None:
    both = Term((Requirement("a", "Exists"),), (Requirement("metadata.name", "In", ("n",)),))
    assert fits(node("n", labels={"a": ""}), asking(required=(both,)))
    assert not fits(node("n"), asking(required=(both,)))
    assert not fits(node("m", labels={"a": ""}), asking(required=(both,)))


def test_the_mismatch_is_permanent() -> None:
    reason, message = refusal(cluster(node("n")), asking(required=(on_name("In", "m"),)))
    assert reason is Reason.NO_SUCH_NODE
    assert message == "0/1 nodes: 1 does not match the required node affinity"
