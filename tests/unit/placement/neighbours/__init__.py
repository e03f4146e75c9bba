"""Pods near each other: spread, affinity, ports."""
