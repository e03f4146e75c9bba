"""Pre-emption: what has to leave its node so that a request of a queue gets its room, and what keeps that room for it."""
