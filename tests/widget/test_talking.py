"""What people do with the widget, in a real browser with the real advisor."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.support.widget import Visitor, until, visiting

SEARCH = "surgery placements in Tanzania"


def cards(visitor: Visitor):
    return visitor.find("li.slide")


def test_nothing_but_the_launcher_is_loaded_or_stored_before_the_first_click(visitor):
    expect(visitor.find(".launcher")).to_be_visible()
    visitor.page.wait_for_load_state("networkidle")
    tools = [url for url in visitor.requests if url.endswith(".js")]
    assert [url.rpartition("/")[2] for url in tools] == ["preceptor.js"]
    assert visitor.stored == []
    visitor.open()
    visitor.page.wait_for_load_state("networkidle")
    assert visitor.stored == []
    assert not [url for url in visitor.requests if "/webhooks/" in url]


def test_a_search_shows_programme_cards_with_everything_that_is_known(visitor):
    visitor.open().say(SEARCH)
    expect(cards(visitor)).to_have_count(3)
    card = cards(visitor).filter(has_text="Gap Medics").first
    expect(card.get_by_role("heading")).to_contain_text("Hospital shadowing")
    for words in ("Gap Medics", "Tanzania", "from 1 week", "USD 450", "page undated", "Surgery"):
        expect(card).to_contain_text(words)
    source = card.get_by_role("link", name="Source")
    assert source.get_attribute("href").startswith("https://www.gapmedics.com/")
    assert source.get_attribute("rel") == "noopener noreferrer nofollow"
    # The words beside the cards don't say the list again.
    assert visitor.find(".bubble").last.inner_text().count("Gap Medics") == 0


def test_details_open_from_a_card(visitor):
    visitor.open().say(SEARCH)
    answer = visitor.click(cards(visitor).nth(1).get_by_role("button", name="Details"))
    assert "Departments" in answer and "Accommodation" in answer
    assert visitor.said[-1].startswith("Details of ")


@pytest.mark.parametrize("picked", [(0, 2), (2, 0, 1)])
def test_ticked_programmes_and_no_others_are_compared_in_a_real_table(visitor, picked):
    visitor.open().say(SEARCH)
    names = [
        re.sub(r"^\d+\s*", "", name)
        for name in cards(visitor).get_by_role("heading").all_inner_texts()
    ]
    for number in picked:
        button = cards(visitor).nth(number).get_by_role("button", name="Compare")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
    visitor.click(visitor.named("button", f"Compare {len(picked)} programmes"))
    assert visitor.said[-1] == f"Compare {len(picked)} programmes"
    table = visitor.find("table").last
    expect(table.locator("caption")).to_have_text("Comparison")
    heads = table.locator("thead th[scope=col]").all_inner_texts()[1:]
    assert len(heads) == len(picked)
    for number, head in zip(picked, heads, strict=True):
        assert names[number] in head
    rows = table.locator("tbody th[scope=row]").all_inner_texts()
    assert {"Where", "Length", "Price"} <= set(rows)
    assert table.locator("tbody tr").first.locator("td").count() == len(picked)


def test_a_programme_is_saved_by_its_id_and_stands_on_the_shortlist(visitor):
    visitor.open().say(SEARCH)
    sent = frames_sent(visitor)
    name = cards(visitor).first.get_by_role("heading").inner_text()
    visitor.click(cards(visitor).first.get_by_role("button", name="Save"))
    assert visitor.said[-1].startswith("Save ")
    assert any('"payload":"' in frame for frame in sent), sent
    visitor.named("button", "More").click()
    shortlist = visitor.click(visitor.named("button", "My shortlist"))
    assert re.sub(r"^\d+\s*", "", name) in shortlist
    # To look at it doesn't end the search.
    assert "Gap Medics" in visitor.say("show me the first one")


def test_a_starter_begins_anew_in_the_midst_of_a_search(visitor):
    visitor.open().say(SEARCH)
    asked = "Can you help me find a programme?"
    visitor.page.evaluate("question => Preceptor.send(question, 'find_program')", asked)
    visitor.answered(2)
    assert visitor.said[-1] == asked
    assert "Gap Medics" not in visitor.find(".turn.advisor").last.inner_text()
    assert "anywhere, 4 weeks" in visitor.say("only for four weeks")


def test_quick_replies_show_their_title_and_do_what_they_say(visitor):
    visitor.open().say(SEARCH)
    visitor.click(visitor.named("button", "Show more"))
    assert visitor.said[-1] == "Show more"
    expect(visitor.find(".carousel").last).to_have_attribute(
        "aria-label", re.compile("Programmes 4 to 5 of 5")
    )
    # Old quick replies are gone; only the newest answer has some.
    assert visitor.find(".replies").count() <= 1


def test_a_card_of_a_kind_to_come_and_an_old_message_are_shown_as_words(visitor):
    def change(route_socket):
        server = route_socket.connect_to_server()

        def rewrite(frame):
            if isinstance(frame, str) and frame.startswith('42["message"'):
                name, message = json.loads(frame[2:])
                if message["from"] == "advisor":
                    if message["seq"] > 2:
                        message |= {"reply": None, "text": "Old words.\n• One."}
                        message["buttons"] = [{"title": "Why", "text": "why should I do one?"}]
                    else:
                        message["text"] = "All of it in words."
                        message["reply"]["card"] = {"type": "hologram"}
                    frame = "42" + json.dumps([name, message])
            route_socket.send(frame)

        server.on_message(rewrite)

    visitor.page.route_web_socket("**/socket.io/**", change)
    visitor.page.reload()
    assert "All of it in words." in visitor.open().say("hello")
    answer = visitor.say("hello again")
    assert "Old words." in answer and "• One." in answer
    visitor.click(visitor.named("button", "Why").first)
    assert visitor.said[-1] == "why should I do one?"


def test_addresses_in_answers_are_links(visitor):
    visitor.open().say("do I need a housemanship to practise in Nigeria")
    link = visitor.find(".bubble a").first
    assert link.get_attribute("href").startswith("https://mdcn.gov.ng")
    expect(visitor.find(".plate")).to_contain_text("Required")


def test_answers_are_shown_with_their_sources(visitor):
    visitor.open().say("can I ask for a letter of recommendation after four weeks?")
    source = visitor.find(".bubble .source a").first
    assert source.get_attribute("href").startswith("http")


def test_emergency_numbers_can_be_called(visitor):
    visitor.open().say("help, my friend collapsed in Kenya and is not breathing")
    call = visitor.find(".contacts a.call").first
    assert call.get_attribute("href") == "tel:999"
    expect(call).to_have_accessible_name("Call 999")


def test_searching_is_shown_while_the_advisor_works(visitor):
    visitor.open()
    # A watcher, because an answer may come faster than a test can look.
    visitor.page.evaluate(
        """() => { const root = document.querySelector("preceptor-chat").shadowRoot;
            window.seen = []; new MutationObserver(() => {
              const typing = root.querySelector(".typing");
              if (typing) window.seen.push(typing.innerText.trim());
            }).observe(root, {subtree: true, childList: true}); }"""
    )
    visitor.say(SEARCH)
    assert "Searching…" in visitor.page.evaluate("window.seen")
    assert visitor.find(".typing").count() == 0


def test_an_answer_is_rated_and_the_rating_stays_over_a_reload(visitor):
    visitor.open().say(SEARCH)
    visitor.named("button", "This answer helped").click()
    expect(visitor.named("button", "This answer helped")).to_have_attribute("aria-pressed", "true")
    expect(visitor.find(".thumbs [role=status]")).to_have_text("Thank you for your feedback.")
    visitor.page.reload()
    visitor.open()
    expect(visitor.named("button", "This answer helped")).to_have_attribute("aria-pressed", "true")
    visitor.named("button", "This answer helped").click()
    expect(visitor.named("button", "This answer helped")).to_have_attribute("aria-pressed", "false")


def test_a_restart_is_asked_about_and_clears_the_conversation(visitor):
    visitor.open().say(SEARCH)
    visitor.named("button", "More").click()
    visitor.named("button", "Start over").click()
    question = visitor.page.get_by_role("alertdialog")
    expect(question.get_by_role("button", name="Keep talking")).to_be_focused()
    question.get_by_role("button", name="Keep talking").click()
    assert visitor.said == [SEARCH]
    visitor.named("button", "More").click()
    visitor.named("button", "Start over").click()
    question.get_by_role("button", name="Start over").click()
    until(lambda: visitor.said == [])
    expect(visitor.named("button", "Can you help me find a programme?")).to_be_visible()
    answer = visitor.say("compare these")
    assert "Gap Medics" not in answer


def test_the_conversation_is_downloaded_as_text(visitor):
    visitor.open().say(SEARCH)
    visitor.named("button", "More").click()
    with visitor.page.expect_download() as download:
        visitor.named("button", "Download the conversation").click()
    path = download.value.path()
    text = path.read_text("utf-8")
    assert download.value.suggested_filename.endswith(".txt")
    assert SEARCH in text
    # The whole text, with what is shown on cards.
    assert "https://www.gapmedics.com/" in text


def test_the_conversation_is_printed(visitor):
    visitor.context.add_init_script(
        "window.print = () => { window.top.printed = document.body.innerText; }"
    )
    visitor.page.reload()
    visitor.open().say(SEARCH)
    visitor.named("button", "More").click()
    visitor.named("button", "Print the conversation").click()
    until(lambda: visitor.page.evaluate("window.printed ?? ''"))
    assert SEARCH in visitor.page.evaluate("window.printed")


def test_answers_that_come_while_the_chat_is_closed_are_counted(visitor):
    # In one go: an answer may come faster than a test can close the chat.
    visitor.page.evaluate(
        "async (text) => { await Preceptor.send(text); Preceptor.close(); }", SEARCH
    )
    expect(visitor.find(".badge")).to_have_text(re.compile(r"[1-9]"))
    expect(visitor.find(".launcher")).to_have_accessible_name(re.compile(r"unread"))
    visitor.open()
    expect(visitor.find(".badge")).to_be_hidden()


def test_a_page_steers_the_widget_by_its_javascript_interface(visitor):
    page = visitor.page
    page.evaluate(
        """() => { window.heard = []; for (const name of ["open", "close", "message", "unread"])
            window.Preceptor.on(name, () => window.heard.push(name)); }"""
    )
    page.evaluate("window.Preceptor.send('why should I do an internship?')")
    visitor.answered(1)
    page.evaluate("window.Preceptor.close()")
    expect(visitor.find(".panel")).to_be_hidden()
    page.evaluate("window.Preceptor.open()")
    expect(visitor.find(".panel")).to_be_visible()
    page.evaluate("window.Preceptor.restart()")
    until(lambda: visitor.said == [])
    heard = page.evaluate("window.heard")
    assert heard[0] == "open" and {"close", "message"} <= set(heard)
    stop = page.evaluate(
        """async () => { let n = 0; const stop = Preceptor.on("close", () => n++);
            stop(); await Preceptor.open(); Preceptor.close(); return n; }"""
    )
    assert stop == 0


def test_links_of_the_page_ask_questions(visitor):
    visitor.page.get_by_role("button", name="Is it better to intern abroad or at home?").click()
    assert visitor.answered(1)
    assert visitor.said == ["Is it better to intern abroad or at home?"]


def test_every_starting_point_is_understood(visitor):
    visitor.open()
    for number in range(visitor.find(".replies button").count()):
        if number:
            visitor.page.evaluate("window.Preceptor.restart()")
            until(lambda: visitor.said == [])
        answer = visitor.click(visitor.find(".replies button").nth(number))
        assert "not sure I understood" not in answer, (number, answer)


def test_too_long_a_message_is_not_sent_but_told(visitor):
    visitor.open()
    visitor.input.fill("a" * 1900)
    expect(visitor.find(".left")).to_have_text("100 characters left")
    visitor.input.fill("a" * 2003)
    expect(visitor.find(".left")).to_have_text("At most 2000 characters; 3 too many.")
    visitor.input.press("Enter")
    assert visitor.said == []
    assert len(visitor.input.input_value()) == 2003


def test_slashes_are_plain_words(visitor):
    assert visitor.open().say("/restart")
    assert visitor.said == ["/restart"]


def test_the_interface_speaks_the_languages_it_has(visitor, browser, place):
    for lang, words in {
        "en": "Your message",
        "es": "Su mensaje",
        "fr": "Votre message",
        "id": "Pesan Anda",
        "ar": "رسالتك",
        "fr-CA": "Votre message",
        "xx": "Your message",
    }.items():
        visitor.page.evaluate(
            "lang => document.querySelector('preceptor-chat').setAttribute('lang', lang)", lang
        )
        if lang == "en":
            visitor.open()
        expect(visitor.input).to_have_accessible_name(words)


def test_the_carousel_is_walked_with_the_arrow_keys(visitor):
    visitor.open().say("internships in Africa")
    cards(visitor).first.get_by_role("button", name="Details").focus()
    for key, place in (("ArrowRight", 1), ("End", 2), ("Home", 0), ("ArrowLeft", 0)):
        visitor.page.keyboard.press(key)
        expect(cards(visitor).nth(place).get_by_role("button", name="Details")).to_be_focused()
    visitor.named("button", "Next programme").click()
    expect(visitor.find(".steps")).to_contain_text("2 / ")


def test_five_turns_of_a_search_on_a_phone(browser, place):
    with visiting(
        browser, place.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as visitor:
        visitor.open()
        for text in (
            "paediatrics in Africa",
            "only Tanzania",
            "for four weeks",
            "compare these",
            "tell me more about number 1",
        ):
            assert visitor.say(text)
        assert visitor.find(".carousel").count() >= 2
        expect(visitor.find("table")).to_have_count(1)
        expect(visitor.find(".detail")).to_have_count(1)
        # The chat fills the screen and nothing is wider than it.
        box = visitor.find(".panel").bounding_box()
        assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)
        assert visitor.complaints == []


def frames_sent(visitor: Visitor) -> list[str]:
    """Return a list that grows with every frame which the page sends over its WebSocket."""
    sent: list[str] = []
    session = visitor.context.new_cdp_session(visitor.page)
    session.on(
        "Network.webSocketFrameSent", lambda event: sent.append(event["response"]["payloadData"])
    )
    session.send("Network.enable")
    return sent
