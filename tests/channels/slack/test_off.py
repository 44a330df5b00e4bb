"""An advisor without Slack's variables runs as ever, and says what is off."""

from tests.support.advisor import Advisor


def test_without_slacks_variables_its_routes_say_so(advisor: Advisor) -> None:
    assert advisor.client.get("/webhooks/slack/").json() == {"status": "off"}
    for answer in (
        advisor.client.post("/webhooks/slack/events", json={"type": "url_verification"}),
        advisor.client.get("/webhooks/slack/install"),
        advisor.client.get("/webhooks/slack/oauth_redirect"),
    ):
        assert answer.status_code == 503
        assert answer.json()["error"].endswith(".")
    assert "slack.off" not in advisor.log()
