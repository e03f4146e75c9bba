from typing import Any

from bayplan_operator.view.inbox import Inbox


def graph(name: str, version: int, uid: str = "") -> dict[str, Any]:
    return {
        "metadata": {
            "namespace": "ns", "name": name, "uid": uid or f"uid-{name}", "resourceVersion": str(version),
            "creationTimestamp": "2026-01-01T00:00:00Z",
        }
    }  # fmt: skip


def test_news_come_oldest_first_and_once() -> None:
    inbox = Inbox(lambda: None)
    inbox.put(graph("b", 9))
    inbox.put(graph("a", 4))
    assert [key[1] for key, _ in inbox.take()] == ["a", "b"]
    assert inbox.take() == []


def test_only_something_newer_is_news() -> None:
    woken: list[int] = []
    inbox = Inbox(lambda: woken.append(1))
    inbox.put(graph("a", 4))
    inbox.put(graph("a", 4))
    inbox.put(graph("a", 3))
    assert len(woken) == 1


def test_a_deletion_that_nobody_told_is_found_by_a_list() -> None:
    inbox = Inbox(lambda: None)
    inbox.put(graph("a", 4))
    inbox.put(graph("new", 30))
    inbox.take()
    inbox.replace([], version=20)
    assert inbox.take() == [(("ns", "a"), None)]


def test_the_deletion_of_a_namesake_does_not_hurt_its_successor() -> None:
    inbox = Inbox(lambda: None)
    inbox.put(graph("a", 4, "first"))
    inbox.put(graph("a", 9, "second"))
    inbox.take()
    inbox.drop(graph("a", 8, "first"))
    assert inbox.take() == []


def test_a_list_from_before_a_deletion_does_not_bring_the_graph_back() -> None:
    inbox = Inbox(lambda: None)
    inbox.put(graph("a", 4))
    inbox.drop(graph("a", 6))
    inbox.take()
    inbox.put(graph("a", 4))
    assert inbox.take() == []
