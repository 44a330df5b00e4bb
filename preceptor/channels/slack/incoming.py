"""What Slack sends, read: which of it is meant for the advisor, and what is to be done. Pure.

Conversations are `slack:team:user` in direct messages and `slack:team:channel:thread:user`
elsewhere, so that neither two workspaces nor two people in one thread share a search.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

from preceptor.channels.slack.mrkdwn import first_mention, mentions, plain_of
from preceptor.nlu.emoji_codes import is_reaction

Body = dict[str, Any]
Kind = Literal["turn", "text_only", "home", "prompts"]

# A message in words from a person; every other subtype is news about a channel or a message.
_SPOKEN_SUBTYPES = {None, "", "file_share", "thread_broadcast"}


class Place(NamedTuple):
    """A workspace: its id, `T…`, and its organisation's, `E…`, if it belongs to one."""

    team: str
    enterprise: str | None = None


class Work(BaseModel):
    """One thing to do; the inbox keeps it as JSON.

    Attributes:
        kind: `turn`: answer `text`. `text_only`: say that files are not read. `home`: publish the
            App Home. `prompts`: suggest questions in the assistant's panel.
        team: The workspace, `T…`.
        enterprise: The organisation, `E…`, if there is one.
        user: Who it is for, `U…`.
        channel: Where to answer: a channel, or a user's id for a direct message to them.
        conversation: The conversation's id.
        position: Its place in the conversation: the time of Slack's event.
        text: What the person said, or the title of the button that they chose.
        payload: The value of the button that they chose, or None.
        thread: The thread to answer in, or None for the channel itself.
        response_url: Where Slack takes an answer that only the person sees, or None.
        page_of: The message with a list that a next page replaces, or None.
        quote: Whether the answer is to repeat the question, which stands nowhere near.
        status_in: The thread in which "is thinking" is shown, or None.
    """

    kind: Kind
    team: str
    enterprise: str | None
    user: str
    channel: str
    conversation: str
    position: float
    text: str = ""
    payload: str | None = None
    thread: str | None = None
    response_url: str | None = None
    page_of: str | None = None
    quote: bool = False
    status_in: str | None = None


@dataclass(frozen=True)
class Incoming:
    """An event that may be meant for the advisor.

    Attributes:
        work: What to do.
        key: What it is recognised by when it comes again.
        joins: The thread in which the advisor takes part from now on, or None.
        only_in: The thread in which it has to take part already, or None.
    """

    work: Work
    key: str
    joins: str | None = None
    only_in: str | None = None


def is_direct(channel: str, channel_type: str | None = None) -> bool:
    """Say whether a channel is a direct message between one person and the advisor."""
    return channel_type == "im" if channel_type else channel.startswith("D")


def conversation_of(team: str, user: str, channel: str, thread: str | None, direct: bool) -> str:
    """Return a conversation's id."""
    if direct or thread is None:
        return f"slack:{team}:{user}"
    return f"slack:{team}:{channel}:{thread}:{user}"


def read_message(body: Body, place: Place, bot_user: str | None) -> Incoming | None:
    """Read a `message` or `app_mention` event.

    Args:
        body: The whole payload of an `event_callback`.
        place: The workspace whose token answers.
        bot_user: The advisor's user id there, if it is known.

    Returns:
        What to do, or None if it is nobody's message to the advisor: edits, deletions, news
        of a channel, other bots, the advisor itself, people talking with each other, a mere
        emoji in a thread.
    """
    event = body.get("event") or {}
    if not _is_a_persons(event, bot_user):
        return None
    user, channel, ts = event["user"], event["channel"], event["ts"]
    markup = str(event.get("text") or "")
    thread = event.get("thread_ts")
    direct = is_direct(channel, event.get("channel_type"))
    # In a thread people also talk with each other, and begin by saying with whom.
    spoken_to = first_mention(markup)
    called = event.get("type") == "app_mention" or mentions(markup, bot_user)
    text = plain_of(markup, bot_user or spoken_to if called else bot_user)
    if not direct and not called and (thread is None or spoken_to or is_reaction(text)):
        return None
    # At a channel's top level the advisor opens a thread; in a direct message it does not.
    answer_in = thread if direct else thread or ts
    wordless = not text and bool(event.get("files"))
    work = Work(
        kind="text_only" if wordless else "turn",
        **place._asdict(),
        user=user,
        channel=channel,
        conversation=conversation_of(place.team, user, channel, answer_in, direct),
        position=ts,
        # Nothing but a mention is a greeting.
        text=text or ("" if wordless or direct else "Hello"),
        thread=answer_in,
        status_in=thread if direct else None,
    )
    # A mention comes twice, as two events with one time.
    key = f"message:{place.team}:{channel}:{ts}"
    if direct:
        return Incoming(work, key)
    return Incoming(work, key, answer_in if called else None, None if called else thread)


