"""The kinds of `bayplan.dev`: their models, their schemas, and the checks that a schema cannot express."""
