"""Compiling every kernel before it counts."""
