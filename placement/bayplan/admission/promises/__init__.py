"""Reservations: when a request that waits gets its places for sure, and what may use them until then."""
