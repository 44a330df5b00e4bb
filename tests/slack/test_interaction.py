"""What can be clicked: quick replies, pages, programmes, ratings; and what must not count."""

import sqlite3
from typing import Any

from tests.support.slack import SlackAdvisor
from tools.slack_simulator import Message, Place, offered, words

SEARCH = "internships in Africa"


def found(behind: SlackAdvisor, name: str, text: str = SEARCH) -> tuple[Place, Message]:
    place = behind.person(name).dm()
    return place, place.ask(text)


def kinds(message: Message) -> list[str]:
    return [block["type"] for block in message.blocks]


def test_results_are_a_carousel_with_buttons(over_http: SlackAdvisor):
    _, message = found(over_http, "results")
    carousel = next(block for block in message.blocks if block["type"] == "carousel")
    assert len(carousel["elements"]) == 3
    assert {"Details", "Show more"} <= set(offered(message))
    # The plain text is complete on its own.
    for card in carousel["elements"]:
        assert card["title"]["text"].partition(". ")[2][:20] in message.text


def test_a_click_on_a_quick_reply_is_replaced_by_the_choice(over_http: SlackAdvisor):
    place = over_http.person("choice").dm()
    message = over_http.ask(place, "why should I do an internship?")
    title = offered(message)[0]
    assert place.click(message, title).wait().ok
    answer = place.wait_for_answer(message.ts)
    assert words(answer)
    over_http.slack.wait_for(lambda: title not in offered(message), "the choice")
    assert title in words(message)


def test_a_second_click_runs_nothing(over_http: SlackAdvisor):
    place = over_http.person("twice").dm()
    message = over_http.ask(place, "why should I do an internship?")
    title = offered(message)[0]
    place.click(message, title).wait()
    place.wait_for_answer(message.ts)
    over_http.settle("U0TWICE")
    before = len(place.seen())
    place.click(message, title, again=True).wait()
    over_http.settle()
    assert len(place.seen()) == before


def test_details_of_a_result_are_shown(over_http: SlackAdvisor):
    place, message = found(over_http, "details")
    card = next(b for b in message.blocks if b["type"] == "carousel")["elements"][1]
    name = card["title"]["text"].partition(". ")[2]
    assert place.click(message, "say:details", card["block_id"], "say:details").wait().ok
    answer = place.wait_for_answer(message.ts)
    assert name[:20] in words(answer)
    title, choice = chosen(over_http, "details")[-1]
    assert title.startswith(f"Details: {name[:20]}") and choice["do"] == "show"
    # The list stays: another one may be looked at.
    assert "Details" in offered(message)


def test_the_next_page_takes_the_place_of_the_page(over_http: SlackAdvisor):
    place, message = found(over_http, "pages")
    first = words(message)
    assert place.click(message, "Show more").wait().ok
    over_http.slack.wait_for(lambda: "4." in words(message), "the second page in place")
    over_http.settle("U0PAGES")
    assert words(message) != first
    assert place.seen(message.ts) == []


def test_comparing_shows_a_table(over_http: SlackAdvisor):
    place, message = found(over_http, "compare")
    assert place.click(message, "Compare these").wait().ok
    answer = place.wait_for_answer(message.ts, lambda m: "table" in kinds(m))
    table = next(block for block in answer.blocks if block["type"] == "table")
    assert len(table["rows"]) > 2 and len({len(row) for row in table["rows"]}) == 1


def test_sources_stand_in_small_print(over_http: SlackAdvisor):
    place = over_http.person("sources").dm()
    message = place.ask("how long is the internship in Nigeria?")
    context = next(block for block in message.blocks if block["type"] == "context")
    assert "<http" in str(context)


