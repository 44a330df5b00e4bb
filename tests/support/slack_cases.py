"""The 31 cases in which a Slack connector shows what it is worth, each a function of a lab.

A case raises AssertionError where the connector is wrong.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from tests.support.slack_lab import Lab
from tools.slack_simulator import TWO, Attempt, Message, Person, Place, offered, signed, words

HELLO = "Hello from the lab."


@dataclass(frozen=True)
class Case:
    """One case: a name for tests, a title for the table, and what is tried."""

    name: str
    title: str
    run: Callable[[Lab], None]


CASES: list[Case] = []


def _case(title: str) -> Callable[[Callable[[Lab], None]], Callable[[Lab], None]]:
    def add(run: Callable[[Lab], None]) -> Callable[[Lab], None]:
        CASES.append(Case(run.__name__, title, run))
        return run

    return add


def _answer(lab: Lab, place: Place, since: Message, says: str = "") -> Message:
    """Wait for the answer to a message of a person, here or in a thread here.

    Where an answer belongs is a case of its own.
    """
    return place.wait_for_answer(since.ts, lambda m: says in words(m), lab.patience, threads=True)


def _settled(lab: Lab, place: Place, says: str = HELLO) -> list[str]:
    """Ask something more and wait; return all that was said here but the last answer.

    A conversation's turns run one after the other, so all before it have run by then.
    """
    last = place.say("kenya" if place.channel.kind == "im" else f"{place.bot} kenya")
    _answer(lab, place, last, "Looked up Kenya")
    return [words(m) for m in place.seen(threads=True) if says in words(m)]


def _post(lab: Lab, body: bytes, **headers: str) -> Attempt:
    sent = {"Content-Type": "application/json", **signed(body), **headers}
    attempt: Attempt = lab.slack.run(lab.slack.post(body, sent))[0]
    return attempt


def _event_body(lab: Lab, place: Place, text: str) -> bytes:
    _, events = place.write(text)
    return json.dumps(
        {
            "type": "event_callback", "team_id": place.person.team, "api_app_id": "A0APP",
            "event": events[0], "event_id": lab.slack.world.next_id("Ev"), "event_time": 1,
        }
    ).encode()  # fmt: skip


@_case("a request with the right signature is taken")
def right_signature(lab: Lab) -> None:
    place = lab.person("sig").dm()
    assert _post(lab, _event_body(lab, place, "hello")).ok
    place.wait_for_answer("", lambda m: HELLO in words(m), lab.patience, threads=True)


@_case("a wrong signature is refused")
def wrong_signature(lab: Lab) -> None:
    place = lab.person("forger").dm()
    body = _event_body(lab, place, "hello")
    attempt = _post(lab, body, **signed(body, secret="another secret"))
    assert 400 <= attempt.status < 500, attempt
    assert _settled(lab, place) == []


@_case("a request older than five minutes is refused")
def five_minutes(lab: Lab) -> None:
    place = lab.person("late").dm()
    body = _event_body(lab, place, "hello")
    attempt = _post(lab, body, **signed(body, at=time.time() - 301))
    assert 400 <= attempt.status < 500, attempt
    assert _settled(lab, place) == []


@_case("`url_verification` gets its challenge back")
def url_verification(lab: Lab) -> None:
    attempt = _post(lab, b'{"type": "url_verification", "challenge": "3eZbrw1aB"}')
    assert attempt.ok
    # Slack takes plain text, a form, or an object: not a string in JSON's quotes.
    if attempt.headers["content-type"].startswith("application/json"):
        assert json.loads(attempt.body) == {"challenge": "3eZbrw1aB"}
    else:
        assert attempt.body == "3eZbrw1aB"


@_case("a four-second turn is acknowledged in time and answered")
def slow_turn(lab: Lab) -> None:
    place = lab.person("slow").dm()
    said, (event,) = place.write("dawdle")
    attempt = lab.slack.tell_event(event).wait()
    assert attempt.ok and attempt.milliseconds < 3000
    _answer(lab, place, said, "Done at last.")


@_case("a turn that fails is answered in words")
def failing_turn(lab: Lab) -> None:
    place = lab.person("crash").dm()
    said = place.say("crash")
    assert re.search("sorry|cannot", words(_answer(lab, place, said)), re.IGNORECASE)


def _told_again(lab: Lab, name: str, retry: tuple[int, str] | None) -> None:
    place = lab.person(name).dm()
    said, (event,) = place.write("hello")
    first = lab.slack.tell_event(event)
    assert first.wait().ok
    _answer(lab, place, said, HELLO)
    assert lab.slack.deliver("events_api", first.payload, retry=retry).wait().ok
    assert len(_settled(lab, place)) == 1


@_case("the same `event_id` again is answered once")
def same_event(lab: Lab) -> None:
    _told_again(lab, "again", None)


@_case("a retry after `http_timeout` is answered once")
def retry_after_timeout(lab: Lab) -> None:
    _told_again(lab, "retrytimeout", (1, "http_timeout"))


@_case("a retry after `http_error` is answered once")
def retry_after_error(lab: Lab) -> None:
    _told_again(lab, "retryerror", (1, "http_error"))


@_case("a retry after `connection_failed` is answered once")
def retry_after_lost_connection(lab: Lab) -> None:
    _told_again(lab, "retryconnection", (2, "connection_failed"))


@_case("an `app_mention` and its `message` twin are answered once, in the thread")
def mention_twin(lab: Lab) -> None:
    place = lab.person("twin").channel()
    said, events = place.write(f"{place.bot} hello")
    twins = [{**events[0], "type": "message", "channel_type": "channel"},
             {**events[0], "type": "app_mention"}]  # fmt: skip
    for event in twins:
        event_id = lab.slack.world.next_id("Ev")
        assert lab.slack.tell_event(event, event_id=event_id).wait().ok
    thread = place.thread_of(said)
    _answer(lab, thread, said, HELLO)
    assert len(_settled(lab, thread)) == 1


def _no_turn(lab: Lab, place: Place, event: dict[str, object]) -> None:
    """Tell an event that is no message of a person, and see that nothing comes of it."""
    before = len(place.seen(threads=True))
    assert lab.slack.tell_event(event, place.person.team).wait().ok
    said = place.say("kenya" if place.channel.kind == "im" else f"{place.bot} kenya")
    here = place if place.channel.kind == "im" else place.thread_of(said)
    _answer(lab, here, said, "Looked up")
    assert all("Looked up" in words(m) for m in place.seen(threads=True)[before:])


@_case("somebody joins a channel: no turn")
def channel_join(lab: Lab) -> None:
    place = lab.person("join").channel()
    person = place.person.id
    _no_turn(lab, place, {
        "type": "message", "subtype": "channel_join", "channel": place.channel.id,
        "channel_type": "channel", "user": person, "ts": lab.slack.world.next_ts(),
        "text": f"<@{person}> has joined the channel",
    })  # fmt: skip


@_case("other subtypes (edits, deletions, topics): no turn")
def other_subtypes(lab: Lab) -> None:
    place = lab.person("subtypes").dm()
    person, now = place.person.id, lab.slack.world.next_ts
    base = {"type": "message", "channel": place.channel.id, "channel_type": "im"}
    old = {"type": "message", "user": person, "text": "hello", "ts": now()}
    for event in (
        {"subtype": "message_changed", "message": {**old, "text": "hello!"},
         "previous_message": old, "ts": now(), "hidden": True},
        {"subtype": "message_deleted", "previous_message": old, "deleted_ts": old["ts"],
         "ts": now(), "hidden": True},
        {"subtype": "bot_message", "bot_id": "B0OTHER", "text": "hello", "ts": now()},
        {"subtype": "channel_topic", "user": person, "text": "hello set the topic", "ts": now()},
    ):  # fmt: skip
        _no_turn(lab, place, {**base, **event})


@_case("a file without words is told that only text is read")
def file_without_text(lab: Lab) -> None:
    place = lab.person("file").dm()
    said = place.say(
        "", subtype="file_share", files=[{"id": "F1", "name": "cv.pdf", "mimetype": "text/pdf"}]
    )
    assert "text" in words(_answer(lab, place, said))


@_case("a thread in a DM is answered in the thread, the DM itself at its top level")
def thread_in_dm(lab: Lab) -> None:
    place = lab.person("thread").dm()
    first = place.say("kenya")
    answer = _answer(lab, place, first, "Looked up")
    assert answer.thread_ts is None
    thread = place.thread_of(first)
    said = thread.say("hello")
    _answer(lab, thread, said, HELLO)


@_case("the same user id in two workspaces: two conversations")
def two_workspaces(lab: Lab) -> None:
    here, there = lab.person("both").dm(), lab.person("both", TWO).dm()
    said = here.say("kenya")
    _answer(lab, here, said, "before that, nothing")
    said = there.say("kenya")
    _answer(lab, there, said, "before that, nothing")


@_case("a slash command is acknowledged and answered")
def slash_command(lab: Lab) -> None:
    person = lab.person("slash")
    place = person.channel()
    since = place.slack.world.next_ts()
    assert person.command("hello", place).wait().ok
    place.wait_for_answer(since, lambda m: HELLO in words(m), lab.patience, threads=True)


@_case("`ssl_check` is acknowledged")
def ssl_check(lab: Lab) -> None:
    body = urlencode({"ssl_check": "1", "token": "old-verification-token"}).encode()
    media = {"Content-Type": "application/x-www-form-urlencoded"}
    assert _post(lab, body, **media).ok


@_case("a submitted modal is acknowledged")
def modal(lab: Lab) -> None:
    person = lab.person("modal")
    view = {
        "id": "V1", "type": "modal", "callback_id": "ask", "blocks": [], "private_metadata": "",
        "title": {"type": "plain_text", "text": "Ask"},
    }  # fmt: skip
    assert person.submit(view).wait().ok


def _six(lab: Lab, person: Person) -> tuple[Place, Message]:
    place = person.dm()
    said = place.say("choices")
    return place, _answer(lab, place, said, "Choose one of six.")


@_case("a cleared select is acknowledged: no turn")
def cleared_select(lab: Lab) -> None:
    place, message = _six(lab, lab.person("cleared"))
    element = next((e for _, e in message.elements() if e["type"] == "static_select"), {})
    action = {
        "type": "static_select", "action_id": element.get("action_id", "choice"),
        "block_id": "b", "selected_option": None,
    }  # fmt: skip
    assert place.send_action(message, action).wait().ok
    assert _settled(lab, place) == []


@_case("a second click on a button runs nothing, and the choice is shown")
def second_click(lab: Lab) -> None:
    place = lab.person("clicks").dm()
    message = _answer(lab, place, place.say("pair"), "Choose one of two.")
    choice = "Say hello"
    first = place.click(message, choice)
    assert first.wait().ok
    _answer(lab, place, message, HELLO)
    assert place.click(message, choice, again=True).wait().ok
    assert len(_settled(lab, place)) == 1
    assert choice not in offered(message) and choice in words(message)


@_case("six quick replies can all be chosen")
def six_buttons(lab: Lab) -> None:
    _, message = _six(lab, lab.person("six"))
    assert offered(message) == [f"Choice {number}" for number in range(1, 7)]


@_case("a button with an address opens it")
def link_button(lab: Lab) -> None:
    place = lab.person("link").dm()
    message = _answer(lab, place, place.say("link"))
    assert "Read on." in words(message)
    assert [e.get("url") for _, e in message.elements()] == ["https://example.org/page"]


def _raw(message: Message) -> str:
    return json.dumps([message.text, message.blocks])


@_case("`<!channel>` in what is repeated calls nobody")
def no_pings(lab: Lab) -> None:
    place = lab.person("ping").dm()
    message = _answer(lab, place, place.say("echo <!channel> and <!here|here>"))
    assert "You said" in words(message)
    assert "<!" not in _raw(message)


@_case("words between two angle brackets are kept")
def words_between_links(lab: Lab) -> None:
    place = lab.person("between").dm()
    said = "echo see <https://a.example/> and <https://b.example/|b.example> too"
    message = _answer(lab, place, place.say(said))
    assert re.search(r"see .*a\.example.* and .*b\.example.* too", words(message)), words(message)


@_case("an answer refused with 429 arrives after `Retry-After`")
def rate_limited(lab: Lab) -> None:
    place = lab.person("limited").dm()
    lab.slack.fail("chat.postMessage", status=429, retry_after=1)
    said = place.say("hello")
    _answer(lab, place, said, HELLO)


@_case("JSON with a charset in its media type is answered")
def json_with_charset(lab: Lab) -> None:
    place = lab.person("charset").dm()
    body = _event_body(lab, place, "hello")
    assert _post(lab, body, **{"Content-Type": "application/json; charset=utf-8"}).ok
    place.wait_for_answer("", lambda m: HELLO in words(m), lab.patience, threads=True)


@_case("Socket Mode")
def socket_mode(lab: Lab) -> None:
    assert lab.socket is not None
    place = Person(lab.socket, "U0SOCKET").dm()
    said = place.say("hello")
    _answer(lab, place, said)


@_case("OAuth: installed in a further workspace and answering there")
def oauth(lab: Lab) -> None:
    team = "T0THREE"
    install(lab.base, lab.slack.grant(team))
    place = lab.person("oauth", team).dm()
    said = place.say("hello")
    _answer(lab, place, said, HELLO)


def install(base: str, code: str) -> httpx.Response:
    """Install the app as a browser does, from our page over Slack's and back.

    Slack's own page, where a person approves, is skipped: `code` is what it would hand out.
    """
    with httpx.Client(base_url=base, trust_env=False, timeout=20) as browser:
        page = browser.get("/webhooks/slack/install")
        assert page.status_code in (200, 302), page.text
        link = (
            page.headers.get("location")
            or re.findall(r'href="([^"]+authorize[^"]+)"', page.text)[0]
        )
        state = parse_qs(urlsplit(link.replace("&amp;", "&")).query)["state"][0]
        # The cookie is for https only, as it should be; we are the browser behind a proxy.
        cookie = page.headers["set-cookie"].partition(";")[0]
        answer = browser.get(
            "/webhooks/slack/oauth_redirect",
            params={"code": code, "state": state},
            headers={"Cookie": cookie},
        )
        assert answer.status_code == 200, answer.text
        return answer


@_case("App Home is published when it is opened")
def app_home(lab: Lab) -> None:
    person = lab.person("home")
    assert person.open_home().wait().ok
    lab.slack.wait_for(person.home, "an App Home", lab.patience)


@_case("an answer that only the person who asked can see")
def ephemeral(lab: Lab) -> None:
    person, other = lab.person("asker"), lab.person("other")
    place, elsewhere = person.channel(), other.channel()
    since = place.slack.world.next_ts()
    assert person.command("hello", place).wait().ok
    place.wait_for_answer(since, lambda m: HELLO in words(m), lab.patience, threads=True)
    assert not [m for m in elsewhere.seen(since) if HELLO in words(m)]


assert len(CASES) == 31
