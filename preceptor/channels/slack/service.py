"""The Slack channel's works: accepted events become turns, turns become messages to send.

An event is accepted when it is verified, known to be new, and kept in the inbox; only then is it
acknowledged. Its turn runs afterwards: one at a time in a conversation, several conversations at
once. What a turn says goes into the outbox in the same step that takes the event out of the
inbox.
"""

from __future__ import annotations

import asyncio
import heapq
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import aiohttp
import structlog
from rasa.core.channels.channel import UserMessage
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.engine import Engine

from preceptor.channels.output import RepliesOutput, metadata_of, opened
from preceptor.channels.retry import backoff
from preceptor.channels.slack import home
from preceptor.channels.slack.blocks import Rendered, Rendering, render
from preceptor.channels.slack.delivery_log import LEASE_SECONDS, Accepted, Deliveries, SharedMemory
from preceptor.channels.slack.incoming import Told, Work, conversation_of, is_direct
from preceptor.channels.slack.installations import Installations, SlackMemory
from preceptor.channels.slack.mrkdwn import escaped
from preceptor.channels.slack.outbox import CALL_LIMIT_SECONDS, Message, Outbox, Recent, is_local
from preceptor.channels.turn_runner import FAILED_SENTENCE, OnNewMessage, reply_in_words
from preceptor.channels.web.feedback import Ratings
from preceptor.conversation.choices import Seals
from preceptor.conversation.plain_text import plain_text
from preceptor.conversation.replies import Reply
from preceptor.rasa_ext.choices import CHOICE
from preceptor.runtime.settings import SlackSettings

# They share one loop with what acknowledges: with four at once, an acknowledgement waited 198 ms at
# the 99th percentile of 1,000 events of 200 people, with two 75 ms.
TURNS_AT_ONCE = 2
# Slack's deliveries overtake each other now and then: a turn waits this long for an earlier one.
SETTLING_SECONDS = 0.15
ADOPTIONS_LIMIT = 3
STOP_SECONDS = 8.0
_PRUNE_EVERY_SECONDS = 600.0
_TOKENS_KEPT_SECONDS = 60.0
_SUBSTANTIAL_CHARACTERS = 160

log = structlog.get_logger(__name__)
T = TypeVar("T")


