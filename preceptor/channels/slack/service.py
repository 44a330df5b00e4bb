"""The Slack channel's works: accepted events become turns, turns become messages to send.

An event is accepted when it is verified, known to be new, and kept in the inbox; only then is it
acknowledged. Its turn runs afterwards: one at a time in a conversation, several conversations at
once. What a turn says goes into the outbox in the same step that takes the event out of the
inbox.
"""

from __future__ import annotations

import asyncio
import uuid
from functools import partial
from typing import Any

import aiohttp
import structlog
from rasa.shared.core.trackers import DialogueStateTracker
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from preceptor.channels.feedback import Ratings
from preceptor.channels.http import OVERLOADED
from preceptor.channels.inbox import Inbox, Item, Overload, Worker, source_of
from preceptor.channels.output import opened
from preceptor.channels.slack import home
from preceptor.channels.slack.blocks import Rendered, Rendering, joined, render
from preceptor.channels.slack.incoming import Incoming, Work, conversation_of, is_direct
from preceptor.channels.slack.installations import Installations, SlackMemory
from preceptor.channels.slack.outbox import CALL_LIMIT_SECONDS, Message, Outbox, is_local
from preceptor.channels.storage import in_thread, writing
from preceptor.channels.turns import OnNewMessage, Turns
from preceptor.conversation.choices import Seals
from preceptor.conversation.plain_text import plain_text
from preceptor.conversation.replies import Reply
from preceptor.runtime.settings import SlackSettings

# Slack's deliveries overtake each other now and then: a turn waits this long for an earlier one.
SETTLING_SECONDS = 0.15
# The outbox is sent after the last turns have ended, within what is left before 15 s.
STOP_SECONDS = 2.0
REMEMBERED_SECONDS = 2 * 3600
_SUBSTANTIAL_CHARACTERS = 160

log = structlog.get_logger(__name__)


