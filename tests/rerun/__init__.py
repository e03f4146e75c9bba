"""A test run whose failures get one second run, alone, and which says last what needed it."""
