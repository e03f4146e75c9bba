"""Talking to the API server: configuration, raw requests, lists and watches, the few fields that are decoded."""