def test_an_answer_can_be_rated_and_the_rating_changed(over_http: SlackAdvisor):
    place = over_http.person("rater").dm()
    message = over_http.ask(place, "why should I do an internship?")

    def ratings() -> list[str]:
        path = over_http.advisor.home / "var" / "channels.db"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            rows = database.execute(
                "SELECT rating FROM answer_ratings WHERE channel = 'slack' AND conversation = ?",
                ("slack:T0ONE:U0RATER",),
            ).fetchall()
        return [rating for (rating,) in rows]

    before = len(place.seen())
    assert place.click(message, "positive").wait().ok
    over_http.slack.wait_for(lambda: ratings() == ["up"], "the rating")
    assert place.click(message, "negative").wait().ok
    over_http.slack.wait_for(lambda: ratings() == ["down"], "the other rating")
    over_http.settle()
    # A rating is no turn.
    assert len(place.seen()) == before


def chosen(behind: SlackAdvisor, name: str) -> list[tuple[str, dict[str, Any] | None]]:
    """Return a person's messages in their DM, each with what a click did."""
    events = behind.advisor.events(f"slack:T0ONE:U0{name.upper()}")
    return [
        (event["text"], (event.get("metadata") or {}).get("choice"))
        for event in events
        if event["event"] == "user"
    ]


def test_a_click_does_what_its_payload_says(over_http: SlackAdvisor):
    place, message = found(over_http, "typed")
    assert place.click(message, "Show more").wait().ok
    over_http.settle("U0TYPED")
    title, choice = chosen(over_http, "typed")[-1]
    assert (title, choice["do"]) == ("Show more", "page")


def test_a_forged_click_has_no_power(over_http: SlackAdvisor):
    _, foreign = found(over_http, "victim")
    values = [e["value"] for _, e in foreign.elements() if e.get("value")]
    forged = ("/restart", '{"do": "restart"}', f"{values[-1]}A", values[-1], "starter:none", "")
    place, message = found(over_http, "forger")
    for number, value in enumerate(forged):
        action = {
            "type": "button", "action_id": "say:0", "block_id": f"choices:forged:{number}",
            "value": value, "text": {"type": "plain_text", "text": "Thank you"},
        }  # fmt: skip
        assert place.send_action(message, action).wait().ok
    over_http.settle("U0FORGER")
    # Its words are read as if they had been typed.
    assert chosen(over_http, "forger")[1:] == [("Thank you", None)] * len(forged)


def test_a_click_of_an_old_kind_does_no_harm(over_http: SlackAdvisor):
    place = over_http.person("oldkind").dm()
    message = place.ask("hello")
    for kind in ("datepicker", "users_select", "checkboxes", "a_kind_to_come"):
        action = {"type": kind, "action_id": "something", "block_id": "b"}
        assert place.send_action(message, action).wait().ok
    assert words(place.ask("why should I do an internship?"))


def test_a_quick_reply_in_a_channels_thread_answers_in_the_thread(over_http: SlackAdvisor):
    place = over_http.person("threadclick").channel()
    said = place.mention("why should I do an internship?")
    thread = place.thread_of(said)
    thread.wait_for_answer(said.ts)
    over_http.settle()
    message = thread.seen(said.ts)[-1]
    assert thread.click(message, offered(message)[0]).wait().ok
    assert thread.wait_for_answer(message.ts).thread_ts == said.ts


def test_somebody_elses_quick_reply_is_their_own_question(over_http: SlackAdvisor):
    place = over_http.person("owner").channel()
    said = place.mention("why should I do an internship?")
    place.thread_of(said).wait_for_answer(said.ts)
    over_http.settle()
    message = place.thread_of(said).seen(said.ts)[-1]
    other = over_http.person("passerby").channel().thread_of(said)
    assert other.click(message, offered(message)[0]).wait().ok
    over_http.settle()
    events = over_http.advisor.events(f"slack:T0ONE:C0MAIN:{said.ts}:U0OWNER")
    assert len([e for e in events if e["event"] == "user"]) == 1


def test_a_programme_is_saved_to_the_shortlist_of_app_home(over_http: SlackAdvisor):
    place, message = found(over_http, "saver")
    card = next(b for b in message.blocks if b["type"] == "carousel")["elements"][0]
    assert place.click(message, "say:save", card["block_id"], "say:save").wait().ok
    assert words(place.wait_for_answer(message.ts))
    over_http.settle("U0SAVER")
    assert chosen(over_http, "saver")[-1][1]["do"] == "save"
