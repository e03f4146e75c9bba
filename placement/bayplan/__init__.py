"""Bayplan's library: every decision about what runs where. Pure: no input or output, no clock, no Kubernetes."""
