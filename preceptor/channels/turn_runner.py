"""A person always gets a reply in words, whatever goes wrong behind the channel.

Three things here see to it, none of which patches Rasa:

- `GuardedActionEndpoint` stands in for the action server's address. Where the action server
  is down, slow or broken it answers in the server's place, with the domain's
  `utter_action_failed`, so that the conversation keeps its state and goes on.
- `StrictTrackerStore` fails a turn whose conversation cannot be read, where Rasa would
  answer as if to a stranger.
- `reply_in_words` runs one turn for a channel. Where the turn fails, takes too long or says
  nothing, it sends a sentence of its own. The answer to a message in another language begins with
  a sentence in that language (`preceptor.channels.prefaces`).

All log the cause with the conversation's id.
"""

import asyncio
import contextvars
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import aiohttp
import jsonschema
import structlog
from rasa.core.actions.action import RemoteAction
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from sanic import Blueprint, Sanic
from structlog.contextvars import bound_contextvars

from preceptor.channels.clean_text import Cleaned, clean_text
from preceptor.channels.output import PREFACE
from preceptor.channels.prefaces import Prefaces
from preceptor.rasa_ext.processor import Processor
from preceptor.rasa_ext.turn_context import Heard, heard

__all__ = [
    "ACTION_LIMIT_SECONDS",
    "FAILED_SENTENCE",
    "PARTLY_SENTENCE",
    "TURN_LIMIT_SECONDS",
    "Cleaned",
    "CountedOutput",
    "GuardedActionEndpoint",
    "StrictTrackerStore",
    "clean_text",
    "guard_agent",
    "guard_on_start",
    "reply_in_words",
]

ACTION_LIMIT_SECONDS = 5.0
TURN_LIMIT_SECONDS = 20.0
# How long the sentence about a failure may take to go out.
_SENTENCE_LIMIT_SECONDS = 5.0

# How long an unused connection to the action server is kept. The server's own limit is 5 s.
_IDLE_SECONDS = 3.0

ACTION_FAILED_RESPONSE = "utter_action_failed"
# Constant text: these are said where the domain's responses may be out of reach.
FAILED_SENTENCE = (
    "Sorry, something went wrong on my side and I could not answer that. "
    "Please try again in a moment. If it is urgent, please ask a person at your school or "
    "placement office, and in an emergency call your local emergency number."
)
PARTLY_SENTENCE = (
    "Sorry, something went wrong on my side before I had finished, so my answer may be "
    "incomplete. Please ask again in a moment."
)

# Made once: `jsonschema.validate` checks the schema itself each time; that took most of a turn.
_SCHEMA = RemoteAction.action_response_format_spec()
_ANSWER = jsonschema.validators.validator_for(_SCHEMA)(_SCHEMA)

# Events that are valid whatever else they hold, by the same schema.
_EVENTS = _SCHEMA["properties"]["events"]["items"]["oneOf"]
_PLAIN_EVENTS = frozenset(
    each["properties"]["event"]["const"] for each in _EVENTS if [*each["properties"]] == ["event"]
)

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]

log = structlog.get_logger(__name__)


@dataclass
class _Turn:
    """What the guard remembers while it runs one turn."""

    action_failure_told: bool = False


_current_turn: contextvars.ContextVar[_Turn | None] = contextvars.ContextVar(
    "preceptor_turn", default=None
)


