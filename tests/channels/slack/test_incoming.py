"""What Slack tells, read: who means the advisor, where it answers, what is the same again."""

from typing import Any

import pytest

from preceptor.channels.slack.incoming import (
    Place,
    Work,
    read_assistant,
    read_click,
    read_command,
    read_home,
    read_message,
    read_shortcut,
)


def told(**event: Any):
    body = {
        "event_id": "Ev1",
        "event": {"type": "message", "user": "U1", "channel": "D1", "ts": "5.0", **event},
    }
    return read_message(body, Place("T1"), "UBOT")


def test_a_direct_message_is_one_conversation_at_the_top_level() -> None:
    done = told(text="hi", channel_type="im")
    assert done is not None
    assert done.work.conversation == "slack:T1:U1"
    assert (done.work.thread, done.work.text, done.joins, done.only_in) == (None, "hi", None, None)
    assert done.key == "message:T1:D1:5.0"


def test_a_threaded_direct_message_is_answered_in_its_thread() -> None:
    done = told(text="hi", channel_type="im", thread_ts="4.0")
    assert done is not None
    assert (done.work.conversation, done.work.thread) == ("slack:T1:U1", "4.0")
    assert done.work.status_in == "4.0"


def test_a_mention_opens_a_thread_and_has_one_key_with_its_twin() -> None:
    text = "<@UBOT> hi"
    twins = [
        told(text=text, channel="C1", channel_type="channel"),
        told(text=text, channel="C1", type="app_mention"),
    ]
    for done in twins:
        assert done is not None
        assert done.work.conversation == "slack:T1:C1:5.0:U1"
        assert (done.work.thread, done.joins, done.work.text) == ("5.0", "5.0", "hi")
    assert twins[0].key == twins[1].key


@pytest.mark.parametrize("text", [":+1:", ":tada: :party-parrot:", "👍🏾"])
def test_a_mere_emoji_in_a_thread_is_not_answered(text: str) -> None:
    assert told(text=text, channel="C1", channel_type="channel", thread_ts="4.0") is None
    # It is where it was said to the advisor: after an offer, or with a mention.
    assert told(text=text, channel_type="im") is not None
    assert told(text=f"<@UBOT> {text}", channel="C1", channel_type="channel") is not None


@pytest.mark.parametrize("text", [":one:", ":flag-ke:", "and Peru? :+1:"])
def test_an_emoji_that_says_something_is_answered_in_a_thread(text: str) -> None:
    assert told(text=text, channel="C1", channel_type="channel", thread_ts="4.0") is not None


def test_a_follow_up_counts_only_where_the_advisor_takes_part() -> None:
    done = told(text="and Peru?", channel="C1", channel_type="channel", thread_ts="4.0")
    assert done is not None and done.only_in == "4.0"
    assert done.work.conversation == "slack:T1:C1:4.0:U1"


@pytest.mark.parametrize(
    "event",
    [
        {"channel": "C1", "channel_type": "channel"},
        {"channel": "C1", "channel_type": "channel", "text": "<@U2> hi", "thread_ts": "4.0"},
        {"channel": "G1", "channel_type": "mpim"},
        {"subtype": "message_changed"},
        {"subtype": "channel_join"},
        {"subtype": "bot_message", "bot_id": "B1"},
        {"bot_id": "B1"},
        {"user": "UBOT"},
        {"user": "USLACKBOT"},
        {"user": None},
    ],
)
def test_what_is_not_meant_for_the_advisor_is_left_alone(event: dict[str, Any]) -> None:
    assert told(**{"text": "hi", **event}) is None


def test_a_mention_is_read_without_knowing_who_the_advisor_is() -> None:
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "5.0"}
    done = read_message({"event": {**event, "text": "<@UBOT> hi"}}, Place("T1"), None)
    assert done is not None and done.work.text == "hi"


