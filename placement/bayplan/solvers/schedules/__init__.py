"""Whole graphs on processors: problems, bounds, lists, and a search that improves a schedule."""
