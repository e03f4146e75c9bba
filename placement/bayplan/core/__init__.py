"""The decider: requests in, decisions out, and which requests need not be asked about again."""