def test_a_bare_mention_is_a_greeting_and_a_bare_file_is_none() -> None:
    greeting = told(text="<@UBOT>", channel="C1", channel_type="channel")
    file = told(text="", subtype="file_share", files=[{"id": "F1"}], channel_type="im")
    both = told(text="this one", subtype="file_share", files=[{"id": "F1"}], channel_type="im")
    assert greeting.work.text == "Hello"
    assert file.work.kind == "text_only"
    assert (both.work.kind, both.work.text) == ("turn", "this one")


def test_the_home_and_the_messages_tab_are_two_things() -> None:
    opened = {"event_id": "E", "event": {"user": "U1", "channel": "D1", "tab": "home"}}
    assert read_home(opened, Place("T1")).work.kind == "home"
    opened["event"]["tab"] = "messages"
    work = read_home(opened, Place("T1")).work
    assert (work.kind, work.channel) == ("prompts", "D1")
    assert read_home({"event": {}}, Place("T1")) is None


def test_a_new_assistant_thread_gets_prompts_in_it() -> None:
    started = {"user_id": "U1", "channel_id": "D1", "thread_ts": "3.0"}
    work = read_assistant({"event": {"assistant_thread": started}}, Place("T1")).work
    assert (work.kind, work.channel, work.thread) == ("prompts", "D1", "3.0")
    assert read_assistant({"event": {}}, Place("T1")) is None


def test_a_command_is_private_and_apart_from_the_channels_threads() -> None:
    form = {
        "user_id": "U1", "channel_id": "C1", "text": "surgery &amp; more", "trigger_id": "t",
        "response_url": "https://hooks.example/1",
    }  # fmt: skip
    work = read_command(form, Place("T1")).work
    assert work.conversation == "slack:T1:C1:command:U1"
    assert (work.text, work.response_url) == ("surgery & more", "https://hooks.example/1")


def test_a_shortcut_asks_what_the_message_says_in_its_thread() -> None:
    payload = {
        "user": {"id": "U1"}, "channel": {"id": "C1"}, "trigger_id": "t",
        "message": {"ts": "5.0", "text": "how much is it?"},
    }  # fmt: skip
    done = read_shortcut(payload, Place("T1"))
    assert (done.work.text, done.work.thread, done.joins) == ("how much is it?", "5.0", "5.0")
    payload["message"]["text"] = ""
    assert read_shortcut(payload, Place("T1")).work.kind == "text_only"


def click(block_id: str, action_id: str, **container: Any):
    body = {
        "user": {"id": "U2"}, "channel": {"id": "C1"}, "response_url": "https://hooks.example/1",
        "container": {"type": "message", "message_ts": "7.0", "thread_ts": "5.0", **container},
    }  # fmt: skip
    action = {"block_id": block_id, "action_id": action_id}
    return read_click(body, action, "Show me more", "sealed", Place("T1"))


def test_a_click_is_said_by_whoever_clicks_in_the_messages_thread() -> None:
    done = click("choices:x:0", "page:0")
    assert done.work.conversation == "slack:T1:C1:5.0:U2"
    assert (done.work.page_of, done.work.response_url) == ("7.0", None)
    assert done.key == "click:T1:C1:7.0:U2:choices:x:0"


def test_two_buttons_of_one_programme_are_two_clicks() -> None:
    assert click("card:x:1", "say:save").key != click("card:x:1", "say:details").key


def test_a_click_in_a_private_answer_is_answered_in_private() -> None:
    work = click("choices:x:0", "say:0", is_ephemeral=True).work
    assert work.conversation == "slack:T1:C1:command:U2"
    assert (work.response_url, work.thread) == ("https://hooks.example/1", None)


def test_a_click_in_the_home_is_answered_in_a_direct_message() -> None:
    work = click("home-topics:x", "say:0", type="view", view_id="V1").work
    assert (work.channel, work.conversation, work.quote) == ("U2", "slack:T1:U2", True)


def test_work_is_kept_and_read_back() -> None:
    work = click("choices:x:0", "page:0").work
    assert Work.parse_obj({**work.dict(), "of_a_newer_version": 1}) == work
