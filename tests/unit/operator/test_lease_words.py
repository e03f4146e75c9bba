"""Why a Lease could not be renewed, in one line."""

from __future__ import annotations

import json

import pytest
from kubernetes.client.exceptions import ApiException

from bayplan_operator.leader import in_words


def refused(body: str | None) -> ApiException:
    error = ApiException(status=404, reason="Not Found")
    error.body = body
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refused(json.dumps({"message": 'namespaces "bayplan-system" not found'})), 'namespaces "bayplan-system" not found'),
        (refused("<html>"), "(404) Reason: Not Found HTTP response body: <html>"),
        (refused("[]"), "(404) Reason: Not Found HTTP response body: []"),
        (refused(None), "(404) Reason: Not Found"),
        (OSError("no route to host"), "no route to host"),
    ],
)
def test_it_is_what_the_api_server_says_or_the_error_itself(error: Exception, expected: str) -> None:
    assert in_words(error) == expected
