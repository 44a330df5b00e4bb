"""Attacks by name, on the running advisor or where they are tested beside what they attack."""

import ast
import asyncio
import gzip
import json
import socket
import sqlite3
import time
import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path

import jwt
import pytest

from preceptor.channels.people import People
from preceptor.conversation.choices import Erase, Restart
from preceptor.runtime.settings import Settings
from tests.support.advisor import Advisor
from tests.support.tiny_project import ROOT
from tests.support.web import new_token, widget

SESSION = "/webhooks/web/session"

Attack = Callable[[Advisor], None]
HERE: dict[str, Attack] = {}

WEB = "tests/channels/web/test_channel.py::"
FILES = "tests/channels/web/test_files.py::"
WIDGET = "tests/widget/test_safety.py::"
REST = "tests/channels/test_rest.py::"
SLACK = "tests/support/slack_cases.py::"
ELSEWHERE = {
    # The widget in the browser.
    "script in a message": WIDGET + "test_what_a_person_types_is_shown_and_never_runs",
    "script in a row of the catalogue":
        WIDGET + "test_hostile_rows_of_the_catalogue_are_shown_and_never_run",
    "script in a message of the server": WIDGET + "test_hostile_messages_from_the_server_never_run",
    "address that runs, javascript: and data:":
        "tests/channels/web/test_output.py::test_an_address_that_could_run_or_read_is_dropped",
    "foreign script or frame on the advisor's page": FILES
    + "test_the_page_lets_nothing_foreign_run",
    "changed launcher": WIDGET + "test_a_changed_launcher_is_not_run",
    "changed chat script": WIDGET + "test_a_changed_chat_is_not_run",
    "styles of the host page that hide or move the widget": WIDGET
    + "test_hostile_styles_of_the_host_page_change_nothing",
    # The web channel.
    "widget on a site that is not allowed": WIDGET
    + "test_a_site_that_is_not_on_the_list_is_refused_in_words",
    "request from a foreign origin": WEB + "test_other_origins_are_refused_everywhere",
    "WebSocket from a foreign origin": WEB
    + "test_an_allowed_origin_connects_by_websocket_and_another_does_not",
    "connection without a token": WEB + "test_a_connection_needs_a_token",
    "forged, unsigned or foreign token": WEB + "test_a_forged_or_foreign_token_is_refused",
    "expired token": WEB + "test_an_expired_token_is_refused_and_renewed_within_its_grace",
    "forged, endless or old identity": WEB + "test_an_identity_that_does_not_count_is_refused",
    "reading another's conversation by its id": WEB
    + "test_nobody_reads_or_steers_anothers_conversation",
    "button of another conversation": WEB
    + "test_a_payload_that_was_not_sealed_for_the_conversation_is_read_as_its_title",
    "frame that is too large": WEB
    + "test_a_frame_that_is_too_large_ends_the_connection_and_nothing_else",
    "body that is too large": WEB + "test_a_body_that_is_too_large_is_refused",
    "NUL and half characters": WEB + "test_what_no_database_can_hold_is_dropped",
    "flood of messages": WEB
    + "test_too_many_messages_at_once_are_refused_with_when_to_try_again",
    "flood of sessions, behind a forged X-Forwarded-For": WEB
    + "test_one_address_gets_so_many_sessions_and_others_still_get_theirs",
    "path out of the widget's folder": FILES + "test_nothing_else_is_given_out",
    "host that ends a header": FILES + "test_a_host_that_is_none_gets_into_no_header",
    # REST.
    "form of a foreign page": REST + "test_a_wrong_content_type_is_refused_with_a_sentence",
    "metadata and channel of the caller's choice": REST
    + "test_metadata_and_channel_names_from_outside_are_ignored",
    "body without a length": REST
    + "test_a_body_sent_in_pieces_without_a_length_is_limited_as_well",
    "commands and slots by slash":
        "tests/bad_input/test_bad_input.py::test_commands_fill_no_slot_and_restart_nothing",
    # Slack.
    "wrong signature of Slack's": SLACK + "wrong_signature",
    "old request of Slack's, replayed": SLACK + "five_minutes",
    "event of Slack's, replayed": SLACK + "same_event",
    "forged click in Slack": "tests/slack/test_interaction.py::test_a_forged_click_has_no_power",
    "OAuth state of nobody":
        "tests/slack/test_installation.py::test_a_redirect_with_a_state_of_nobody_is_refused",
    "OAuth state, used twice":
        "tests/channels/slack/test_installations.py::test_a_state_is_good_once",
    "link that breaks out of its brackets":
        "tests/channels/slack/test_mrkdwn.py::test_a_link_has_no_way_out_of_its_brackets",
    "tokens read from the database":
        "tests/channels/slack/test_installations.py"
        "::test_an_installation_is_found_again_and_encrypted_at_rest",
    # Cost, data and files.
    "long runs of punctuation":
        "tests/nlu_components/test_bounds.py::test_spacy_gets_no_long_run_of_characters",
    "formula in an export":
        "tests/catalogue/test_round_trip.py"
        "::test_no_exported_cell_is_a_formula_and_an_import_takes_the_apostrophe_away",
    "words of people in a database's error":
        "tests/runtime/test_privacy.py::test_an_error_hides_the_parameters",
    "another's wish to be forgotten":
        "tests/runtime/test_seen_from_outside.py::test_who_asks_for_it_is_deleted_from_all_files",
    "REST and metrics through the proxy": "tests/deploy/test_nginx.py::test_nothing_else_is",
    "request hidden in another from the proxy (smuggling)":
        "tests/deploy/test_nginx.py::test_no_request_hides_in_another",
}  # fmt: skip


