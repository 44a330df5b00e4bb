"""Nothing hostile runs, nothing leaks, and the host page and the widget leave each other alone."""

import json

import pytest
from playwright.sync_api import expect

from tests.support.tiny_project import ROOT
from tests.support.widget import HOSTILE_NAME, site, until, visiting

SEARCH = "surgery placements in Tanzania"
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    '"><svg/onload=alert(1)>',
    "[click me](javascript:alert(1)) ![x](http://evil.example/x.png)",
    "javascript:alert(1)",
    "\u202egnp.exe\u202c and \u2067more\u2069",
    "**bold** _it_ `code` <b>b</b> &lt;i&gt;",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
]
INTEGRITY = json.loads((ROOT / "widget/dist/integrity.json").read_text())


def csp(url: str, more: str = "") -> str:
    """The policy that docs/widget.md gives for a host page."""
    sockets = url.replace("http", "ws", 1)
    return (
        f"default-src 'none'; script-src {url}; connect-src {url} {sockets}; img-src {url}; "
        f"object-src 'none'; base-uri 'none'{more}"
    )


def host_page(url: str) -> str:
    """The minimal page of docs/widget.md: ten lines, pinned by its hash."""
    pinned = INTEGRITY["pinned"]
    return f"""<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Faculty of Medicine</title>
    <script src="{url}/widget/{pinned}" integrity="{INTEGRITY["files"][pinned]}"
            crossorigin="anonymous" defer></script>
  </head>
  <body><main><h1>Electives</h1></main></body>
</html>"""


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_person_types_is_shown_and_never_runs(visitor, text):
    visitor.page.evaluate("window.alert = () => { window.hacked = true; }")
    visitor.open().say(text)
    shown = text.translate({ord(mark): None for mark in "\u202e\u202c\u2067\u2069"})
    assert visitor.said == [shown]
    # History takes another way to the screen.
    visitor.page.reload()
    visitor.open()
    visitor.answered(1)
    assert visitor.said == [shown]
    assert visitor.find(".log :is(img, script, iframe, object)").count() == 0
    assert visitor.page.evaluate("window.hacked") is None
    for link in visitor.find(".log a").all():
        assert link.get_attribute("href").split(":")[0] in ("http", "https", "mailto", "tel")
    assert not [url for url in visitor.requests if "evil.example" in url]


