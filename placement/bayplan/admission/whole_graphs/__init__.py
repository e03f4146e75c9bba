"""Graphs that are admitted as a whole: what all of a graph needs at once, and when its queue may have it."""
