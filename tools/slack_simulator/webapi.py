"""The Web API methods that the app uses, on the state of the fake Slack.

Errors have the names that https://docs.slack.dev/reference/methods gives them.
"""

from collections.abc import Callable
from typing import Any

from tools.slack_simulator.limits import (
    message_problems,
    prompt_problems,
    view_problems,
    wishes,
)
from tools.slack_simulator.workspace import (
    SCOPE_OF,
    Channel,
    Message,
    Team,
    Workspaces,
)

APP_TOKEN = "xapp-1-A0APP-1-fake"
CLIENT_ID = "1111.2222"
CLIENT_SECRET = "client-secret-of-the-fake"


class Refused(Exception):
    """An answer with `ok: false`."""

    def __init__(self, error: str, messages: list[str] | None = None, **more: Any) -> None:
        """Remember the error's name, the details and what else is in the answer."""
        super().__init__(error)
        self.error = error
        self.messages = messages or []
        self.more = more


class WebApi:
    """Answers calls; `violations` collects what should never have been sent."""

    def __init__(self, world: Workspaces) -> None:
        """Work on this state."""
        self.world = world
        self.violations: list[str] = []
        self._methods: dict[str, Callable[[Team, dict[str, Any]], dict[str, Any]]] = {
            "auth.test": self._auth_test,
            "auth.revoke": self._auth_revoke,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.postEphemeral": self._post_ephemeral,
            "conversations.info": self._info,
            "conversations.members": self._members,
            "conversations.open": self._open,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "users.info": self._user,
            "bots.info": self._bot,
            "views.publish": self._publish,
            "views.open": self._open_view,
            "views.push": self._open_view,
            "views.update": self._update_view,
            "assistant.threads.setStatus": self._status,
            "assistant.threads.setSuggestedPrompts": self._prompts,
            "assistant.threads.setTitle": self._title,
            "reactions.add": self._react,
            "reactions.remove": self._unreact,
        }

    def answer(self, method: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a call of a method with a bot token.

        Raises:
            Refused: with the error as Slack names it.
        """
        if not token:
            raise Refused("not_authed")
        team = self.world.team_of_token(token)
        if team is None:
            raise Refused("invalid_auth")
        if not team.installed:
            raise Refused("token_revoked")
        if method not in self._methods:
            raise Refused("unknown_method", req_method=method)
        needed = SCOPE_OF.get(method)
        if needed and not needed & team.scopes:
            raise Refused(
                "missing_scope", needed=",".join(sorted(needed)),
                provided=",".join(sorted(team.scopes)),
            )  # fmt: skip
        return self._methods[method](team, body)

    def check(self, body: dict[str, Any], whence: str) -> None:
        """Note what a good app would not send, and refuse what Slack refuses.

        Raises:
            Refused: `invalid_blocks` with the details, or `no_text`.
        """
        self.violations += [f"{whence}: {wish}" for wish in wishes(body)]
        problems = message_problems(body)
        if problems:
            self.violations += [f"{whence}: {problem}" for problem in problems]
            raise Refused("invalid_blocks", problems)
        if not body.get("blocks") and not str(body.get("text") or "").strip():
            self.violations.append(f"{whence}: no_text")
            raise Refused("no_text")

    def named_blocks(self, blocks: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
        """Return blocks with the ids that Slack gives to those without one."""
        return [
            {**block, "block_id": block.get("block_id") or self.world.next_id("b")}
            | (
                {"elements": self.named_blocks(block["elements"])}
                if block["type"] == "carousel"
                else {}
            )
            for block in blocks or []
        ]

    def _channel(self, team: Team, name: Any) -> Channel:
        name = str(name or "")
        if name.startswith(("U", "W")):
            return self.world.dm(team.id, name)
        channel = self.world.channels.get((team.id, name))
        if channel is None:
            raise Refused("channel_not_found")
        return channel

    def _own(self, team: Team, body: dict[str, Any]) -> Message:
        channel = self._channel(team, body.get("channel"))
        message = self.world.find(team.id, channel.id, str(body.get("ts")))
        if message is None or message.deleted or message.ephemeral_to:
            raise Refused("message_not_found")
        if not message.from_bot:
            raise Refused("cant_update_message")
        return message

    def _auth_test(self, team: Team, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "url": f"https://{team.id.lower()}.slack.com/", "team": team.name, "team_id": team.id,
            "user": "preceptor", "user_id": team.bot_user, "bot_id": team.bot_id,
            "is_enterprise_install": False,
        }  # fmt: skip

    def _auth_revoke(self, team: Team, _: dict[str, Any]) -> dict[str, Any]:
        team.installed = False
        return {"revoked": True}

    def _post(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(team, body.get("channel"))
        if team.bot_user not in channel.members:
            raise Refused("not_in_channel")
        self.check(body, "chat.postMessage")
        thread = body.get("thread_ts")
        if thread and not self.world.find(team.id, channel.id, str(thread)):
            # Slack posts such a message at the top level; nobody would find it there.
            self.violations.append(f"chat.postMessage: there is no thread {thread}")
            thread = None
        message = Message(
            team.id, channel.id, self.world.next_ts(), team.bot_user, str(body.get("text") or ""),
            self.named_blocks(body.get("blocks")), thread, from_bot=True,
            metadata=body.get("metadata"),
        )  # fmt: skip
        self.world.messages.append(message)
        return {"channel": channel.id, "ts": message.ts, "message": message.body(team.bot_id)}

    def _post_ephemeral(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(team, body.get("channel"))
        if team.bot_user not in channel.members:
            raise Refused("not_in_channel")
        if body.get("user") not in channel.members:
            raise Refused("user_not_in_channel")
        self.check(body, "chat.postEphemeral")
        message = Message(
            team.id, channel.id, self.world.next_ts(), team.bot_user, str(body.get("text") or ""),
            self.named_blocks(body.get("blocks")), body.get("thread_ts"), from_bot=True,
            ephemeral_to=str(body["user"]),
        )  # fmt: skip
        self.world.messages.append(message)
        return {"message_ts": message.ts}

    def _update(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        message = self._own(team, body)
        self.check(body, "chat.update")
        message.change(str(body.get("text") or ""), self.named_blocks(body.get("blocks")))
        if "metadata" in body:
            message.metadata = body["metadata"]
        return {
            "channel": message.channel, "ts": message.ts, "text": message.text,
            "message": message.body(team.bot_id),
        }  # fmt: skip

    def _delete(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        message = self._own(team, body)
        message.deleted = True
        return {"channel": message.channel, "ts": message.ts}

    def _info(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(team, body.get("channel"))
        return {
            "channel": {
                "id": channel.id, "name": channel.name, "is_im": channel.kind == "im",
                "is_mpim": channel.kind == "mpim", "is_private": channel.kind != "channel",
                "is_member": team.bot_user in channel.members,
            }
        }  # fmt: skip

    def _members(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(team, body.get("channel"))
        return {"members": sorted(channel.members), "response_metadata": {"next_cursor": ""}}

    def _open(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        users = [user for user in str(body.get("users") or "").split(",") if user]
        if not users:
            raise Refused("users_not_found")
        if len(users) == 1:
            return {"channel": {"id": self.world.dm(team.id, users[0]).id}}
        return {"channel": {"id": self.world.group_dm(team.id, *users).id}}

    def _history(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(team, body.get("channel"))
        shown = [
            message.body(team.bot_id)
            for message in reversed(self.world.messages)
            if (message.team, message.channel) == (team.id, channel.id)
            and not message.ephemeral_to
            and not message.deleted
            and message.thread_ts in (None, message.ts)
            and self._within(message.ts, body)
        ]
        limit = int(body.get("limit") or 100)
        return {"messages": shown[:limit], "has_more": len(shown) > limit}

    @staticmethod
    def _within(ts: str, body: dict[str, Any]) -> bool:
        inclusive = str(body.get("inclusive")).lower() in ("true", "1")
        oldest, latest = body.get("oldest"), body.get("latest")
        if oldest and (ts < str(oldest) or (ts == str(oldest) and not inclusive)):
            return False
        return not (latest and (ts > str(latest) or (ts == str(latest) and not inclusive)))

    def _replies(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(team, body.get("channel"))
        thread = self.world.thread(team.id, channel.id, str(body.get("ts")))
        if not thread:
            raise Refused("thread_not_found")
        return {"messages": [m.body(team.bot_id) for m in thread], "has_more": False}

    def _user(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        user = str(body.get("user") or "")
        if not user.startswith(("U", "W")):
            raise Refused("user_not_found")
        return {
            "user": {
                "id": user, "team_id": team.id, "name": user.lower(), "is_bot": False,
                "locale": "en-GB", "tz": "Europe/London", "profile": {"real_name": user},
            }
        }  # fmt: skip

    def _bot(self, team: Team, _: dict[str, Any]) -> dict[str, Any]:
        return {"bot": {"id": team.bot_id, "user_id": team.bot_user, "app_id": "A0APP"}}

    def _checked_view(self, body: dict[str, Any], whence: str) -> dict[str, Any]:
        view = body.get("view")
        if problems := view_problems(view):
            self.violations += [f"{whence}: {problem}" for problem in problems]
            raise Refused("invalid_arguments", problems)
        assert isinstance(view, dict)
        self.violations += [
            f"{whence}: {wish}"
            for wish in wishes({"text": "a view has no plain text", "blocks": view["blocks"]})
        ]
        blocks = self.named_blocks(view["blocks"])
        return {**view, "id": self.world.next_id("V"), "hash": self.world.next_ts(),
                "blocks": blocks, "state": {"values": {}}, "app_id": "A0APP"}  # fmt: skip

    def _publish(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        view = self._checked_view(body, "views.publish")
        if view["type"] != "home":
            raise Refused("invalid_arguments")
        key = (team.id, str(body.get("user_id")))
        known = self.world.homes.get(key)
        if body.get("hash") and known and body["hash"] != known["hash"]:
            raise Refused("hash_conflict")
        self.world.homes[key] = {**view, "id": known["id"]} if known else view
        return {"view": self.world.homes[key]}

    def _open_view(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        if not body.get("trigger_id"):
            raise Refused("invalid_trigger_id")
        view = self._checked_view(body, "views.open") | {"team_id": team.id}
        self.world.modals.append(view)
        return {"view": view}

    def _update_view(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        for number, known in enumerate(self.world.modals):
            if known["id"] == body.get("view_id"):
                view = self._checked_view(body, "views.update") | {"id": known["id"]}
                self.world.modals[number] = view | {"team_id": team.id}
                return {"view": view}
        raise Refused("not_found")

    def _status(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(team, body.get("channel_id"))
        if not body.get("thread_ts"):
            raise Refused("invalid_thread_ts")
        self.world.statuses.append(
            (channel.id, str(body["thread_ts"]), str(body.get("status") or ""))
        )
        return {}

    def _prompts(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(team, body.get("channel_id"))
        if problems := prompt_problems(body.get("prompts")):
            self.violations += [f"setSuggestedPrompts: {problem}" for problem in problems]
            raise Refused("invalid_arguments", problems)
        self.world.prompts[channel.id] = list(body["prompts"])
        return {}

    def _title(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(team, body.get("channel_id"))
        self.world.titles[channel.id] = str(body.get("title") or "")
        return {}

    def _react(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(team, body.get("channel"))
        self.world.reactions.append((channel.id, str(body.get("timestamp")), str(body.get("name"))))
        return {}

    def _unreact(self, team: Team, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(team, body.get("channel"))
        reaction = (channel.id, str(body.get("timestamp")), str(body.get("name")))
        if reaction not in self.world.reactions:
            raise Refused("no_reaction")
        self.world.reactions.remove(reaction)
        return {}