class SlackService:
    """Everything behind the channel's routes, from the server's start to its end."""

    def __init__(
        self,
        config: SlackSettings,
        engine: Engine,
        seals: Seals,
        tokens_key: bytes,
        on_new_message: OnNewMessage,
        shared: SharedMemory | None = None,
    ) -> None:
        """Prepare it; nothing runs before `start`.

        Args:
            config: How Slack is reached.
            engine: The channels' database.
            seals: What seals the buttons' values and opens them.
            tokens_key: 32 bytes with which installations' tokens are encrypted.
            on_new_message: Rasa's handler.
            shared: What several servers without a common database share.
        """
        self.config = config
        self.engine = engine
        self.seals = seals
        self.installations = Installations(engine, tokens_key)
        self.memory = SlackMemory(engine)
        self.ratings = Ratings(engine, "slack")
        self.deliveries = Deliveries(engine, shared)
        self.agent: Any = None
        self._answer = reply_in_words(on_new_message)
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="slack-db")
        self._lines: dict[str, list[tuple[str, int, Accepted]]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._at_once = asyncio.Semaphore(TURNS_AT_ONCE)
        self._known_works: set[int] = set()
        self._done_works = Recent()
        self._tokens: dict[tuple[str | None, str], tuple[float, dict[str, Any] | None]] = {}
        self._clients: dict[str, AsyncWebClient] = {}
        self._identity: dict[str, Any] = {}
        self._stopping = False

    # From start to end

    async def prepare(self) -> None:
        """Get ready to keep what Slack tells, in the server's loop."""
        self._session = aiohttp.ClientSession()
        self.outbox = Outbox(
            self.client_of, self._session, partial(self.in_thread, self.deliveries.sent)
        )
        await self.in_thread(self.deliveries.renew)

    async def start(self, agent: Any) -> None:
        """Begin to work, with what earlier servers left undone.

        Args:
            agent: Rasa's agent, for what a person's home shows.
        """
        self.agent = agent
        await self._adopt()
        self.spawn(self._keep_alive())
        if self.config.bot_token:
            self.spawn(self._learn_identity(self.config.bot_token))

    async def stop(self) -> None:
        """Finish what is quickly finished; the rest is kept for the next start."""
        self._stopping = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._running:
            await asyncio.wait(self._running, timeout=STOP_SECONDS / 2)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.outbox.stop(STOP_SECONDS / 2)
        await self.in_thread(self.deliveries.leave)
        await self._session.close()
        self._threads.shutdown(wait=False)

    async def in_thread(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Run what blocks, such as the database, beside the server's loop."""
        call = partial(function, *arguments, **named)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def spawn(self, work: Any) -> None:
        """Run a coroutine beside; it ends with the service."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_alive(self) -> None:
        pruned = 0.0
        while True:
            await asyncio.sleep(LEASE_SECONDS / 4)
            try:
                await self.in_thread(self.deliveries.renew)
                await self._adopt()
                if time.monotonic() - pruned > _PRUNE_EVERY_SECONDS:
                    pruned = time.monotonic()
                    await self.in_thread(self.deliveries.prune)
            # Whatever the database says, the next round tries again.
            except Exception as error:
                log.error("slack.database_failed", cause=f"{type(error).__name__}: {error}")

    async def _adopt(self) -> None:
        works, outgoing = await self.in_thread(self.deliveries.adopt)
        # Messages first: they answer what was said before.
        self.outbox.add(outgoing)
        for accepted in works:
            self._enqueue(accepted)

    # In

    async def accept(self, told: Told, remembered_seconds: float | None = None) -> bool:
        """Keep what was told for its turn; return False if it was told before.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If it could not be kept; Slack then tells it again.
        """
        work = told.work
        more = {} if remembered_seconds is None else {"remembered_seconds": remembered_seconds}
        keys = [key[:255] for key in told.keys]
        accepted = await self.in_thread(
            self.deliveries.accept, keys, work.conversation, work.position, work.to_json(), **more
        )
        if accepted is None:
            return False
        if told.joins is not None:
            await self.in_thread(self.memory.join, work.team, work.channel, told.joins)
        if accepted.owner == self.deliveries.server:
            self._enqueue(accepted)
        return True

    def _enqueue(self, accepted: Accepted) -> None:
        known = accepted.id in self._known_works or accepted.id in self._done_works
        if known or self._stopping:
            return
        self._known_works.add(accepted.id)
        line = self._lines.get(accepted.conversation)
        entry = (accepted.position, accepted.id, accepted)
        if line is not None:
            heapq.heappush(line, entry)
            return
        self._lines[accepted.conversation] = [entry]
        task = asyncio.create_task(self._run_line(accepted.conversation))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run_line(self, conversation: str) -> None:
        line = self._lines[conversation]
        try:
            await asyncio.sleep(SETTLING_SECONDS)
            while line and not self._stopping:
                async with self._at_once:
                    accepted = heapq.heappop(line)[2]
                    await self._do(accepted)
        finally:
            self._lines.pop(conversation, None)
            self._known_works.difference_update(entry[1] for entry in line)

    async def _do(self, accepted: Accepted) -> None:
        work = Work.from_json(accepted.work)
        try:
            if accepted.adoptions >= ADOPTIONS_LIMIT:
                # It may be what ended them.
                log.error("slack.work_given_up", conversation=work.conversation)
                messages = self._said(work, [Reply(lead=FAILED_SENTENCE)])
            else:
                messages = await self._messages_for(work)
            queued = await self.in_thread(self.deliveries.finish, accepted.id, messages)
            self._done_works.add(accepted.id)
            self.outbox.add(queued)
        # It stays in the inbox: the next round of `_keep_alive` takes it up again.
        except Exception as error:
            log.error(
                "slack.work_failed", conversation=work.conversation,
                cause=f"{type(error).__name__}: {error}", exc_info=error,
            )  # fmt: skip
        finally:
            self._known_works.discard(accepted.id)

    async def _messages_for(self, work: Work) -> list[tuple[str, Message]]:
        if work.kind == "home":
            return [await self._home(work)]
        if work.kind == "prompts":
            return self._prompts(work)
        if work.kind == "text_only":
            return self._said(work, [Reply(lead=home.TEXT_ONLY)])
        if work.status_in is not None:
            self.spawn(self._show_status(work))
        output = RepliesOutput("slack")
        message = UserMessage(
            work.text,
            output,
            work.conversation,
            input_channel="slack",
            metadata=self._metadata_of(work),
        )
        await self._answer(message)
        await self.in_thread(self.memory.talked, work.team, work.user, work.conversation)
        if work.response_url:
            return [await self._privately(work, output.replies)]
        return self._said(work, output.replies)

    def _metadata_of(self, work: Work) -> dict[str, Any] | None:
        if work.payload is not None:
            return {CHOICE: work.payload}
        # In a channel people write to each other, too: there a prompt's words are just words.
        prompt = home.starter_in(work.text) if is_direct(work.channel) else None
        return metadata_of(opened(self.seals, prompt, work.conversation))

    # Out

    def _said(self, work: Work, replies: list[Reply]) -> list[tuple[str, Message]]:
        """Return the messages of a turn whose answer everybody in the channel sees."""
        last = len(replies) - 1
        messages = []
        page_of = work.page_of
        for n, reply in enumerate(replies):
            rates = work.kind == "turn" and n == last and _is_substantial(replies)
            shown = self.render(work, reply, rates=rates)
            if n == 0 and work.quote:
                shown = quoted(shown, None, work.text)
            args = _args(shown, work)
            post = self.message(work, "chat.postMessage", args, shown.fallback)
            if page_of is not None and shown.is_page:
                update = {"channel": work.channel, "ts": page_of, **_content(shown)}
                post = self.message(work, "chat.update", update, shown.fallback, otherwise=post)
                page_of = None
            elif work.channel != work.user:
                # Where the advisor cannot write, the person still gets the answer.
                direct = {**args, "channel": work.user}
                direct.pop("thread_ts", None)
                post["otherwise"] = self.message(work, "chat.postMessage", direct, shown.fallback)
            messages.append((lane_of(work.team, work.channel), post))
        return messages

    async def _privately(self, work: Work, replies: list[Reply]) -> tuple[str, Message]:
        """Return a turn's answer as one message that only the person sees."""
        # Without quick replies: they would be said by whoever presses them.
        to_share = self._joined(work, [reply.copy(update={"choices": ()}) for reply in replies])
        kept = await self.in_thread(
            self.memory.keep,
            {
                "question": work.text,
                "user": work.user,
                "text": to_share.text,
                "blocks": to_share.blocks,
                "fallback": to_share.fallback,
            },
        )
        shown = self._joined(work, replies, share=kept)
        if work.quote:
            shown = quoted(shown, None, work.text)
        replace = work.page_of is not None and shown.is_page
        args = {"response_type": "ephemeral", "replace_original": replace, **_content(shown)}
        otherwise = self.message(
            work, "chat.postMessage", {**_content(shown), "channel": work.user}, shown.fallback
        )
        message = self.message(work, "response_url", args, shown.fallback, otherwise=otherwise)
        return lane_of(work.team, work.channel), {**message, "url": work.response_url}

    def _joined(self, work: Work, replies: list[Reply], share: str | None = None) -> Rendered:
        last = len(replies) - 1
        parts = [
            self.render(work, reply, share=share if n == last else None)
            for n, reply in enumerate(replies)
        ]
        blocks = [block for part in parts for block in part.blocks]
        fallback = [block for part in parts for block in part.fallback or part.blocks]
        return Rendered(
            text="\n\n".join(part.text for part in parts),
            blocks=blocks[:50],
            fallback=fallback[:50] if fallback != blocks else [],
            is_page=any(part.is_page for part in parts),
        )

    def render(
        self, work: Work, reply: Reply, *, rates: bool = False, share: str | None = None
    ) -> Rendered:
        """Render a reply with block ids of its own and buttons for its conversation."""
        place = Rendering(
            self.seals, work.conversation, uuid.uuid4().hex[:10], self.config.native_blocks
        )
        return render(reply, place, rates=rates, share=share)

    def message(
        self,
        work: Work,
        method: str,
        args: dict[str, Any],
        fallback: list[dict[str, Any]] | None = None,
        otherwise: Message | None = None,
    ) -> Message:
        """Return a message as the outbox keeps it."""
        return {
            "team": work.team,
            "enterprise": work.enterprise,
            "method": method,
            "args": args,
            "fallback": fallback or None,
            "otherwise": otherwise,
        }

    async def send(self, messages: list[tuple[str, Message]]) -> None:
        """Put messages into the outbox that belong to no turn."""
        self.outbox.add(await self.in_thread(self.deliveries.queue, messages))

    def _prompts(self, work: Work) -> list[tuple[str, Message]]:
        lane = lane_of(work.team, work.channel)
        args: dict[str, Any] = {
            "channel_id": work.channel,
            "title": home.PROMPTS_TITLE,
            "prompts": home.prompts(),
        }
        messages = []
        if work.thread is not None:
            args["thread_ts"] = work.thread
            messages += self._said(work, [Reply(lead=home.GREETING)])
        messages.append((lane, self.message(work, "assistant.threads.setSuggestedPrompts", args)))
        return messages

    async def _home(self, work: Work) -> tuple[str, Message]:
        shortlist, search = await self._remembered_of(work)
        conversation = conversation_of(work.team, work.user, work.channel, None, True)
        seal = partial(self.seals.seal, conversation=conversation)
        shown = home.view(shortlist, search, seal, uuid.uuid4().hex[:10])
        message = self.message(work, "views.publish", {"user_id": work.user, "view": shown})
        return f"home:{work.team}:{work.user}", message

    async def _remembered_of(self, work: Work) -> tuple[list[dict[str, Any]], str | None]:
        """Return a person's shortlist and last search, from their latest conversations' slots."""
        conversations = await self.in_thread(self.memory.conversations_of, work.team, work.user)
        shortlist: dict[str, dict[str, Any]] = {}
        search: str | None = None
        for conversation in conversations:
            tracker = await self.agent.tracker_store.retrieve(conversation)
            slots = tracker.current_slot_values() if tracker is not None else {}
            # A domain may be without these slots: then there is nothing to show.
            for program in slots.get("shortlist") or []:
                if isinstance(program, dict) and program.get("id"):
                    shortlist.setdefault(str(program["id"]), program)
            search = search or slots.get("search_summary")
        return list(shortlist.values()), search

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
        """Return who the advisor is in a workspace: `bot_token`, `bot_user_id`, `bot_id`.

        Read at most once a minute: another server may have installed or removed it.
        """
        place = (enterprise, team or "")
        until, found = self._tokens.get(place, (0.0, None))
        if time.monotonic() > until:
            found = await self.in_thread(self.installations.find, enterprise, team)
            self._tokens[place] = (time.monotonic() + _TOKENS_KEPT_SECONDS, found)
        if found is None and self.config.bot_token:
            return {"bot_token": self.config.bot_token, **self._identity}
        return found

    def forget_tokens(self) -> None:
        """Read the installations anew: one was added or removed."""
        self._tokens.clear()

    async def client_of(self, team: str, enterprise: str | None) -> AsyncWebClient | None:
        """Return the client for a workspace, or None without a token for it."""
        found = await self.installation(enterprise, team)
        token = found.get("bot_token") if found else None
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

    async def _learn_identity(self, token: str) -> None:
        """Ask Slack who the advisor is there, again and again until it says."""
        for wait in backoff(1.0, 60.0):
            try:
                answer = await self.client(token).auth_test()
                self._identity = {
                    "bot_user_id": answer.get("user_id"),
                    "bot_id": answer.get("bot_id"),
                    "team_id": answer.get("team_id"),
                }
                log.info("slack.ready", team=answer.get("team"), mode=self.config.mode)
                return
            except SlackApiError as error:
                word = error.response.get("error")
                log.error(
                    "slack.token_refused",
                    why=f'Slack says "{word}" to SLACK_BOT_TOKEN; '
                    "python -m preceptor slack check tells what to do",
                )
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
                log.warning("slack.unreachable", cause=f"{type(error).__name__}: {error}")
            await asyncio.sleep(wait)


def lane_of(team: str, channel: str) -> str:
    """Return the lane in which a channel's messages stay in order."""
    return f"{team}:{channel}"


def _is_substantial(replies: list[Reply]) -> bool:
    """Say whether a turn's answer is worth a rating: it shows or explains something."""
    return any(
        reply.card is not None or len(plain_text(reply)) > _SUBSTANTIAL_CHARACTERS
        for reply in replies
    )


def _content(shown: Rendered) -> dict[str, Any]:
    return {"text": shown.text, **({"blocks": shown.blocks} if shown.blocks else {})}


def _args(shown: Rendered, work: Work) -> dict[str, Any]:
    args = {
        "channel": work.channel,
        **_content(shown),
        "unfurl_links": False,
        "unfurl_media": False,
    }
    return {**args, "thread_ts": work.thread} if work.thread else args


def quoted(shown: Rendered, user: str | None, question: str) -> Rendered:
    """Return an answer with the question above it."""
    above = home.asked(user, question)
    who = f"<@{user}>" if user else "You"
    return Rendered(
        text=f"{who} asked: {escaped(question)}\n\n{shown.text}",
        blocks=[*above, *shown.blocks][:50],
        fallback=[*above, *shown.fallback][:50] if shown.fallback else [],
        is_page=shown.is_page,
    )
