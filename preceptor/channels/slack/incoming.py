"""What Slack sends, read: which of it is meant for the advisor, and what is to be done. Pure.

Conversations are `slack:team:user` in direct messages and `slack:team:channel:thread:user`
elsewhere, so that neither two workspaces nor two people in one thread share a search.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from preceptor.channels.slack.mrkdwn import first_mention, mentions, plain_of
from preceptor.nlu.emoji_codes import is_reaction

Kind = Literal["turn", "text_only", "home", "prompts"]

# A message in words from a person; every other subtype is news about a channel or a message.
_SPOKEN_SUBTYPES = {None, "", "file_share", "thread_broadcast"}


@dataclass(frozen=True)
class Work:
    """One thing to do.

    Attributes:
        kind: `turn`: answer `text`. `text_only`: say that files are not read. `home`: publish the
            App Home. `prompts`: suggest questions in the assistant's panel.
        team: The workspace, `T…`.
        enterprise: The organisation, `E…`, where there is one.
        user: Who it is for, `U…`.
        channel: Where to answer: a channel, or a user's id for a direct message to them.
        conversation: The conversation's id, "" where there is no turn.
        position: Its place in the conversation: the time of Slack's event.
        text: What the person said, or the title of the button that they chose.
        payload: What a chosen button does, as its payload's JSON, or None.
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
    position: str
    text: str = ""
    payload: dict[str, Any] | None = None
    thread: str | None = None
    response_url: str | None = None
    page_of: str | None = None
    quote: bool = False
    status_in: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as the inbox keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Work:
        """Read it back; keys that a newer version wrote are left out."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in known})


@dataclass(frozen=True)
class Told:
    """An event that may be meant for the advisor.

    Attributes:
        work: What to do.
        keys: What it is recognised by when it comes again.
        joins: The thread in which the advisor takes part from now on, or None.
        only_in: The thread in which it has to take part already, or None.
    """

    work: Work
    keys: tuple[str, ...]
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


def read_message(
    body: dict[str, Any], team: str, enterprise: str | None, bot_user: str | None
) -> Told | None:
    """Read a `message` or `app_mention` event.

    Args:
        body: The whole payload of an `event_callback`.
        team: The workspace whose token answers.
        enterprise: Its organisation.
        bot_user: The advisor's user id there, if it is known.

    Returns:
        What to do, or None where it is nobody's message to the advisor: edits, deletions, news
        of a channel, other bots, the advisor itself, people talking with each other, a mere
        emoji in a thread.
    """
    event = body.get("event") or {}
    user, channel, ts = event.get("user"), event.get("channel"), event.get("ts")
    if not (user and channel and ts) or event.get("subtype") not in _SPOKEN_SUBTYPES:
        return None
    if event.get("bot_id") or event.get("bot_profile") or user in (bot_user, "USLACKBOT"):
        return None
    markup = str(event.get("text") or "")
    thread = event.get("thread_ts")
    direct = is_direct(channel, event.get("channel_type"))
    called = event.get("type") == "app_mention" or (
        bot_user is not None and mentions(markup, bot_user)
    )
    # In a thread people also talk with each other, and begin by saying with whom.
    spoken_to = first_mention(markup)
    if not direct and not called and (thread is None or spoken_to is not None):
        return None
    if called and bot_user is None:
        bot_user = spoken_to
    text = plain_of(markup, bot_user)
    if not direct and not called and is_reaction(text):
        return None
    # At a channel's top level the advisor opens a thread; in a direct message it does not.
    answer_in = thread if direct else thread or ts
    wordless = not text and bool(event.get("files"))
    work = Work(
        kind="text_only" if wordless else "turn",
        team=team,
        enterprise=enterprise,
        user=user,
        channel=channel,
        conversation=conversation_of(team, user, channel, answer_in, direct),
        position=position_of(ts),
        # Nothing but a mention is a greeting.
        text=text or ("" if wordless or direct else "Hello"),
        thread=answer_in,
        status_in=thread if direct else None,
    )
    keys: tuple[str, ...] = (f"message:{team}:{channel}:{ts}",)
    if body.get("event_id"):
        keys = (f"event:{body['event_id']}", *keys)
    return Told(
        work,
        keys,
        joins=None if direct or not called else answer_in,
        only_in=thread if not direct and not called else None,
    )


def position_of(ts: str | None) -> str:
    """Return a message's time as text whose order is that of the times."""
    seconds, _, rest = str(ts or "").partition(".")
    return f"{seconds.zfill(12)}.{rest.ljust(6, '0')}"