def _is_a_persons(event: Body, bot_user: str | None) -> bool:
    """Say whether an event is a new message in words, or a file, from a person."""
    complete = event.get("user") and event.get("channel") and event.get("ts")
    by_bot = event.get("bot_id") or event.get("bot_profile")
    own = event.get("user") in (bot_user, "USLACKBOT")
    return bool(complete and not by_bot and not own and event.get("subtype") in _SPOKEN_SUBTYPES)


def read_home(body: Body, place: Place) -> Incoming | None:
    """Read `app_home_opened`: publish the home tab, or suggest questions on the messages tab."""
    event = body.get("event") or {}
    on_messages = event.get("tab") == "messages"
    if not event.get("user") or (on_messages and not event.get("channel")):
        return None
    channel = event["channel"] if on_messages else event["user"]
    kind: Kind = "prompts" if on_messages else "home"
    return _at_home(kind, body, place, event["user"], channel)


def read_assistant(body: Body, place: Place) -> Incoming | None:
    """Read `assistant_thread_started`: greet in the new thread and suggest questions."""
    started = (body.get("event") or {}).get("assistant_thread") or {}
    user, channel = started.get("user_id"), started.get("channel_id")
    thread = started.get("thread_ts")
    if not (user and channel and thread):
        return None
    return _at_home("prompts", body, place, user, channel, thread)


def _at_home(
    kind: Kind, body: Body, place: Place, user: str, channel: str, thread: str | None = None
) -> Incoming:
    work = Work(
        kind=kind,
        **place._asdict(),
        user=user,
        channel=channel,
        conversation=f"home:{place.team}:{user}",
        position=float(body["event"].get("event_ts") or thread or 0),
        thread=thread,
    )
    return Incoming(work, f"event:{body.get('event_id')}")


def read_command(body: Body, place: Place) -> Incoming:
    """Read the slash command's form: a question whose answer only the person sees."""
    user, channel = str(body.get("user_id")), str(body.get("channel_id"))
    work = Work(
        kind="turn",
        **place._asdict(),
        user=user,
        channel=channel,
        conversation=conversation_of(place.team, user, channel, "command", is_direct(channel)),
        position=time.time(),
        text=plain_of(str(body.get("text") or "")),
        response_url=body.get("response_url"),
        quote=True,
    )
    return Incoming(work, f"command:{place.team}:{body.get('trigger_id')}")


def read_shortcut(body: Body, place: Place) -> Incoming:
    """Read "Ask Preceptor about this": a message, taken as a question, answered in its thread."""
    user, channel = _user_and_channel(body)
    message = body.get("message") or {}
    thread = message.get("thread_ts") or message.get("ts") or body.get("message_ts")
    text = plain_of(str(message.get("text") or ""))
    work = Work(
        kind="turn" if text else "text_only",
        **place._asdict(),
        user=user,
        channel=channel,
        conversation=conversation_of(place.team, user, channel, thread, is_direct(channel)),
        position=time.time(),
        text=text,
        thread=thread,
    )
    return Incoming(work, f"shortcut:{place.team}:{body.get('trigger_id')}", joins=thread)


def stays(block_id: str) -> bool:
    """Say whether the buttons of a block stay after a click: a programme's, the App Home's."""
    return block_id.startswith(("card:", "home-"))


def read_click(body: Body, action: Body, title: str, value: str | None, place: Place) -> Incoming:
    """Read a click on a button, whose value may have no power.

    Args:
        body: The payload of `block_actions`.
        action: The clicked element.
        title: What the person chose, in words.
        value: The button's value.
        place: The workspace.
    """
    user, channel = _user_and_channel(body)
    container, message = body.get("container") or {}, body.get("message") or {}
    action_id, block_id = str(action.get("action_id")), str(action.get("block_id"))
    message_ts = container.get("message_ts") or message.get("ts")
    in_view, private = container.get("type") == "view", bool(container.get("is_ephemeral"))
    where = f"{container.get('view_id') if in_view else channel}:{message_ts}"
    channel = user if in_view else channel
    direct = in_view or is_direct(channel)
    thread = container.get("thread_ts") or message.get("thread_ts")
    if not direct:
        thread = "command" if private else thread or message_ts
    # A programme's and the home's buttons stay, side by side; quick replies are gone at once.
    again = f":{action_id}" if stays(block_id) else ""
    work = Work(
        kind="turn",
        **place._asdict(),
        user=user,
        channel=channel,
        conversation=conversation_of(place.team, user, channel, thread, direct),
        position=time.time(),
        text=title,
        payload=value,
        thread=None if private or in_view else thread,
        response_url=body.get("response_url") if private else None,
        page_of=message_ts if action_id.startswith("page:") else None,
        quote=in_view,
        status_in=thread if direct and not in_view else None,
    )
    return Incoming(work, f"click:{place.team}:{where}:{user}:{block_id}{again}")


def _user_and_channel(body: Body) -> tuple[str, str]:
    return str((body.get("user") or {}).get("id")), str((body.get("channel") or {}).get("id"))
