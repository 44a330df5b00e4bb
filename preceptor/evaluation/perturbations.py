"""Variants of test messages: with typing noise, in other words around them, inside a long story.

They are made by rule and by the message's own text as seed, so that a report measures the same
ones every time.
"""

from __future__ import annotations

import random
from zlib import crc32

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEXT_TO: dict[str, str] = {}
for _row, _keys in enumerate(_ROWS):
    for _place, _key in enumerate(_keys):
        _NEXT_TO[_key] = "".join(
            other[i]
            for other in _ROWS[max(0, _row - 1) : _row + 2]
            for i in range(max(0, _place - 1), min(len(other), _place + 2))
            if other[i] != _key
        )
# One slip in about this many letters: what people do on a phone.
_LETTERS_PER_SLIP = 18

_FRAMES = (
    "Hi there, I hope you're well. {}",
    "Sorry if this is a silly question, but {}",
    "{} Thanks in advance!",
    "quick one: {}",
    "I've been meaning to ask you something. {}",
    "Hello, I'm Amina and I'm new on this page. {} Any help is welcome.",
    "ok so {}",
    "Good evening! Would you be so kind to help me with this: {} Many thanks, Jonas",
    "hey, me again. {}",
    "A friend gave me this link. {}",
)

_STORIES = (
    "Let me tell you a little about myself first. I grew up on a farm outside a small town where"
    " the next neighbour is two kilometres away, and I am the third of five children. My"
    " grandmother raised rabbits and my father repairs tractors, so nobody in the family had"
    " anything to do with universities. When I was twelve I got a microscope for my birthday and"
    " looked at onion skins for a whole summer. Now I live with two flatmates above a bakery,"
    " which smells wonderful at five in the morning, and I ride to the lectures on an old green"
    " bicycle. Last weekend it rained the whole time, so we cooked soup, watched the river rise"
    " and talked about what each of us would like to do next year. One of them wants to paint the"
    " kitchen yellow, the other one is learning the cello, and I sat down at the laptop to write"
    " to you.",
    "It has been a strange month. In the first week the heating in our building broke, in the"
    " second my sister visited with her two little boys, and since then I have hardly had a quiet"
    " evening. On Tuesday I took the bus into town, sat down in the library by the window and made"
    " a list of all the things that I had put off since the spring: a letter to my old teacher, a"
    " new lamp for the desk, the photographs from the lake, and this. The library closes at eight,"
    " the guard already knows me by name and always tells me about his dogs, and the coffee from"
    " the machine is terrible but warm. I am twenty-two, I like long walks, I collect old maps, and"
    " my friends say that I think too much before I do anything, which is probably true. So here"
    " I am, writing it down at last.",
    "My cousin and I were on the phone for two hours yesterday. She lives by the sea, has a small"
    " boat and a very large cat, and she always has an opinion on what I ought to do. I told her"
    " about the flat, about the old piano that nobody can move, about the choir where I sing on"
    " Thursdays and about the new coach of our football team, who makes us run around the field"
    " until it is dark. Then she said that I should stop talking and simply write to somebody who"
    " knows. She is usually right, although I would never say that to her. It is late now, the"
    " street is quiet, my tea is cold, and there are still three baskets of laundry waiting for me"
    " in the hall, but I promised her that I would do it today and not next week as I do with most"
    " things.",
)


def _random(text: str) -> random.Random:
    return random.Random(crc32(text.encode()))


def with_typos(text: str) -> str:
    """Return the text as a hurried thumb types it: wrong keys, lost letters, blanks and signs."""
    chance = _random(text)
    letters = list(text)
    for _ in range(max(1, len(text) // _LETTERS_PER_SLIP)):
        places = [i for i, c in enumerate(letters) if c.isascii() and c.isalpha()]
        if len(places) < 2:
            break
        at = chance.choice(places)
        slip = chance.choice(("key", "key", "drop", "drop", "swap", "twice", "blank"))
        if slip == "key":
            letters[at] = chance.choice(_NEXT_TO[letters[at].lower()])
        elif slip == "drop":
            del letters[at]
        elif slip == "swap" and at + 1 < len(letters):
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        elif slip == "twice":
            letters.insert(at, letters[at])
        elif blanks := [i for i, c in enumerate(letters) if c == " "]:
            del letters[chance.choice(blanks)]
    noisy = "".join(letters)
    if chance.random() < 0.5:
        noisy = "".join(c for c in noisy if c not in ".,;:?!'")
    return noisy.upper() if chance.random() < 0.1 else noisy


def paraphrased(text: str) -> str:
    """Return the text within the words that polite or talkative people put around a question."""
    return _random(text).choice(_FRAMES).format(text)


def in_long_story(text: str) -> str:
    """Return the text inside a story of about 150 words that asks nothing.

    It stands at the beginning, in the middle or at the end.
    """
    chance = _random(text)
    sentences = [s.rstrip(".") + "." for s in chance.choice(_STORIES).split(". ")]
    own = text if text.rstrip()[-1:] in {".", "?", "!"} else f"{text}."
    at = chance.choice((0, len(sentences) // 2, len(sentences)))
    return " ".join([*sentences[:at], own, *sentences[at:]])