class GuardedActionEndpoint(EndpointConfig):
    """The action server's address, with a time limit and an answer for when it fails.

    Its connections are kept for the next call; making a client and a connection takes longer than
    most actions. Where the action server closes one at the very moment that it is used again, the
    call is made once more on a new one: actions change nothing but by what they answer.
    """

    def __init__(self, *args: Any, limit_seconds: float = ACTION_LIMIT_SECONDS, **kwargs: Any):
        """Create the endpoint; all arguments but `limit_seconds` are `EndpointConfig`'s.

        Args:
            limit_seconds: How long a call may take, connecting and reading included.
        """
        super().__init__(*args, **kwargs)
        self.limit_seconds = limit_seconds
        self._anew = EndpointConfig(*args, **kwargs)
        self._kept: tuple[asyncio.AbstractEventLoop, aiohttp.ClientSession] | None = None

    @classmethod
    def around(
        cls, endpoint: EndpointConfig, limit_seconds: float = ACTION_LIMIT_SECONDS
    ) -> "GuardedActionEndpoint":
        """Return a guarded endpoint with the settings of a plain one."""
        return cls(
            endpoint.url,
            endpoint.params,
            endpoint.headers,
            endpoint.basic_auth,
            endpoint.token,
            endpoint.token_name,
            endpoint.cafile,
            limit_seconds=limit_seconds,
            **endpoint.kwargs,
        )

    def session(self) -> AbstractAsyncContextManager[aiohttp.ClientSession]:
        """Return the session for a call; leaving it leaves it open for the next one."""
        loop = asyncio.get_running_loop()
        if self._kept is None or self._kept[0] is not loop or self._kept[1].closed:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS)
            login = self.basic_auth
            auth = aiohttp.BasicAuth(login["username"], login["password"]) if login else None
            # Without cookies: one conversation's are not another's.
            jar = aiohttp.DummyCookieJar()
            kept = aiohttp.ClientSession(
                connector=connector, cookie_jar=jar, headers=self.headers, auth=auth
            )
            self._kept = loop, kept
        return nullcontext(self._kept[1])

    async def close(self) -> None:
        """Close the connections that are kept; the next call opens new ones."""
        if self._kept is not None:
            loop, kept = self._kept
            self._kept = None
            if loop is asyncio.get_running_loop():
                await kept.close()

    async def _call(self, *args: Any, **kwargs: Any) -> Any:
        started = time.monotonic()
        kwargs["timeout"] = aiohttp.ClientTimeout(total=self.limit_seconds)
        try:
            return await super().request(*args, **kwargs)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if isinstance(error, aiohttp.ClientConnectorError):
                raise
            left = max(0.001, self.limit_seconds - (time.monotonic() - started))
            kwargs["timeout"] = aiohttp.ClientTimeout(total=left)
            return await self._anew.request(*args, **kwargs)

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        """Call the action server.

        Args:
            args: As for `EndpointConfig.request`.
            kwargs: As for `EndpointConfig.request`; `timeout` is replaced by our limit, since
                Rasa always asks for 300 s.

        Returns:
            The action server's answer, `{"events": [...], "responses": [...]}`, or, where it
            failed, an answer that utters `utter_action_failed` (once a turn).

        Raises:
            ClientResponseError: With status 400 and an action's name, Rasa's sign that an
                action rejected its execution.
        """
        body = kwargs.get("json") or {}
        try:
            answer = await self._call(*args, **kwargs)
            if not is_plainly_valid(answer):
                _ANSWER.validate(answer)
            return answer
        except ClientResponseError as error:
            if error.status == 400 and _names_an_action(error.text):
                raise
            cause = f"status {error.status}: {_shorten(_error_of(error.text))}"
        except asyncio.TimeoutError:
            cause = f"no answer within {self.limit_seconds:g} s"
        except jsonschema.ValidationError as error:
            cause = f"the answer is not what Rasa expects: {_shorten(error.message)}"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            cause = f"{type(error).__name__}: {_shorten(error)}"
        log.error(
            "action.failed",
            conversation=body.get("sender_id"),
            action=body.get("next_action"),
            url=self.url,
            cause=cause,
        )
        return _failure_answer()


def is_plainly_valid(answer: Any) -> bool:
    """Tell at a look that an action server's answer is valid; where not, the schema decides.

    It knows the few shapes that answers mostly have; the schema tries two dozen for each event.
    """
    if type(answer) is not dict:
        return False
    events, responses = answer.get("events", []), answer.get("responses", [])
    return (
        type(events) is list
        and type(responses) is list
        and all(type(response) is dict for response in responses)
        and all(type(event) is dict and _is_plain(event) for event in events)
    )


