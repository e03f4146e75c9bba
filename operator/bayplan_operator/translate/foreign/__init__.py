"""Pods that are no graph's: what their labels ask, how they are narrowed to a node, and what is recorded of them. Pure."""
