"""Pods that are no graph's and carry the gate `bayplan.dev/placement`: placed beside shards, and told why they wait."""
