"""The pages are easy to read: short sentences, and words that say who or what is meant. The code keeps to such words too."""

from __future__ import annotations

import re
from statistics import mean

import pytest

from .pages import OTHERS, PAGES, ROOT, names, read
from .prose import sentences, words

MEAN, LONGEST = 25, 40
"""Words of a sentence: on average over a page, and of the longest one."""
VAGUE = re.compile(r"\b(somebody|someone|anybody|everybody|nobody|whoever|whomever|anew)\b", re.IGNORECASE)
HISTORY = ROOT / "CHANGELOG.md"
CODE = ("operator", "placement", "task", "charts", "bench", "examples")
TEXTS = {".py", ".yaml", ".json", ".tpl", ".txt", ".md", ".html", ".js", ".css"}
KEPT = {"operator/bayplan_operator/conductor/outlook/graph_plans/following.py": ["anew"]}
"""A value of the label `cause` of `bayplan_plans_total`: dashboards may hold it."""
READ = [name for name in names(PAGES + OTHERS) if name != HISTORY.name]


@pytest.mark.parametrize("name", READ)
def test_sentences_are_short_on_average(name: str) -> None:
    assert mean(len(words(each)) for each in sentences(read(ROOT / name))) <= MEAN


@pytest.mark.parametrize("name", READ)
def test_no_sentence_is_long(name: str) -> None:
    assert [each for each in sentences(read(ROOT / name)) if len(words(each)) > LONGEST] == []


@pytest.mark.parametrize("name", READ)
def test_no_vague_word(name: str) -> None:
    """The caller, the node, the user: a sentence names the one that it speaks of. Code has its own words."""
    assert VAGUE.findall(re.sub(r"`[^`\n]+`", "", read(ROOT / name))) == []


@pytest.mark.parametrize("folder", CODE)
def test_no_vague_word_in_code(folder: str) -> None:
    """Docstrings, comments and messages. What is in capitals is a constant's name, and may stay."""
    found = {}
    for path in sorted(each for each in (ROOT / folder).rglob("*") if each.suffix in TEXTS):
        name = str(path.relative_to(ROOT))
        vague = [word for word in VAGUE.findall(read(path)) if not word.isupper()]
        if vague != KEPT.get(name, []):
            found[name] = vague
    assert found == {}


def test_sentences_are_found_where_they_stand() -> None:
    text = """
# A heading. Not one.

One *sentence*, with [a link](a.md#b) and `code. With a stop`. Another
goes on over two lines!

- **An item.** And its
  second sentence: e.g. this.
- a phrase

| a. b | phrase |
| --- | --- |
| A cell. Of two. | a phrase |

```
Not. This.
```
"""
    assert sorted(sentences(text)) == sorted([
        "One sentence, with a link and Code.",
        "Another goes on over two lines!",
        "An item.",
        "And its second sentence: e.g this.",
        "a phrase",
        "A cell.",
        "Of two.",
    ])  # fmt: skip