def _is_plain(event: dict[str, Any]) -> bool:
    if type(event.get("timestamp")) not in (type(None), int, float):
        return False
    if type(event.get("metadata")) not in (type(None), dict):
        return False
    kind = event.get("event")
    if kind == "slot":
        return type(event.get("name")) is str and "value" in event
    return type(kind) is str and kind in _PLAIN_EVENTS


def _failure_answer() -> dict[str, Any]:
    # A turn may call the action server several times (slot validation, then the action);
    # one apology is enough.
    turn = _current_turn.get()
    told = turn is not None and turn.action_failure_told
    if turn is not None:
        turn.action_failure_told = True
    return {"events": [], "responses": [] if told else [{"response": ACTION_FAILED_RESPONSE}]}


def _names_an_action(text: Any) -> bool:
    return isinstance(_json_object(text).get("action_name"), str)


def _error_of(text: Any) -> Any:
    # The SDK sends the whole conversation back with its error: that stays out of the log.
    return _json_object(text).get("error", "(no JSON with an error)")


def _json_object(text: Any) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}


def _shorten(value: Any, limit_characters: int = 300) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text if len(text) <= limit_characters else text[:limit_characters] + "…"


class StrictTrackerStore(FailSafeTrackerStore):
    """A tracker store that does not pass an unreadable conversation off as a new one.

    Rasa's answers such a turn from an empty tracker: the search would seem forgotten, and
    the turn's events would be dropped or mixed up when they are saved. An error while saving
    is still only logged, since by then the person has the answer.
    """

    def init_tracker(self, sender_id: str) -> DialogueStateTracker:
        """Return an empty tracker as the inner store makes it; Rasa's wrapper makes its own."""
        self._tracker_store.max_event_history = self.max_event_history
        tracker: DialogueStateTracker = self._tracker_store.init_tracker(sender_id)
        return tracker

    def on_tracker_store_retrieve_error(self, error: Exception) -> None:
        """Let the turn fail; `reply_in_words` tells the person and logs the cause."""
        raise error


def guard_agent(agent: Any, limit_seconds: float = ACTION_LIMIT_SECONDS) -> None:
    """Put the guards around a Rasa agent's action server and tracker store.

    They last over a reload of the model, since `Agent.load_model` hands both on to the new
    processor. Doing it twice is harmless.

    Args:
        agent: A `rasa.core.agent.Agent`, with or without a model.
        limit_seconds: How long a call to the action server may take.
    """
    endpoint = agent.action_endpoint
    if endpoint is not None and not isinstance(endpoint, GuardedActionEndpoint):
        agent.action_endpoint = GuardedActionEndpoint.around(endpoint, limit_seconds)
    store = agent.tracker_store
    if type(store) is FailSafeTrackerStore:
        # Rasa wraps every store it is given and keeps the inner one private.
        agent.tracker_store = StrictTrackerStore(store._tracker_store)
    if agent.processor and type(agent.processor) is MessageProcessor:
        agent.processor = Processor.around(agent.processor)
    if agent.processor:
        agent.processor.action_endpoint = agent.action_endpoint
        agent.processor.tracker_store = agent.tracker_store


def guard_on_start(blueprint: Blueprint) -> None:
    """Have a channel's blueprint guard the agent once the server has started.

    Rasa loads its agent before a server starts; by then `app.ctx.agent` is there, under
    `rasa run` as under our own command.
    """

    async def guard_started_agent(app: Sanic, _: Any) -> None:
        agent = getattr(app.ctx, "agent", None)
        if agent is not None:
            guard_agent(agent)

    async def close_connections(app: Sanic, _: Any) -> None:
        endpoint = getattr(getattr(app.ctx, "agent", None), "action_endpoint", None)
        if isinstance(endpoint, GuardedActionEndpoint):
            await endpoint.close()

    blueprint.listener("after_server_start")(guard_started_agent)
    blueprint.listener("after_server_stop")(close_connections)


