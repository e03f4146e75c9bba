"""The picture of the README is what the code draws now, and the README says how to get a page like it."""

from __future__ import annotations

from xml.etree import ElementTree

from examples import picture


def test_the_picture_is_up_to_date() -> None:
    assert picture.PICTURE.read_text(encoding="utf-8") == picture.picture(), "run make picture, and look at what has changed"


def test_it_is_one_drawing_that_needs_nothing_else() -> None:
    """As browsers show it inside a page: no script, nothing that is fetched."""
    text = picture.PICTURE.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(root.findall(".//{*}g[@data-task]")) == 60
    assert "<script" not in text
    assert text.count("http") == 1  # the name space


def test_the_readme_names_the_command() -> None:
    assert f"\n{picture.COMMAND}\n" in (picture.ROOT / "README.md").read_text(encoding="utf-8")
