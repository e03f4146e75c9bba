"""Reading the API server for the commands."""
