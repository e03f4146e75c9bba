"""The one place with a loop: takes in what changed, lets the library decide, and hands what is wanted to the writer."""

from bayplan_operator.conductor.conductor import Conductor, View, Writers
from bayplan_operator.conductor.loop import conduct

__all__ = ["Conductor", "View", "Writers", "conduct"]