class SlackService:
    """Everything behind the channel's routes, from the server's start to its end."""

    def __init__(
        self,
        config: SlackSettings,
        inbox: Inbox,
        seals: Seals,
        tokens_key: bytes,
        on_new_message: OnNewMessage,
    ) -> None:
        """Prepare it in the server's loop; nothing runs before `start`.

        Args:
            config: How Slack is reached.
            inbox: What the channels share, on the channels' database.
            seals: What seals the buttons' values and opens them.
            tokens_key: 32 bytes with which installations' tokens are encrypted.
            on_new_message: Rasa's handler.
        """
        engine = inbox.engine
        self.config = config
        self.inbox = inbox
        self.seals = seals
        self.installations = Installations(engine, tokens_key)
        self.memory = SlackMemory(engine)
        self.ratings = Ratings(engine, "slack")
        self._engine = engine
        self._agent: Any = None
        self._turns = Turns("slack", on_new_message)
        self._session = aiohttp.ClientSession()
        self._inbox, self._outbox = inbox.queue("slack"), inbox.queue("slack outbox")
        outbox = Outbox(self._outbox, self.client_of, self._session)
        self._worker = inbox.worker(self._inbox, self._work, SETTLING_SECONDS)
        self._sender = Worker(self._outbox, outbox.deliver)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._tokens: dict[tuple[str | None, str | None], dict[str, Any] | None] = {}
        self._clients: dict[str, AsyncWebClient] = {}

    # From start to end

    def start(self, agent: Any) -> None:
        """Begin to work, with what an earlier run left undone.

        Args:
            agent: Rasa's agent.
        """
        self._agent = agent
        self._sender.start()
        self._worker.start()

    async def stop(self) -> None:
        """Finish what is quickly finished; the rest is kept for the next start."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.inbox.drain()
        await self._sender.stop(STOP_SECONDS)
        await self._session.close()

    def spawn(self, work: Any) -> None:
        """Run a coroutine that ends with the service."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # In

    async def accept(self, incoming: Incoming, remembered: float = REMEMBERED_SECONDS) -> bool:
        """Keep an event for its turn; return False if it came before.

        Args:
            incoming: The event.
            remembered: For how many seconds it is recognised when it comes again.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If it could not be kept; Slack then sends it again.
        """
        work = incoming.work
        try:
            is_new = await in_thread(self._keep, incoming, remembered)
        except Overload:
            await self.send(work, *self._said(work, [Reply(lead=OVERLOADED.sentence)]))
            return True
        if is_new:
            self._worker.wake(work.conversation, _source(work))
        return is_new

    def _keep(self, incoming: Incoming, remembered: float) -> bool:
        work = incoming.work
        with writing(self._engine) as connection:
            if not self.memory.remember(connection, incoming.key[:250], remembered):
                return False
            if incoming.joins is not None:
                self.memory.join(connection, work.team, work.channel, incoming.joins)
            lane, source = work.conversation, _source(work)
            self._inbox.add(connection, lane, work.dict(), work.position, source)
        return True

    async def _work(self, item: Item) -> None:
        work = Work.parse_obj(item.content)
        messages = await self._messages_for(item, work)
        if await in_thread(self._finish, item, work, messages):
            for lane in {lane for lane, _ in messages}:
                self._sender.wake(lane)

    def _finish(self, item: Item, work: Work, messages: list[tuple[str, Message]]) -> bool:
        with writing(self._engine) as connection:
            if not self._inbox.finish(connection, item):
                return False
            if work.kind == "turn":
                self.memory.talked(connection, work.team, work.user, work.conversation)
            for lane, message in messages:
                self._outbox.add(connection, lane, message)
        return True

    async def send(self, work: Work, *messages: Message) -> None:
        """Put messages into the outbox that belong to no turn."""
        lane = lane_of(work)

        def add() -> None:
            with writing(self._engine) as connection:
                for message in messages:
                    self._outbox.add(connection, lane, message)

        await in_thread(add)
        self._sender.wake(lane)

    # Out

    async def _messages_for(self, item: Item, work: Work) -> list[tuple[str, Message]]:
        lane = lane_of(work)
        if work.kind == "home":
            return [(f"home:{work.team}:{work.user}", await self._home(work))]
        if work.kind == "prompts":
            messages = self._prompts(work)
        elif work.kind == "text_only":
            messages = self._said(work, [Reply(lead=home.TEXT_ONLY)])
        else:
            if work.status_in is not None:
                self.spawn(self._show_status(work))
            # In a channel people write to each other, too: there a prompt's words are just words.
            prompt = home.starter_in(work.text) if is_direct(work.channel) else None
            payload = opened(self.seals, work.payload or prompt, work.conversation)
            replies = await self._turns.replies_once(
                item, self._agent, work.conversation, work.text, payload
            )
            if work.response_url:
                messages = [await self._privately(work, replies)]
            else:
                messages = self._said(work, replies)
        return [(lane, message) for message in messages]

    def _said(self, work: Work, replies: list[Reply]) -> list[Message]:
        """Return the messages of a turn whose answer everybody in the channel sees."""
        messages = []
        page_of = work.page_of
        for n, reply in enumerate(replies, 1):
            rates = work.kind == "turn" and n == len(replies) and _is_substantial(replies)
            shown = self._render(work, reply, rates=rates)
            if n == 1 and work.quote:
                shown = home.quoted(shown, None, work.text)
            post = message_of(work, "chat.postMessage", _post(shown, work), shown.fallback)
            if page_of is not None and shown.is_page:
                update = {"channel": work.channel, "ts": page_of, **shown.content}
                post = message_of(work, "chat.update", update, shown.fallback, post)
                page_of = None
            elif work.channel != work.user:
                # If the advisor cannot write there, the person still gets the answer.
                direct = {**_post(shown, work, thread=False), "channel": work.user}
                post["otherwise"] = message_of(work, "chat.postMessage", direct, shown.fallback)
            messages.append(post)
        return messages

    async def _privately(self, work: Work, replies: list[Reply]) -> Message:
        """Return a turn's answer as one message that only the person sees."""
        # Without quick replies: they would be said by whoever presses them.
        to_share = joined(
            [self._render(work, reply.copy(update={"choices": ()})) for reply in replies]
        )
        answer = {"question": work.text, "user": work.user, "shown": vars(to_share)}
        kept = await in_thread(self.memory.keep, answer)
        *others, last = replies
        parts = [self._render(work, reply) for reply in others]
        shown = joined([*parts, self._render(work, last, share=kept)])
        if work.quote:
            shown = home.quoted(shown, None, work.text)
        replace = work.page_of is not None and shown.is_page
        args = {"response_type": "ephemeral", "replace_original": replace, **shown.content}
        direct = {**shown.content, "channel": work.user}
        otherwise = message_of(work, "chat.postMessage", direct, shown.fallback)
        return message_of(work, "response_url", args, shown.fallback, otherwise)

    def _render(
        self, work: Work, reply: Reply, *, rates: bool = False, share: str | None = None
    ) -> Rendered:
        """Render a reply with block ids of its own and buttons for its conversation."""
        nonce = uuid.uuid4().hex[:10]
        rendering = Rendering(self.seals, work.conversation, nonce, self.config.native_blocks)
        return render(reply, rendering, rates=rates, share=share)

    def _prompts(self, work: Work) -> list[Message]:
        args: dict[str, Any] = {
            "channel_id": work.channel,
            "title": home.PROMPTS_TITLE,
            "prompts": home.prompts(),
        }
        greeting: list[Message] = []
        if work.thread is not None:
            args["thread_ts"] = work.thread
            greeting = self._said(work, [Reply(lead=home.GREETING)])
        return [*greeting, message_of(work, "assistant.threads.setSuggestedPrompts", args)]

    async def _home(self, work: Work) -> Message:
        """Return the App Home with what a person's latest conversations remember."""
        shortlist: dict[str, dict[str, Any]] = {}
        search: str | None = None
        for name in await in_thread(self.memory.conversations_of, work.team, work.user):
            tracker: DialogueStateTracker | None = await self._agent.tracker_store.retrieve(name)
            slots = tracker.current_slot_values() if tracker is not None else {}
            # A domain may be without these slots: then there is nothing to show.
            for program in slots.get("shortlist") or []:
                shortlist.setdefault(str(program["id"]), program)
            search = search or slots.get("search_summary")
        conversation = conversation_of(work.team, work.user, work.channel, None, True)
        seal = partial(self.seals.seal, conversation=conversation)
        shown = home.view(list(shortlist.values()), search, seal, uuid.uuid4().hex[:10])
        return message_of(work, "views.publish", {"user_id": work.user, "view": shown})

    async def _show_status(self, work: Work) -> None:
        """Say that the advisor is at it; nothing depends on it."""
        client = await self.client_of(work.team, work.enterprise)
        if client is None:
            return
        try:
            await client.assistant_threads_setStatus(
                channel_id=work.channel, thread_ts=str(work.status_in), status=home.STATUS
            )
        except (SlackApiError, aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            log.debug("slack.status_failed", cause=str(error)[:200])

    # Workspaces

    async def installation(self, enterprise: str | None, team: str | None) -> dict[str, Any] | None:
        """Return who the advisor is in a workspace: `bot_token`, `bot_user_id`, `bot_id`."""
        place = (enterprise, team)
        if place not in self._tokens:
            self._tokens[place] = await in_thread(self.installations.find, enterprise, team)
        if self._tokens[place] is None and self.config.bot_token:
            return {"bot_token": self.config.bot_token}
        return self._tokens[place]

    def forget_tokens(self) -> None:
        """Read the installations anew: one was added or removed."""
        self._tokens.clear()

    async def client_of(self, team: str, enterprise: str | None) -> AsyncWebClient | None:
        """Return the client for a workspace, or None without a token for it."""
        workspace = await self.installation(enterprise, team)
        token = workspace.get("bot_token") if workspace else None
        return self.client(str(token)) if token else None

    def client(self, token: str | None) -> AsyncWebClient:
        """Return a client that leaves trying again to the outbox."""
        key = token or ""
        if key not in self._clients:
            client = AsyncWebClient(
                token=token,
                base_url=self.config.api_url,
                timeout=CALL_LIMIT_SECONDS,
                session=self._session,
                retry_handlers=[],
            )
            if is_local(self.config.api_url):
                client.proxy = None
            self._clients[key] = client
        return self._clients[key]


def message_of(
    work: Work,
    method: str,
    args: dict[str, Any],
    fallback: list[dict[str, Any]] | None = None,
    otherwise: Message | None = None,
) -> Message:
    """Return a message as the outbox keeps it.

    Args:
        work: What it answers.
        method: Slack's method, or `response_url`.
        args: The method's arguments.
        fallback: Plainer blocks, in case that Slack refuses those in the arguments.
        otherwise: What to send if Slack refuses the message altogether.
    """
    return {
        "team": work.team,
        "enterprise": work.enterprise,
        "method": method,
        "args": args,
        "fallback": fallback or None,
        "otherwise": otherwise,
        "url": work.response_url,
    }


def _source(work: Work) -> str:
    """Return who waits in line for a turn: a person, with all their conversations."""
    return source_of(f"{work.team}:{work.user}", work.text)


def lane_of(work: Work) -> str:
    """Return the lane in which a channel's messages stay in order."""
    return f"{work.team}:{work.channel}"


def _is_substantial(replies: list[Reply]) -> bool:
    """Say whether a turn's answer is worth a rating: it shows or explains something."""
    return any(
        reply.card is not None or len(plain_text(reply)) > _SUBSTANTIAL_CHARACTERS
        for reply in replies
    )


def _post(shown: Rendered, work: Work, *, thread: bool = True) -> dict[str, Any]:
    args = {"channel": work.channel, **shown.content, "unfurl_links": False, "unfurl_media": False}
    return {**args, "thread_ts": work.thread} if work.thread and thread else args
