"""Nodes and what occupies them, in columns; the filters that say which nodes fit."""