class CountedOutput(OutputChannel):
    """An output channel that passes everything on to another and counts it.

    Attributes:
        inner: The channel that sends.
        sent: How many messages with something to read or see went out.
    """

    def __init__(
        self, inner: OutputChannel, preface: Callable[[], str | None] = lambda: None
    ) -> None:
        """Wrap `inner`; `preface` gives what stands before a turn's first message."""
        self.inner = inner
        self.sent = 0
        self._preface = preface

    def name(self) -> str:
        """Return the inner channel's name, by which Rasa picks responses for a channel."""
        return self.inner.name()

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Pass one message on; Rasa sends every reply through this method."""
        has_content = bool((message.get("text") or "").strip()) or any(
            message.get(key) for key in ("custom", "image", "attachment", "elements")
        )
        if has_content and not self.sent and (preface := self._preface()):
            message = {**message, PREFACE: preface}
        await self.inner.send_response(recipient_id, message)
        self.sent += has_content

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Pass a plain text on."""
        await self.inner.send_text_message(recipient_id, text, **kwargs)
        self.sent += bool(text.strip())


def reply_in_words(
    on_new_message: OnNewMessage, limit_seconds: float = TURN_LIMIT_SECONDS
) -> Callable[[UserMessage], Awaitable[None]]:
    """Wrap Rasa's handler of messages so that every message is answered in words.

    The text is cleaned first (see `clean_text`), so quick replies must carry words and not
    `/intent` payloads.

    Args:
        on_new_message: What Rasa passes to `InputChannel.blueprint`.
        limit_seconds: How long a turn may take altogether.

    Returns:
        A handler of a `UserMessage` with a text and an output channel. It raises nothing but
        `asyncio.CancelledError`, and that only when it is itself cancelled.
    """
    prefaces = Prefaces()

    async def handle(message: UserMessage) -> None:
        report = Heard()
        conversation = message.sender_id
        output = CountedOutput(
            message.output_channel, lambda: prefaces.before(conversation, report)
        )
        message.output_channel = output
        with bound_contextvars(conversation=message.sender_id):
            cleaned = clean_text(message.text or "")
            message.text = cleaned.text
            if cleaned.note:
                await _say(output, message.sender_id, cleaned.note)
            if not cleaned.text:
                return
            output.sent = 0
            # The turn's task takes the context along, and with it the report to fill in.
            token = heard.set(report)
            try:
                cause, cancelled = await _run_turn(on_new_message, message, limit_seconds)
            finally:
                heard.reset(token)
            if cause is None and not output.sent:
                cause = "the turn ended without a reply"
            if cause is not None:
                log.error("turn.failed", cause=cause, messages_sent=output.sent)
                sentence = PARTLY_SENTENCE if output.sent else FAILED_SENTENCE
                await _say(output, message.sender_id, sentence)
            if cancelled:
                raise cancelled

    return handle


async def _run_turn(
    on_new_message: OnNewMessage, message: UserMessage, limit_seconds: float
) -> tuple[str | None, asyncio.CancelledError | None]:
    """Run a turn; return what went wrong, if anything, and our own cancellation."""
    token = _current_turn.set(_Turn())
    try:
        # A task of its own tells a turn that was cancelled from inside from our own end.
        turn = asyncio.ensure_future(on_new_message(message))
    finally:
        _current_turn.reset(token)
    try:
        await asyncio.wait({turn}, timeout=limit_seconds)
    except asyncio.CancelledError as error:
        turn.cancel()
        return "the channel cancelled the turn", error
    if not turn.done():
        turn.cancel()
        return f"the turn took longer than {limit_seconds:g} s", None
    if turn.cancelled():
        return "the turn was cancelled from inside", None
    failure = turn.exception()
    if failure is None:
        return None, None
    log.error("turn.exception", exc_info=failure)
    return f"{type(failure).__name__}: {_shorten(failure)}", None


async def _say(output: OutputChannel, recipient_id: str, text: str) -> None:
    """Send one sentence; where even that fails, there is only the log left."""
    try:
        await asyncio.wait_for(
            output.send_text_message(recipient_id, text), _SENTENCE_LIMIT_SECONDS
        )
    except Exception as error:
        log.error("sentence.failed", cause=f"{type(error).__name__}: {_shorten(error)}")