def attack(name: str) -> Callable[[Attack], Attack]:
    """Register an attack of this file under a name."""

    def register(function: Attack) -> Attack:
        assert name not in HERE and name not in ELSEWHERE
        HERE[name] = function
        return function

    return register


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def test_at_least_forty_attacks_have_a_name() -> None:
    assert len(HERE) + len(ELSEWHERE) >= 40


@pytest.mark.parametrize("name", ELSEWHERE)
def test_an_attack_is_tested_where_it_says(name: str) -> None:
    path, function = ELSEWHERE[name].split("::")
    assert function in functions_of(ROOT / path)


@pytest.mark.parametrize("name", HERE)
def test_an_attack_is_refused(name: str, advisor: Advisor) -> None:
    HERE[name](advisor)
    assert advisor.client.get("/webhooks/rest/").status_code == 200


def said(advisor: Advisor, sender: str) -> list[str]:
    return [each["text"] for each in advisor.events(sender) if each["event"] == "user"]


@attack("model loaded through Rasa's API")
def rasas_api(advisor: Advisor) -> None:
    for method, path in (
        ("PUT", "/model"), ("POST", "/model/train"), ("GET", "/status"), ("GET", "/domain"),
        ("GET", "/conversations/x/tracker"), ("POST", "/conversations/x/tracker/events"),
        ("POST", "/model/parse"), ("DELETE", "/model"), ("GET", "/conversations/x/story"),
    ):  # fmt: skip
        answer = advisor.client.request(method, path, json={"model_file": "/tmp/evil.tar.gz"})
        assert answer.status_code == 404, path
        assert advisor.client.request(method, f"{path}?token=x").status_code == 404


@attack("page that has its own name point to the machine (DNS rebinding)")
def rebinding(advisor: Advisor) -> None:
    sender = f"rebound-{uuid.uuid4()}"
    body = {"sender": sender, "message": "hello"}
    for host in ("evil.example", f"evil.example:{advisor.port}", "127.0.0.1.evil.example", "x@y"):
        answer = advisor.client.post(advisor.webhook, json=body, headers={"Host": host})
        assert answer.status_code in (400, 403), host
        assert advisor.client.get("/metrics", headers={"Host": host}).status_code in (400, 403)
    assert said(advisor, sender) == []
    for host in (f"localhost:{advisor.port}", "LOCALHOST", "[::1]:5005"):
        assert advisor.client.get("/metrics", headers={"Host": host}).status_code == 200


@attack("sender of a channel that knows its people")
def foreign_sender(advisor: Advisor) -> None:
    for sender in ("web:abc", "WEB:abc", " web:abc", "slack:T1:U1", "\u200bslack:T1:U1", "Slack:x"):
        assert advisor.say("hello", sender).status == 400, sender


@attack("sender with SQL in it")
def sql_in_sender(advisor: Advisor) -> None:
    sender = f"x'; DELETE FROM events; -- {uuid.uuid4()}"
    advisor.say("hello", sender)
    before = said(advisor, sender)
    assert advisor.say("surgery in Kenya", sender).text
    assert said(advisor, sender) == [*before, "surgery in Kenya"]


