"""A graph as its API objects show it. All of it is pure.

build (attempts, waiting, bounds, usage) ─▶ model.GraphReport
"""
