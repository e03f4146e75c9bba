"""Bayplan's library: every decision about what runs where. Pure: no I/O, no clock, no Kubernetes."""
