from bayplan.cluster.memo import Memo


def test_what_was_made_is_kept_and_the_least_recently_used_goes_first() -> None:
    made: list[str] = []

    def get(key: str) -> str:
        return memo(key, lambda: made.append(key) or key.upper())  # type: ignore[func-returns-value]

    memo = Memo(2)
    assert [get("a"), get("b"), get("a"), get("c"), get("a"), get("b")] == ["A", "B", "A", "C", "A", "B"]
    assert made == ["a", "b", "c", "b"]
    memo.clear()
    get("b")
    assert made == ["a", "b", "c", "b", "b"]
