"""Reloads, cut lines, restarts and slow networks: nothing is lost, nothing comes twice."""

import time

import jwt
from playwright.sync_api import expect

from tests.support.widget import IDENTITY_SECRET, until, visiting

WHY = "why should I do an internship?"
SEARCH = "surgery placements in Tanzania"


def test_a_reload_brings_the_whole_conversation_back(visitor):
    visitor.open()
    visitor.say(WHY)
    answer = visitor.say(SEARCH)
    visitor.page.reload()
    visitor.open()
    assert visitor.answered(2) == answer
    assert visitor.said == [WHY, SEARCH]
    expect(visitor.find("li.slide")).to_have_count(3)
    # History is no news.
    expect(visitor.find(".panel > .unseen")).to_have_text("")


def test_two_tabs_of_a_browser_share_one_conversation(visitor, place):
    visitor.open()
    first, second = visitor.page, visitor.visit(place.url)
    visitor.page = second
    visitor.open()
    assert visitor.said == []
    visitor.page = first
    answer = visitor.say(WHY)
    visitor.page = second
    assert visitor.answered(1) == answer
    visitor.say("should I go abroad or stay at home?")
    visitor.page = first
    assert visitor.answered(2)
    assert visitor.said == [WHY, "should I go abroad or stay at home?"]


def test_two_browsers_neither_see_nor_steer_each_other(visitor, browser, place):
    visitor.open().say(SEARCH)
    with visiting(browser, place.url) as other:
        other.open().say("paediatrics in Kenya")
        assert other.said == ["paediatrics in Kenya"]
        assert "in Kenya" in other.say("only for four weeks")
        assert visitor.said == [SEARCH]
        other.page.evaluate("window.Preceptor.restart()")
        until(lambda: other.said == [])
    assert visitor.said == [SEARCH]
    assert "Gap Medics" in visitor.say("compare 1 and 2")


def test_ten_seconds_offline_lose_nothing_and_double_nothing(visitor, place):
    visitor.open().say(WHY)
    place.line.cut()
    try:
        expect(visitor.find(".link")).to_contain_text("Reconnecting")
        visitor.type("paediatrics in Kenya")
        visitor.type("only for four weeks")
        expect(visitor.find(".turn.waiting")).to_have_count(2)
        expect(visitor.find(".turn.waiting").first).to_contain_text("Waiting to be sent")
        # The one wait in these tests that is the point of the test.
        time.sleep(10)
        expect(visitor.find(".panel")).to_be_visible()
    finally:
        place.line.mend()
    visitor.answered(3)
    assert visitor.said == [WHY, "paediatrics in Kenya", "only for four weeks"]
    expect(visitor.find(".link")).to_have_text("")
    visitor.page.reload()
    visitor.open()
    visitor.answered(3)
    assert visitor.said == [WHY, "paediatrics in Kenya", "only for four weeks"]


def test_what_was_typed_offline_survives_a_reload_and_is_sent_once(visitor, place):
    visitor.open().say(WHY)
    place.line.cut()
    try:
        expect(visitor.find(".link")).to_contain_text("Reconnecting")
        visitor.type("should I go abroad or stay at home?")
        expect(visitor.find(".turn.waiting")).to_have_count(1)
    finally:
        # The page itself comes from the same server.
        place.line.mend()
    visitor.page.reload()
    visitor.open()
    visitor.answered(2)
    assert visitor.said == [WHY, "should I go abroad or stay at home?"]
    assert not [key for key in visitor.stored if ":say:" in key]


def test_an_answer_that_was_missed_offline_comes_later(visitor, place):
    visitor.open().say(WHY)
    visitor.type(SEARCH)
    # The question has reached the server; the answer finds no line.
    until(lambda: visitor.find(".turn.waiting").count() == 0)
    place.line.cut()
    try:
        expect(visitor.find(".link")).to_contain_text("Reconnecting")
    finally:
        place.line.mend()
    visitor.answered(2)
    expect(visitor.find("li.slide")).to_have_count(3)


def test_the_browser_says_that_it_is_offline(visitor, place):
    visitor.open().say(WHY)
    visitor.context.set_offline(True)
    place.line.cut()
    try:
        expect(visitor.find(".link")).to_contain_text("You are offline")
    finally:
        place.line.mend()
        visitor.context.set_offline(False)
    expect(visitor.find(".link")).to_have_text("")


def test_a_restart_of_the_server_in_mid_conversation_is_survived(visitor, place):
    visitor.open().say(SEARCH)
    visitor.type("compare 1 and 3")
    until(lambda: visitor.find(".turn.waiting").count() == 0)
    place.restart()
    visitor.answered(2)
    visitor.say("tell me more about number 2")
    assert visitor.said == [SEARCH, "compare 1 and 3", "tell me more about number 2"]
    expect(visitor.find("table")).to_have_count(1)


def test_it_works_on_a_slow_network(browser, place):
    with visiting(browser, "about:blank") as visitor:
        session = visitor.context.new_cdp_session(visitor.page)
        session.send("Network.enable")
        # Chromium's own figures for "Slow 3G".
        session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": 400,
                "downloadThroughput": 50_000,
                "uploadThroughput": 50_000,
            },
        )
        visitor.page.goto(place.url)
        visitor.open()
        assert "Gap Medics" in visitor.say(SEARCH)
        assert visitor.complaints == []


def test_the_chat_that_cannot_be_loaded_says_so_and_can_be_tried_again(visitor, place):
    place.line.cut()
    try:
        visitor.find(".launcher").click()
        expect(visitor.find(".note")).to_contain_text("could not be loaded")
    finally:
        place.line.mend()
    visitor.open().say(WHY)


def test_too_many_messages_are_told_in_words_and_all_are_answered(visitor):
    visitor.open()
    texts = [f"hello {n}" for n in range(12)]
    for text in texts:
        visitor.type(text)
    expect(visitor.find(".notice")).to_contain_text("quicker than I am")
    visitor.answered(len(texts))
    assert visitor.said == texts


def test_a_signed_in_user_has_one_conversation_in_every_browser(visitor, browser, place):
    def identity(user: str) -> str:
        claims = {"sub": user, "exp": time.time() + 600}
        return jwt.encode(claims, IDENTITY_SECRET, "HS256")

    visitor.page.evaluate("jwt => window.Preceptor.identify(jwt)", identity("amina"))
    visitor.open().say(SEARCH)
    # The site identifies its user on every page.
    visitor.page.reload()
    visitor.page.evaluate("jwt => window.Preceptor.identify(jwt)", identity("amina"))
    visitor.open()
    visitor.answered(1)
    assert visitor.said == [SEARCH]
    with visiting(browser, place.url) as elsewhere:
        elsewhere.page.evaluate("jwt => window.Preceptor.identify(jwt)", identity("amina"))
        elsewhere.open()
        elsewhere.answered(1)
        assert elsewhere.said == [SEARCH]
        elsewhere.page.evaluate("window.Preceptor.identify(null)")
        until(lambda: elsewhere.said == [])
    with visiting(browser, place.url) as stranger:
        forged = jwt.encode({"sub": "amina", "exp": time.time() + 600}, "x" * 40, "HS256")
        stranger.page.evaluate("jwt => window.Preceptor.identify(jwt)", forged)
        stranger.open()
        expect(stranger.find(".notice")).to_be_visible()
        assert stranger.said == []
