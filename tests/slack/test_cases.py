"""The 31 cases on which Slack connectors are compared."""

import pytest

from tests.support.slack_cases import CASES, Case
from tests.support.slack_lab import Lab


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(lab: Lab, case: Case, request: pytest.FixtureRequest):
    if case.name == "socket_mode":
        lab.socket = request.getfixturevalue("through_socket").slack
    case.run(lab)
