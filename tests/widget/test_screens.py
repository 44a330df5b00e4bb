"""Pictures of the main states, kept in docs/screenshots/ by the same run that tests them.

A picture that looks like the committed one is left alone, so that a run leaves the tree clean.
"""

import io

import pytest
from PIL import Image, ImageChops

from tests.support.tiny_project import ROOT
from tests.support.widget import Visitor, until, visiting

FOLDER = ROOT / "docs" / "screenshots"
LIMIT_BYTES = 300 * 1024
# Fonts and hinting differ between machines; more than this is a change of ours.
SAME_SHARE = 0.02
SAME_SHADE = 24

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DARK = {"color_scheme": "dark"}
SEARCH = ("paediatrics in Africa", "only Tanzania", "for four weeks")
FIVE = (*SEARCH, "compare these", "tell me more about number 1")

SCENES = {
    "page": ({}, None, ()),
    "phone-open": (PHONE, None, ()),
    "phone-search": (PHONE, None, SEARCH),
    "phone-comparison": (PHONE, None, FIVE[:4]),
    "phone-details": (PHONE, None, FIVE),
    "phone-rules": (PHONE, None, ("do I need a housemanship to practise in Nigeria",)),
    "phone-contacts": (PHONE, None, ("help, my friend collapsed in Kenya and is not breathing",)),
    "phone-arabic": (PHONE, "ar", SEARCH[:1]),
    "desktop-search": ({}, None, SEARCH),
    "desktop-comparison-dark": (DARK, None, FIVE[:4]),
}


@pytest.mark.parametrize("name", SCENES)
def test_a_picture_of(browser, place, name):
    options, lang, questions = SCENES[name]
    with visiting(browser, place.url, reduced_motion="reduce", **options) as visitor:
        if lang:
            visitor.page.evaluate(
                "lang => document.querySelector('preceptor-chat').setAttribute('lang', lang)", lang
            )
        if name != "page":
            visitor.open()
        for text in questions:
            visitor.say(text)
        if name.startswith("desktop-comparison"):
            visitor.named("button", "Widen the chat").click()
        keep(name, picture(visitor))


def picture(visitor: Visitor) -> bytes:
    """Return a picture of what stands still."""
    # Neither the pointer's nor the caret's place is part of a state.
    visitor.page.mouse.move(0, 0)
    last = b""

    def still() -> bytes:
        nonlocal last
        before, last = last, visitor.page.screenshot(caret="hide")
        return last if last == before else b""

    return until(still)


def keep(name: str, taken: bytes) -> None:
    """Write a picture unless the committed one looks the same."""
    assert len(taken) < LIMIT_BYTES
    path = FOLDER / f"{name}.png"
    if path.exists() and looks_the_same(path.read_bytes(), taken):
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    path.write_bytes(taken)


def looks_the_same(old: bytes, new: bytes) -> bool:
    """Say whether at most 2 % of the pixels differ by more than a shade."""
    before, after = (Image.open(io.BytesIO(one)).convert("L") for one in (old, new))
    if before.size != after.size:
        return False
    changed = ImageChops.difference(before, after).point(lambda shade: shade > SAME_SHADE and 255)
    share = changed.histogram()[255] / (before.width * before.height)
    return share <= SAME_SHARE


def test_a_changed_picture_is_noticed_and_a_like_one_is_not():
    plain, other = Image.new("RGB", (100, 100), "white"), Image.new("RGB", (100, 100), "white")
    other.paste((0, 0, 0), (0, 0, 100, 3))
    shaded = Image.new("RGB", (100, 100), (240, 240, 240))

    def png(image: Image.Image) -> bytes:
        data = io.BytesIO()
        image.save(data, "PNG")
        return data.getvalue()

    assert not looks_the_same(png(plain), png(other))
    assert looks_the_same(png(plain), png(shaded))
