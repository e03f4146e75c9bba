"""The one place with a loop: takes in what changed, lets the library decide, and hands what is wanted to the writer."""

from bayplan_operator.conductor.loop import conduct
from bayplan_operator.conductor.tick import Conductor, View, Writers

__all__ = ["Conductor", "View", "Writers", "conduct"]