def read_home(body: dict[str, Any], team: str, enterprise: str | None) -> Told | None:
    """Read `app_home_opened`: publish the home tab, or suggest questions on the messages tab."""
    event = body.get("event") or {}
    user = event.get("user")
    if not user:
        return None
    on_messages = event.get("tab") == "messages"
    if on_messages and not event.get("channel"):
        return None
    work = Work(
        kind="prompts" if on_messages else "home",
        team=team,
        enterprise=enterprise,
        user=user,
        channel=event["channel"] if on_messages else user,
        conversation=f"home:{team}:{user}",
        position=position_of(event.get("event_ts")),
    )
    return Told(work, (f"event:{body.get('event_id')}",))


def read_assistant(body: dict[str, Any], team: str, enterprise: str | None) -> Told | None:
    """Read `assistant_thread_started`: greet in the new thread and suggest questions."""
    event = body.get("event") or {}
    started = event.get("assistant_thread") or {}
    user, channel = started.get("user_id"), started.get("channel_id")
    thread = started.get("thread_ts")
    if not (user and channel and thread):
        return None
    work = Work(
        kind="prompts",
        team=team,
        enterprise=enterprise,
        user=user,
        channel=channel,
        conversation=f"home:{team}:{user}",
        position=position_of(event.get("event_ts") or thread),
        thread=thread,
    )
    return Told(work, (f"event:{body.get('event_id')}",))


def read_command(body: dict[str, Any], team: str, enterprise: str | None, now: str) -> Told:
    """Read the slash command: a question whose answer only the person sees.

    Args:
        body: The command's form.
        team: The workspace.
        enterprise: Its organisation.
        now: The time, as a position.
    """
    user, channel = str(body.get("user_id")), str(body.get("channel_id"))
    work = Work(
        kind="turn",
        team=team,
        enterprise=enterprise,
        user=user,
        channel=channel,
        conversation=conversation_of(team, user, channel, "command", is_direct(channel)),
        position=now,
        text=plain_of(str(body.get("text") or "")),
        response_url=body.get("response_url"),
        quote=True,
    )
    return Told(work, (f"command:{team}:{body.get('trigger_id')}",))


def read_shortcut(body: dict[str, Any], team: str, enterprise: str | None, now: str) -> Told:
    """Read "Ask Preceptor about this": a message, taken as a question, answered in its thread."""
    user = str((body.get("user") or {}).get("id"))
    channel = str((body.get("channel") or {}).get("id"))
    message = body.get("message") or {}
    direct = is_direct(channel)
    thread = message.get("thread_ts") or (message.get("ts") or body.get("message_ts"))
    text = plain_of(str(message.get("text") or ""))
    work = Work(
        kind="turn" if text else "text_only",
        team=team,
        enterprise=enterprise,
        user=user,
        channel=channel,
        conversation=conversation_of(team, user, channel, thread, direct),
        position=now,
        text=text,
        thread=thread,
    )
    return Told(work, (f"shortcut:{team}:{body.get('trigger_id')}",), joins=thread)


def stays(block_id: str) -> bool:
    """Say whether the buttons of a block stay after a click: a programme's, the App Home's."""
    return block_id.startswith(("card:", "home-"))


def read_click(
    body: dict[str, Any],
    action: dict[str, Any],
    title: str,
    team: str,
    enterprise: str | None,
    now: str,
) -> Told:
    """Read a click on a button: what it does is for the caller to find out.

    Args:
        body: The payload of `block_actions`.
        action: The clicked element.
        title: What the person chose, in words.
        team: The workspace.
        enterprise: Its organisation.
        now: The time, as a position.
    """
    user = str((body.get("user") or {}).get("id"))
    container = body.get("container") or {}
    message = body.get("message") or {}
    action_id, block_id = str(action.get("action_id")), str(action.get("block_id"))
    in_view = container.get("type") == "view"
    channel = user if in_view else str((body.get("channel") or {}).get("id"))
    message_ts = container.get("message_ts") or message.get("ts")
    ephemeral = bool(container.get("is_ephemeral"))
    thread = container.get("thread_ts") or message.get("thread_ts")
    direct = in_view or is_direct(channel)
    if ephemeral and not direct:
        thread = "command"
    elif not direct:
        thread = thread or message_ts
    where = f"{container.get('view_id') if in_view else channel}:{message_ts}"
    # A programme's and the home's buttons stay, side by side; quick replies are gone at once.
    again = f":{action_id}" if stays(block_id) else ""
    work = Work(
        kind="turn",
        team=team,
        enterprise=enterprise,
        user=user,
        channel=channel,
        conversation=conversation_of(team, user, channel, thread, direct),
        position=now,
        text=title,
        thread=None if ephemeral or in_view else thread,
        response_url=body.get("response_url") if ephemeral else None,
        page_of=message_ts if action_id.startswith("page:") else None,
        quote=in_view,
        status_in=thread if direct and not in_view else None,
    )
    return Told(work, (f"click:{team}:{where}:{user}:{block_id}{again}",))