@attack("wildcards for a person to export or forget")
def wildcards(advisor: Advisor) -> None:
    people = People(
        Settings(
            home=advisor.home, conversations_url=f"sqlite:///{advisor.home / 'conversations.db'}"
        )
    )
    advisor.say("hello", "wild")
    for person in ("%", "w%", "____", "slack:%:%", "slack::", "slack:_1:U1", "' OR 1=1 --", ""):
        assert people.export(person) == {} and people.forget(person) == {}
    assert said(advisor, "wild") == ["hello"]


@attack("packed body that unpacks to much")
def packed_body(advisor: Advisor) -> None:
    packed = gzip.compress(json.dumps({"sender": "x", "message": "x" * 10_000_000}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = advisor.client.post(advisor.webhook, content=packed, headers=headers)
    assert answer.status_code == 400


@attack("JSON nested thirty thousand deep, and numbers of sixty thousand digits")
def deep_json(advisor: Advisor) -> None:
    for body in (b"[" * 30_000, b'{"a":' * 10_000, b'{"sender": ' + b"9" * 60_000 + b"}"):
        for path in (advisor.webhook, SESSION):
            headers = {"Content-Type": "application/json"}
            answer = advisor.client.post(path, content=body, headers=headers)
            assert 400 <= answer.status_code < 500


@attack("line of a log made up in a message")
def log_injection(advisor: Advisor) -> None:
    made_up = '{"event": "turn.failed", "level": "error", "conversation": "made-up"}'
    before = len(advisor.log().splitlines())
    advisor.say(f"hello\n{made_up}\r\n{made_up}", f"log-{uuid.uuid4()}")
    advisor.client.post(advisor.webhook, json={"sender": f"x\n{made_up}", "message": "hi"})
    lines = [json.loads(line) for line in advisor.log().splitlines()[before:]]
    assert not any(line.get("conversation") == "made-up" for line in lines)


@attack("answer read through JSONP")
def jsonp(advisor: Advisor) -> None:
    path = "/webhooks/web/socket.io/?EIO=4&transport=polling&j=1"
    assert advisor.client.get(path).status_code == 400


@attack("cookies of another page (CORS with credentials)")
def cors(advisor: Advisor) -> None:
    for path in ("/", SESSION, "/webhooks/web/", "/widget/preceptor.js"):
        answer = advisor.client.get(path, headers={"Origin": "https://evil.example"})
        assert answer.headers.get("access-control-allow-origin") in (None, "*")
        both = answer.headers.get("access-control-allow-credentials") == "true"
        assert not (both and "access-control-allow-origin" in answer.headers), path


@attack("answer taken for another kind of file (sniffing)")
def sniffing(advisor: Advisor) -> None:
    for path in (
        "/",
        "/nothing",
        "/metrics",
        "/webhooks/rest/",
        "/webhooks/web/",
        "/webhooks/slack/",
    ):
        answer = advisor.client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff", path


@attack("HTML in an error page")
def html_in_errors(advisor: Advisor) -> None:
    for path in (
        "/<script>alert(1)</script>",
        "/widget/<img src=x onerror=alert(1)>",
        "/%3Csvg%3E",
    ):
        answer = advisor.client.get(path)
        assert answer.status_code == 404 and "<script>alert" not in answer.text
        assert "onerror" not in answer.text and "<svg>" not in answer.text


@attack("template and format strings in a message")
def templates(advisor: Advisor) -> None:
    for text in ("{{7*7}} ${7*7} #{7*7}", "{sender_id} {0.__class__} %s %n", "{search_country}"):
        shown = advisor.say(text, f"template-{uuid.uuid4()}").text
        assert "49" not in shown and "template-" not in shown and "<class" not in shown


@attack("seal of a button, changed or made up")
def seals(advisor: Advisor) -> None:
    sender = f"seal-{uuid.uuid4()}"
    advisor.say("surgery in Kenya", sender)
    sealed = advisor.sealed(Restart(), sender)
    content, signature = sealed.rsplit(".", 1)
    erase = advisor.sealed(Erase(), "somebody-else")
    for payload in (
        content, f"{content}.", f"{content}.{signature[:-2]}AA", f"{sealed}.{signature}",
        erase, erase.rsplit(".", 1)[0] + "." + signature, json.dumps({"do": "erase"}),
        "starter:erase", "starter:../restart", "/restart",
    ):  # fmt: skip
        advisor.say("hello", sender, payload=payload)
    assert said(advisor, sender)[0] == "surgery in Kenya"
    assert advisor.say("Back to my search", sender).slots["search_specialty"] == ["surgery"]


@attack("token of one installation at another")
def foreign_installation(advisor: Advisor) -> None:
    token = new_token(str(advisor.client.base_url).rstrip("/"))
    claims = jwt.decode(token, options={"verify_signature": False})
    other = jwt.encode(claims, "k" * 32, "HS256")
    assert advisor.client.post(SESSION, json={"token": other}).status_code == 401
    confused = jwt.encode(claims, "k" * 32, "HS256", headers={"kid": "../../dev/null"})
    assert advisor.client.post(SESSION, json={"token": confused}).status_code == 401


@attack("guessing conversations")
def guessing(advisor: Advisor) -> None:
    address = str(advisor.client.base_url).rstrip("/")
    claims = [
        jwt.decode(new_token(address), options={"verify_signature": False}) for _ in range(20)
    ]
    subjects = {each["sub"] for each in claims}
    assert len(subjects) == 20 and all(len(each) >= 32 for each in subjects)


@attack("id of a message that another conversation has used")
def foreign_ids(advisor: Advisor) -> None:
    async def talk() -> tuple[list[str], list[str]]:
        address = str(advisor.client.base_url).rstrip("/")
        shared = str(uuid.uuid4())
        async with widget(address) as victim, widget(address) as thief:
            await victim.say("surgery in Kenya", shared)
            await victim.until(lambda: victim.texts())
            assert (await thief.say("hello", shared))["ok"]
            await thief.until(lambda: thief.texts())
            return victim.texts("person"), [each["text"] for each in await thief.sync()]

    mine, stolen = asyncio.run(talk())
    assert mine == ["surgery in Kenya"] and "surgery in Kenya" not in stolen


@attack("request that never ends (slow loris)")
def slow_loris(advisor: Advisor) -> None:
    head = (
        b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n"
    )
    sockets = []
    try:
        for _ in range(100):
            half = socket.create_connection(("127.0.0.1", advisor.port), timeout=5)
            half.sendall(head + b'{"sender"')
            sockets.append(half)
        started = time.monotonic()
        assert advisor.say("hello", f"beside-{uuid.uuid4()}").text
        assert time.monotonic() - started < 15
    finally:
        for half in sockets:
            half.close()


@attack("words that change other words' direction or hide")
def hidden_letters(advisor: Advisor) -> None:
    shown = advisor.say("surgery in \u202eKenya\u202c \u2066x\u2069", f"bidi-{uuid.uuid4()}").text
    assert not set(shown) & set("\u202e\u202d\u2066\u2067\u200b")


@attack("rating of what is no answer")
def ratings(advisor: Advisor) -> None:
    async def rate() -> list[bool]:
        async with widget(str(advisor.client.base_url).rstrip("/")) as person:
            await person.say("hello")
            await person.until(lambda: person.texts())
            bad = ({"seq": 1}, {"seq": 99}, {"seq": -1}, {"seq": "2"}, {"seq": 2, "rating": "<b>"})
            return [(await person.ask("rate", {"rating": "up", **each}))["ok"] for each in bad]

    assert not any(asyncio.run(rate()))


@attack("files of others on the machine")
def private_files(advisor: Advisor) -> None:
    made = [*(advisor.home / "var").rglob("*"), advisor.home / "conversations.db"]
    assert made
    for path in made:
        assert path.stat().st_mode & 0o077 == 0, path


@attack("secret in what the server shows or logs")
def secrets_shown(advisor: Advisor) -> None:
    secret = (advisor.home / "var" / "secret").read_text().strip()
    shown = advisor.log() + advisor.client.get("/metrics").text + advisor.client.get("/").text
    assert secret not in shown and "xoxb" not in shown and "eyJhbGci" not in shown
    with sqlite3.connect(f"file:{advisor.home / 'conversations.db'}?mode=ro", uri=True) as database:
        dump = "".join(str(row) for row in database.execute("SELECT * FROM events"))
    assert secret not in dump


def test_the_names_stand_in_the_docs() -> None:
    assert "tests/attacks/test_attacks.py" in (ROOT / "SECURITY.md").read_text()
