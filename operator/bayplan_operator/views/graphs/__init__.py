"""A graph as its API objects show it. All of it is pure.

build (record, attempts, tasks (following, waiting), rounds, bounds, usage) ─▶ model.GraphReport
"""
