"""A simulation as one HTML file that needs nothing else: no network, no other file.

model.Simulation ─▶ gantt, dag (layout), usage, waiting, tables ─▶ page.html
Everything is drawn here, as SVG. The little script only adds comfort: without it the page says the same.
"""

from bayplan_operator.cli.page.page import html

__all__ = ["html"]
