"""For everyone: axe, keyboard, screen readers, zoom, right-to-left, motion."""

import pytest
from playwright.sync_api import expect

from tests.support.widget import Visitor, until, visiting

SEARCH = "surgery placements in Tanzania"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

SITUATIONS = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "320 px": {"viewport": {"width": 320, "height": 640}},
    # A window of 1280 by 1024 at 400 %.
    "400 %": {"viewport": {"width": 320, "height": 256}},
    "right to left": {**PHONE, "locale": "ar"},
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_axe_finds_nothing(browser, place, situation):
    # axe is put into the page as a script of the page's own, which its policy forbids.
    with visiting(browser, place.url, bypass_csp=True, **SITUATIONS[situation]) as visitor:
        if situation == "right to left":
            visitor.page.evaluate(
                "document.querySelector('preceptor-chat').setAttribute('lang', 'ar')"
            )
        found = {"closed": visitor.axe()}
        visitor.open()
        _rest(visitor)
        found["open"] = visitor.axe()
        for state, text in (
            ("cards", SEARCH),
            ("comparison", "compare 1 and 3"),
            ("details", "tell me more about number 1"),
            ("rule", "do I need a housemanship to practise in Nigeria"),
            ("contacts", "help, my friend collapsed in Kenya and is not breathing"),
        ):
            visitor.say(text)
            _rest(visitor)
            found[state] = visitor.axe()
        assert found == {state: [] for state in found}
        _no_wider_than_the_screen(visitor)


def _rest(visitor: Visitor) -> None:
    """Wait until nothing moves: colours in motion have no contrast that could be measured."""
    until(
        lambda: visitor.page.evaluate(
            """() => document.querySelector("preceptor-chat").shadowRoot.getAnimations()
                .every((one) => one.playState !== "running")"""
        )
    )


def _no_wider_than_the_screen(visitor: Visitor) -> None:
    wide = visitor.page.evaluate(
        """() => { const root = document.querySelector("preceptor-chat").shadowRoot;
          const log = root.querySelector(".log"); const panel = root.querySelector(".panel");
          return [document.documentElement.scrollWidth > innerWidth,
                  log.scrollWidth > log.clientWidth, panel.scrollWidth > panel.clientWidth]; }"""
    )
    assert wide == [False, False, False]


def test_the_whole_conversation_goes_by_keyboard(visitor):
    page = visitor.page
    page.evaluate("document.querySelector('footer').scrollIntoView()")
    visitor.find(".launcher").focus()
    page.keyboard.press("Enter")
    expect(visitor.input).to_be_focused()
    page.keyboard.type(SEARCH)
    page.keyboard.press("Enter")
    visitor.answered(1)
    # Backwards from the field: the quick replies of the newest answer.
    page.keyboard.press("Shift+Tab")
    expect(visitor.named("button", "Show more")).to_be_focused()
    page.keyboard.press("Enter")
    visitor.answered(2)
    page.keyboard.press("Escape")
    expect(visitor.find(".panel")).to_be_hidden()
    expect(visitor.find(".launcher")).to_be_focused()


def test_escape_closes_one_thing_at_a_time_and_the_focus_returns(visitor):
    opener = visitor.page.get_by_role("button", name="Ask the advisor", exact=True)
    opener.focus()
    visitor.page.keyboard.press("Enter")
    visitor.named("button", "More").click()
    expect(visitor.named("button", "My shortlist")).to_be_focused()
    visitor.page.keyboard.press("ArrowDown")
    expect(visitor.named("button", "Download the conversation")).to_be_focused()
    visitor.page.keyboard.press("Escape")
    expect(visitor.find("#menu")).to_be_hidden()
    expect(visitor.named("button", "More")).to_be_focused()
    visitor.page.keyboard.press("Escape")
    expect(visitor.find(".panel")).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_focus_is_always_visible(visitor):
    visitor.open().say(SEARCH)
    unseen = []
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        found = visitor.page.evaluate(
            """() => { const host = document.activeElement;
              const one = host?.shadowRoot?.activeElement; if (!one) return null;
              const style = getComputedStyle(one);
              return style.outlineStyle === "none" || style.outlineWidth === "0px"
                ? one.outerHTML.slice(0, 90) : ""; }"""
        )
        if found is None:
            break
        if found:
            unseen.append(found)
    assert unseen == []


def test_on_a_phone_the_focus_stays_in_the_chat(browser, place):
    with visiting(browser, place.url, **PHONE) as visitor:
        visitor.open()
        for _ in range(25):
            visitor.page.keyboard.press("Tab")
            inside = visitor.page.evaluate("document.activeElement.localName")
            assert inside == "preceptor-chat"


def test_new_answers_are_announced(visitor):
    visitor.open()
    live = visitor.find(".panel > [aria-live=polite]")
    visitor.say("why should I do an internship?")
    expect(live).to_contain_text("internship")


def test_the_chat_fits_above_the_keyboard_of_a_phone(browser, place):
    with visiting(browser, place.url, **PHONE) as visitor:
        visitor.open()
        # The on-screen keyboard takes the lower half of what can be seen.
        visitor.page.evaluate(
            """() => { Object.defineProperty(visualViewport, "height", {value: 430});
                visualViewport.dispatchEvent(new Event("resize")); }"""
        )
        box = visitor.find(".panel").bounding_box()
        assert box["height"] == 430
        field = visitor.input.bounding_box()
        assert field["y"] + field["height"] <= 430


def test_nothing_moves_for_those_who_asked_for_stillness(browser, place):
    with visiting(browser, place.url, reduced_motion="reduce") as visitor:
        visitor.open()
        moving = visitor.page.evaluate(
            """() => document.querySelector("preceptor-chat").shadowRoot.getAnimations().length"""
        )
        assert moving == 0


def test_right_to_left_turns_the_chat_round(visitor):
    visitor.page.evaluate("document.querySelector('preceptor-chat').setAttribute('lang', 'ar')")
    visitor.open().say(SEARCH)
    expect(visitor.find(".panel")).to_have_attribute("dir", "rtl")
    mine = visitor.find(".turn.person .said").bounding_box()
    theirs = visitor.find(".turn.advisor .bubble").last.bounding_box()
    assert mine["x"] < theirs["x"]


def test_colours_and_fonts_follow_the_host_pages_properties(visitor):
    visitor.page.evaluate(
        """() => { const style = document.documentElement.style;
            style.setProperty("--preceptor-accent", "rgb(120, 20, 60)");
            style.setProperty("--preceptor-font", "monospace"); }"""
    )
    visitor.open().say("hello")
    styles = visitor.page.evaluate(
        """() => [".launcher", ".header", ".said"].map((one) => {
            const found = document.querySelector("preceptor-chat").shadowRoot.querySelector(one);
            const style = getComputedStyle(found);
            return [style.backgroundColor, style.fontFamily]; })"""
    )
    assert {colour for colour, _ in styles} == {"rgb(120, 20, 60)"}
    assert styles[2][1] == "monospace"