def test_hostile_rows_of_the_catalogue_are_shown_and_never_run(visitor):
    visitor.open()
    visitor.say("placements in Palau")
    card = visitor.find("li.slide").first
    expect(card.get_by_role("heading")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(card).to_contain_text("<script>alert(3)</script> Trust **bold**")
    expect(card).not_to_contain_text("\u202e")
    visitor.click(card.get_by_role("button", name="Details"))
    expect(visitor.find(".detail")).to_contain_text("<svg onload=alert(4)>")
    assert visitor.find(".log :is(img, script, iframe, object, b)").count() == 0
    assert visitor.find(".log [onmouseover]").count() == 0
    assert HOSTILE_NAME[:10] in visitor.find(".log").inner_text()
    # Nor in a file or on paper.
    assert visitor.complaints == []


def test_hostile_messages_from_the_server_never_run(visitor, place):
    """A server that has been taken over can lie, but it can't run anything on the host page."""
    source = {"title": "s", "url": "vbscript:x", "date": None}
    evil = {
        "text": "<img src=x onerror=alert(1)>",
        "reply": {
            "lead": "<img src=x onerror=alert(1)>",
            "body": ["https://ok.example/a) javascript:alert(1)"],
            "steps": ["<svg onload=alert(1)>"],
            "remarks": ["[click](javascript:alert(1))"],
            "sources": [source],
            "card": {
                "type": "contacts",
                "contacts": [
                    {
                        "label": "<i>x</i>",
                        "phone": "javascript:alert(1)",
                        "url": " JaVaScRiPt:alert(1)",
                        "details": None,
                        "source": source,
                    }
                ],
            },
        },
        "buttons": [
            {"title": "<b>Go</b>", "url": "javascript:alert(1)"},
            {"title": "Data", "url": "data:text/html,<script>alert(1)</script>"},
        ],
        "image": {"url": "https://tracker.example/pixel.png", "alt": "A chart"},
    }

    def forge(route_socket):
        server = route_socket.connect_to_server()

        def change(frame):
            if isinstance(frame, str) and frame.startswith('42["message"'):
                name, message = json.loads(frame[2:])
                if message["from"] == "advisor":
                    frame = "42" + json.dumps([name, {**message, **evil}])
            route_socket.send(frame)

        server.on_message(change)

    visitor.page.route_web_socket("**/socket.io/**", forge)
    visitor.page.reload()
    visitor.open().say("hello")
    expect(visitor.find(".log")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(visitor.find(".log")).to_contain_text("<b>Go</b>")
    hrefs = [link.get_attribute("href") for link in visitor.find(".log a").all()]
    assert {href.split(":")[0] for href in hrefs} <= {"https", "tel"}
    assert not [url for url in visitor.requests if "tracker.example" in url]


def test_no_request_ever_goes_to_anyone_else(visitor, place):
    visitor.open().say(SEARCH)
    visitor.say("help, my friend collapsed in Kenya and is not breathing")
    hosts = {url.split("/")[2] for url in visitor.requests if url.startswith("http")}
    assert hosts == {place.url.split("/")[2]}


def test_the_page_of_the_advisor_has_a_strict_policy(visitor, place):
    answer = visitor.page.request.get(place.url)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


def test_ten_lines_on_another_site_are_enough(browser, place):
    headers = {"Content-Security-Policy": csp(place.url)}
    page = host_page(place.url)
    assert len(page.splitlines()) <= 11
    with site(place.host_port, {"/": (page, headers)}) as origin:
        with visiting(browser, origin) as visitor:
            visitor.open().say(SEARCH)
            visitor.page.reload()
            visitor.open()
            visitor.answered(1)
            assert visitor.complaints == []


def test_a_changed_launcher_is_not_run(browser, place):
    page = host_page(place.url).replace("sha384-", "sha384-A", 1)
    with site(place.host_port, {"/": (page, {})}) as origin:
        with visiting(browser, origin) as visitor:
            assert visitor.page.evaluate("window.Preceptor === undefined")


def test_a_changed_chat_is_not_run(browser, place):
    with visiting(browser, "about:blank") as visitor:

        def change(route):
            answer = route.fetch()
            route.fulfill(response=answer, body=answer.text() + "\nwindow.hacked = 1;")

        visitor.page.route("**/widget/chat-*.js", change)
        visitor.page.goto(place.url)
        visitor.find(".launcher").click()
        expect(visitor.find(".note")).to_contain_text("could not be loaded")
        assert visitor.page.evaluate("window.hacked") is None


def test_a_site_that_is_not_on_the_list_is_refused_in_words(browser, place):
    from tests.support.tiny_project import free_port

    with site(free_port(), {"/": (host_page(place.url), {})}) as origin:
        with visiting(browser, origin) as visitor:
            visitor.open()
            visitor.type("hello")
            expect(visitor.find(".notice")).to_be_visible()
            expect(visitor.find(".turn.waiting")).to_have_count(1)


HOSTILE_CSS = """
* { all: unset !important; display: none !important; color: red !important;
    font: 40px fantasy !important; transform: rotate(3deg) !important; }
preceptor-chat { opacity: 0 !important; width: 0 !important; z-index: -1 !important;
    position: static !important; visibility: hidden !important; pointer-events: none !important; }
html, body { display: block !important; transform: translateX(50px); overflow: hidden;
    filter: blur(0); direction: rtl; letter-spacing: 1em; }
button, textarea, p, div, table { border: 9px dashed lime !important; }
.cover { display: block !important; position: fixed !important; inset: 0; z-index: 2147483647; }
"""


def test_hostile_styles_of_the_host_page_change_nothing(visitor, browser, place):
    def look(someone):
        someone.open().say(SEARCH)
        return someone.page.evaluate(
            """() => { const root = document.querySelector("preceptor-chat").shadowRoot;
              return [".launcher", ".panel", ".bubble", "li.slide h3", "textarea"].map((one) => {
                const found = root.querySelector(one); const style = getComputedStyle(found);
                const box = found.getBoundingClientRect();
                return [one, style.color, style.fontFamily, style.fontSize, style.display,
                        style.opacity, style.letterSpacing, style.direction,
                        Math.round(box.width), style.borderTopStyle, style.visibility]; }); }"""
        )

    calm = look(visitor)
    page = (
        host_page(place.url)
        .replace("</head>", f"<style>{HOSTILE_CSS}</style></head>")
        .replace("<main>", '<div class="cover"></div><main>')
    )
    with site(place.host_port, {"/": (page, {})}) as origin:
        with visiting(browser, origin) as bothered:
            assert look(bothered) == calm


def test_the_widget_leaves_the_host_page_alone(visitor):
    before = visitor.page.evaluate("Object.keys(window).length")
    styles = "[...document.querySelectorAll('style, link[rel=stylesheet]')].length"
    sheets = visitor.page.evaluate(styles)
    visitor.open().say(SEARCH)
    assert visitor.page.evaluate("Object.keys(window).length") == before
    assert visitor.page.evaluate(styles) == sheets


def test_consent_is_waited_for(browser, place):
    page = host_page(place.url).replace("defer", 'data-consent="wait" defer')
    with site(place.host_port, {"/": (page, {})}) as origin:
        with visiting(browser, origin) as visitor:
            visitor.open().say(SEARCH)
            assert visitor.stored == []
            visitor.page.evaluate("window.Preceptor.consent()")
            assert until(lambda: visitor.stored)
            visitor.page.evaluate("window.Preceptor.consent(false)")
            until(lambda: visitor.stored == [])
            # This page goes on talking.
            visitor.say("compare these")
            assert visitor.stored == []


def test_a_single_page_app_may_add_move_and_remove_it_at_any_time(browser, place):
    page = host_page(place.url).replace("defer", 'data-insert="no" defer')
    with site(place.host_port, {"/": (page, {})}) as origin:
        with visiting(browser, origin) as visitor:
            visitor.page.wait_for_load_state("load")
            add = """() => { const one = document.createElement("preceptor-chat");
                one.setAttribute("position", "left"); document.body.append(one); }"""
            visitor.page.evaluate(add)
            visitor.open().say(SEARCH)
            box = visitor.find(".panel").bounding_box()
            assert box["x"] < 100
            visitor.page.evaluate(
                "document.querySelector('main').append(document.querySelector('preceptor-chat'))"
            )
            visitor.say("compare 1 and 3")
            visitor.page.evaluate("document.querySelector('preceptor-chat').remove()")
            assert visitor.page.locator("preceptor-chat").count() == 0
            # Loading the script again, as some routers do, is no second widget.
            visitor.page.evaluate(
                """src => new Promise((done) => { const tag = document.createElement("script");
                    tag.dataset.insert = "no"; tag.src = src; tag.onload = done;
                    document.head.append(tag); })""",
                f"{place.url}/widget/preceptor.js",
            )
            visitor.page.evaluate(add)
            visitor.open()
            visitor.answered(2)
            assert visitor.said == [SEARCH, "compare 1 and 3"]
            assert visitor.find(".panel").count() == 1
            assert visitor.complaints == []


def test_a_page_that_swaps_its_body_keeps_the_open_chat(visitor):
    visitor.open().say(SEARCH)
    visitor.page.evaluate("document.body.replaceWith(document.createElement('body'))")
    expect(visitor.find(".panel")).to_be_visible()
    visitor.say("compare 1 and 3")


def test_operators_words_replace_ours(browser, place):
    words = json.dumps({"title": "Elective desk", "placeholder": 7, "unknown": "x"})
    page = host_page(place.url).replace("defer", 'data-texts="/words.json" defer')
    pages = {"/": (page, {}), "/words.json": (words, {"Content-Type": "application/json"})}
    with site(place.host_port, pages) as origin:
        with visiting(browser, origin) as visitor:
            visitor.open()
            expect(visitor.find("h2")).to_have_text("Elective desk")
            expect(visitor.input).to_have_attribute("placeholder", "Ask about internships…")
