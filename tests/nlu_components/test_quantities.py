"""Lengths, money and positions as people write them."""

import string
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from preceptor.nlu.entities.durations import durations
from preceptor.nlu.entities.money import amounts, wants_cheap
from preceptor.nlu.entities.positions import positions
from preceptor.nlu.tokens import blank_english, tokens_of


def weeks(text: str):
    found = durations(tokens_of(text))
    return [(f.value["min_weeks"], f.value["max_weeks"]) for f in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4 weeks", (4.0, 4.0)),
        ("four weeks", (4.0, 4.0)),
        ("4wks", (4.0, 4.0)),
        ("a week", (1.0, 1.0)),
        ("6-8 weeks", (6.0, 8.0)),
        ("6 to 8 weeks", (6.0, 8.0)),
        ("6–8 weeks", (6.0, 8.0)),
        ("between 6 and 8 weeks", (6.0, 8.0)),
        ("a month", (4.3, 4.3)),
        ("a month or two", (4.3, 8.7)),
        ("two months", (8.7, 8.7)),
        ("a couple of weeks", (2.0, 2.0)),
        ("a few weeks", (3.0, 4.0)),
        ("a fortnight", (2.0, 2.0)),
        ("10 days", (1.4, 1.4)),
        ("a year", (52.0, 52.0)),
        ("up to 3 months", (None, 13.0)),
        ("max 4 weeks", (None, 4.0)),
        ("at most six weeks", (None, 6.0)),
        ("no longer than 4 weeks", (None, 4.0)),
        ("at least 8 weeks", (8.0, None)),
        ("8 weeks or more", (8.0, None)),
        ("4 weeks max", (None, 4.0)),
        ("this summer", (None, 12.0)),
        ("in July", (None, None)),
        # Number words above twelve, and fractions.
        ("thirteen weeks", (13.0, 13.0)),
        ("sixteen weeks", (16.0, 16.0)),
        ("twenty-five weeks", (25.0, 25.0)),
        ("twenty four weeks", (24.0, 24.0)),
        ("twenty one days", (3.0, 3.0)),
        ("ninety days", (12.9, 12.9)),
        ("a hundred and twenty days", (17.1, 17.1)),
        ("ten to twelve weeks", (10.0, 12.0)),
        ("one and a half months", (6.5, 6.5)),
        ("three and a half months", (15.2, 15.2)),
        ("a month and a half", (6.5, 6.5)),
        ("1½ months", (6.5, 6.5)),
        ("1 1/2 months", (6.5, 6.5)),
        ("two and a half years", (130.0, 130.0)),
        ("half a year", (26.0, 26.0)),
        ("quarter of a year", (13.0, 13.0)),
        ("three quarters of a year", (39.0, 39.0)),
        # Bounds, denied ones too.
        ("at the very least 4 weeks", (4.0, None)),
        ("max. 6 weeks", (None, 6.0)),
        ("nothing longer than a month", (None, 4.3)),
        ("no less than 16 weeks", (16.0, None)),
        ("not less than 4 weeks", (4.0, None)),
        ("no fewer than five weeks", (5.0, None)),
        ("not under 4 weeks", (4.0, None)),
        ("not more than 2 weeks", (None, 2.0)),
        ("for not more than two weeks", (None, 2.0)),
        ("no more than 2 weeks", (None, 2.0)),
        ("not over 3 weeks", (None, 3.0)),
        ("don't want more than 3 weeks", (None, 3.0)),
        ("can't stay longer than 3 weeks", (None, 3.0)),
        ("more than 3 weeks", (3.0, None)),
        ("less than 3 weeks", (None, 3.0)),
        ("from 4 weeks", (4.0, None)),
        ("from 4 to 6 weeks", (4.0, 6.0)),
        ("4+ weeks", (4.0, None)),
        ("4 + weeks", (4.0, None)),
        ("4 weeks+", (4.0, None)),
        (">4 weeks", (4.0, None)),
        ("> 4 weeks", (4.0, None)),
        (">= 4 weeks", (4.0, None)),
        ("≥4 weeks", (4.0, None)),
        ("<4 weeks", (None, 4.0)),
        ("<= 4 weeks", (None, 4.0)),
        ("minimum 4 weeks", (4.0, None)),
        ("4 weeks minimum", (4.0, None)),
        # Sums, alternatives, other units.
        ("1 year 6 months", (78.0, 78.0)),
        ("1 year, 2 months and 3 weeks", (63.7, 63.7)),
        ("one year and six months", (78.0, 78.0)),
        ("2 months and 2 weeks", (10.7, 10.7)),
        ("a month plus a week", (5.3, 5.3)),
        ("4/6 weeks", (4.0, 6.0)),
        ("4 or 6 weeks", (4.0, 6.0)),
        ("a four-to-six week", (4.0, 6.0)),
        ("4 weeks to 2 months", (4.0, 8.7)),
        ("several weeks", (3.0, None)),
        ("a quarter", (13.0, 13.0)),
        ("30 working days", (6.0, 6.0)),
        ("ten business days", (2.0, 2.0)),
        ("28d", (4.0, 4.0)),
        ("6w", (6.0, 6.0)),
        # Periods.
        ("June to August", (None, 13.0)),
        ("Jun–Aug 2027", (None, 13.0)),
        ("between June and August", (None, 13.0)),
        ("November until February", (None, 17.0)),
        ("from 01/06/2027 to 28/06/2027", (4.0, 4.0)),
        ("06/01/2027 - 06/28/2027", (4.0, 4.0)),
        ("2027-06-01 to 2027-06-28", (4.0, 4.0)),
        ("01.06.2027 until 28.06.2027", (4.0, 4.0)),
        ("from 5 July to 30 July 2027", (4.0, 4.0)),
        ("5-30 July", (4.0, 4.0)),
        ("01/06 to 28/06", (4.0, 4.0)),
        ("July/August", (None, None)),
        ("from 5 to 30 July", (4.0, 4.0)),
        ("July 5-30, 2027", (4.0, 4.0)),
        ("July 5th to August 1st", (4.0, 4.0)),
        ("from 20 December to 16 January", (4.0, 4.0)),
        ("in spring", (None, None)),
        ("in the autumn", (None, None)),
        ("over Christmas", (None, None)),
        ("next month", (None, None)),
        ("in July or August", (None, None)),
        ("starting 12 May", (None, None)),
    ],
)
def test_lengths_of_stay_in_weeks(text, expected):
    (found,) = weeks(f"surgery {text}")
    assert found == expected


def test_a_season_and_a_month_are_kept_by_name():
    assert durations(tokens_of("this summer"))[0].value["season"] == "summer"
    assert durations(tokens_of("from September"))[0].value["month"] == 9


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("June to August", {"month": 6, "end_month": 8}),
        (
            "from 5 July to 30 July 2027",
            {"month": 7, "end_month": 7, "start": "2027-07-05", "end": "2027-07-30"},
        ),
        (
            "20 December 2027 to 10 January",
            {"month": 12, "end_month": 1, "start": "2027-12-20", "end": "2028-01-10"},
        ),
        ("5-30 July", {"month": 7, "end_month": 7, "start": "07-05", "end": "07-30"}),
        ("starting 12 May", {"month": 5, "start": "05-12"}),
        ("in July or August", {"month": 7, "end_month": 8}),
        ("in the fall", {"season": "autumn"}),
        ("over xmas", {"season": "christmas"}),
        ("next semester", {"relative": True}),
        ("30 working days", {"working_days": True}),
        ("4 weeks", {}),
    ],
)
def test_dates_are_kept(text, named):
    (found,) = durations(tokens_of(text))
    assert {k: v for k, v in found.value.items() if not k.endswith("_weeks")} == named


def test_a_length_and_a_period_are_two():
    assert weeks("4 weeks between June and August") == [(4.0, 4.0), (None, 13.0)]
    assert weeks("6 weeks from 1 June") == [(6.0, 6.0), (None, None)]


@pytest.mark.parametrize(
    "text",
    [
        "40 hours a week",
        "3 days a week",
        "twice a month",
        "a quarter of the price",
        "two weeks' notice",
        "May I go? I may.",
        "march for life",
        "spring into action",
        "I want one in Kenya",
        "a second opinion",
        "31/13/2027",
        "a 5 year programme",
        "3 years ago",
        "19 years old",
        "two weeks in advance",
        "3rd year student",
        "may I ask",
        "week",
    ],
)
def test_other_times_are_no_lengths_of_stay(text):
    assert weeks(text) == []


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("under 2000 usd", "2000", "USD"),
        ("under 2k USD", "2000", "USD"),
        ("€1500", "1500", "EUR"),
        ("1,500 euros", "1500", "EUR"),
        ("1.500 €", "1500", "EUR"),
        ("£700", "700", "GBP"),
        ("700 quid", "700", "GBP"),
        ("50,000 rupees", "50000", "INR"),
        ("two thousand dollars", "2000", "USD"),
        ("budget of 900", "900", None),
        ("under 1.5k", "1500", None),
        ("2 lakh rs", "200000", "INR"),
        ("99.50 EUR", "99.5", "EUR"),
        # Grouping of other countries.
        ("₹1,50,000", "150000", "INR"),
        ("Rs 1,50,000", "150000", "INR"),
        ("INR 2,00,000", "200000", "INR"),
        ("NPR 1,50,000", "150000", "NPR"),
        ("Rs. 1,00,00,000", "10000000", "INR"),
        ("Rs. 50,000/-", "50000", "INR"),
        ("Rs.50000/-", "50000", "INR"),
        ("Rs.1.5 lakh", "150000", "INR"),
        ("₹1.5L", "150000", "INR"),
        ("Nrs 50000", "50000", "NPR"),
        ("N500,000", "500000", "NGN"),
        ("2,000,000원", "2000000", "KRW"),
        ("200000 Ft", "200000", "HUF"),
        ("¥10,000 RMB", "10000", "CNY"),
        ("Rp 20.000.000", "20000000", "IDR"),
        ("1 500,50 €", "1500.5", "EUR"),
        ("1.500,50 €", "1500.5", "EUR"),
        ("1500,- €", "1500", "EUR"),
        ("CHF 1'500", "1500", "CHF"),
        ("10 000 zł", "10000", "PLN"),
        # Signs and short forms.
        ("Ksh.150,000", "150000", "KES"),
        ("KSh 150,000", "150000", "KES"),
        ("¥200000", "200000", "JPY"),
        ("৳50,000", "50000", "BDT"),
        ("Tk 50000", "50000", "BDT"),
        ("50,000 Tk.", "50000", "BDT"),
        ("R20,000", "20000", "ZAR"),
        ("5000 zł", "5000", "PLN"),
        ("50000 TL", "50000", "TRY"),
        ("₺5000", "5000", "TRY"),
        ("500,000 XAF", "500000", "XAF"),
        ("₦500k", "500000", "NGN"),
        # Letters before the dollar.
        ("CA$2,000", "2000", "CAD"),
        ("C$2,000", "2000", "CAD"),
        ("HK$8000", "8000", "HKD"),
        ("R$5000", "5000", "BRL"),
        ("NZ$2000", "2000", "NZD"),
        ("AU$2000", "2000", "AUD"),
        ("A$2000", "2000", "AUD"),
        ("AUD$2000", "2000", "AUD"),
        ("US$2000", "2000", "USD"),
        ("S$2000", "2000", "SGD"),
        ("$2000", "2000", "USD"),
        ("$2000 CAD", "2000", "CAD"),
        ("2000 US$", "2000", "USD"),
        ("AU $2000", "2000", "AUD"),
        ("a $2000 budget", "2000", "USD"),
        ("US dollars 2000", "2000", "USD"),
        ("2000 Canadian bucks", "2000", "CAD"),
        # A country and its currency.
        ("1200 US dollars", "1200", "USD"),
        ("1200 dollars US", "1200", "USD"),
        ("1200 American dollars", "1200", "USD"),
        ("2000 Australian dollars", "2000", "AUD"),
        ("1500 Swiss francs", "1500", "CHF"),
        ("50000 Pakistani rupees", "50000", "PKR"),
        ("2000 Saudi riyals", "2000", "SAR"),
        ("3000 Qatari riyals", "3000", "QAR"),
        ("90000 Kenyan shillings", "90000", "KES"),
        ("90000 Kenya shillings", "90000", "KES"),
        ("8000 Mexican pesos", "8000", "MXN"),
        ("8000 Hong Kong dollars", "8000", "HKD"),
        ("8000 nz dollars", "8000", "NZD"),
        ("900 pounds sterling", "900", "GBP"),
        # Numbers in words.
        ("1.5 million naira", "1500000", "NGN"),
        ("2 million won", "2000000", "KRW"),
        ("$1.5m", "1500000", "USD"),
        ("12 hundred dollars", "1200", "USD"),
        ("twelve hundred dollars", "1200", "USD"),
        ("two and a half thousand euros", "2500", "EUR"),
        ("two thousand five hundred euros", "2500", "EUR"),
        ("half a million naira", "500000", "NGN"),
        ("a thousand euros", "1000", "EUR"),
        ("1 crore rupees", "10000000", "INR"),
        ("2 lakh Nepalese rupees", "200000", "NPR"),
        ("under a grand", "1000", None),
        ("two grand max", "2000", None),
        ("1500 max", "1500", None),
    ],
)
def test_sums_of_money(text, amount, currency):
    (found,) = amounts(tokens_of(text))
    assert found.value == {"amount": amount, "currency": currency}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # A range, with one sign or two.
        ("€500–1,000", {"amount": "1000", "currency": "EUR", "min_amount": "500"}),
        ("500 to 1000 euros", {"amount": "1000", "currency": "EUR", "min_amount": "500"}),
        ("$500-$1000", {"amount": "1000", "currency": "USD", "min_amount": "500"}),
        ("between 500 and 1000 USD", {"amount": "1000", "currency": "USD", "min_amount": "500"}),
        ("1-2k dollars", {"amount": "2000", "currency": "USD", "min_amount": "1000"}),
        # A lower limit alone.
        ("at least $1000", {"amount": None, "currency": "USD", "min_amount": "1000"}),
        ("over $1000", {"amount": None, "currency": "USD", "min_amount": "1000"}),
        ("from £1,000", {"amount": None, "currency": "GBP", "min_amount": "1000"}),
        ("not less than 900 euros", {"amount": None, "currency": "EUR", "min_amount": "900"}),
        ("$1000 or more", {"amount": None, "currency": "USD", "min_amount": "1000"}),
        ("no more than $1000", {"amount": "1000", "currency": "USD"}),
        ("can't spend over $1000", {"amount": "1000", "currency": "USD"}),
        # A price for a time.
        ("300 euros a week", {"amount": "300", "currency": "EUR", "per": "week"}),
        ("$300/week", {"amount": "300", "currency": "USD", "per": "week"}),
        ("£300 pw", {"amount": "300", "currency": "GBP", "per": "week"}),
        ("900 dollars per month", {"amount": "900", "currency": "USD", "per": "month"}),
        ("€50 a night", {"amount": "50", "currency": "EUR", "per": "day"}),
        # Currencies of several countries.
        (
            "10 000 kr",
            {
                "amount": "10000",
                "currency": None,
                "currency_word": "kr",
                "candidates": ["SEK", "NOK", "DKK", "ISK"],
            },
        ),
        (
            "3,000 riyals",
            {
                "amount": "3000",
                "currency": None,
                "currency_word": "riyals",
                "candidates": ["SAR", "QAR", "OMR", "YER"],
            },
        ),
        (
            "2 lac",
            {
                "amount": "200000",
                "currency": None,
                "currency_word": "lakh",
                "candidates": ["INR", "PKR", "BDT", "NPR", "LKR"],
            },
        ),
        (
            "Z$900",
            {"amount": "900", "currency": None, "currency_word": "z$", "candidates": []},
        ),
    ],
)
def test_sums_with_more_to_say(text, value):
    (found,) = amounts(tokens_of(f"surgery, {text}"))
    assert found.value == value


@pytest.mark.parametrize("word", ["pesos", "dinars", "shillings", "francs", "dirhams", "crowns"])
def test_a_currency_of_several_countries_is_never_taken_for_one(word):
    (found,) = amounts(tokens_of(f"under 900 {word}"))
    assert found.value["currency"] is None
    assert len(found.value["candidates"]) > 1


@pytest.mark.parametrize(
    "text",
    [
        "I won 3 awards",
        "ALL 3 PROGRAMMES",
        "all 3 of them",
        "3 real patients",
        "top 3 programmes",
        "a grand round on Monday",
        "try 2 more",
        "in 2027",
        "01/06/2027",
        "at 10:30",
        "no one",
    ],
)
def test_words_that_are_also_currencies(text):
    assert amounts(tokens_of(text)) == []


@pytest.mark.parametrize(
    "text", ["for 4 weeks", "under 8 weeks", "3 people", "in 2025", "number 2", "I am 24", "100%"]
)
def test_other_numbers_are_no_money(text):
    assert amounts(tokens_of(text)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the first one", [1]),
        ("tell me about the second", [2]),
        ("3rd option please", [3]),
        ("the last one", [-1]),
        ("number 2", [2]),
        ("no. 3", [3]),
        ("#1", [1]),
        ("2", [2]),
        ("1️⃣", [1]),
        ("3️⃣ please", [3]),
        ("🔟", [10]),
        ("save 1 and 3", [1, 3]),
        ("the first two", [1, 2]),
        ("compare 1 and 3", [1, 3]),
        ("difference between the first and the third one", [1, 3]),
        ("compare all three", [1, 2, 3]),
    ],
)
def test_positions_in_a_list(text, expected):
    assert [f.value["position"] for f in positions(tokens_of(text))] == expected


@pytest.mark.parametrize(
    "text",
    [
        "no one",
        "first year student",
        "my first time abroad",
        "second language",
        "4 weeks",
        "first aid",
    ],
)
def test_other_ordinals_pick_nothing(text):
    assert positions(tokens_of(text)) == []


@pytest.mark.parametrize(
    ("text", "cheap"), [("something cheap", True), ("on a tight budget", True), ("surgery", False)]
)
def test_little_money_without_a_sum(text, cheap):
    assert wants_cheap(tokens_of(text)) is cheap


def test_offsets_point_at_the_words():
    text = "Surgery, for 4 weeks, under €1500."
    (length,), (money,) = durations(tokens_of(text)), amounts(tokens_of(text))
    assert "4 weeks" in text[length.start : length.end]
    assert text[money.start : money.end] == "€1500"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Surgery for twenty-five weeks, please", "twenty-five weeks"),
        ("Surgery for THREE AND A HALF months", "THREE AND A HALF months"),
        ("Surgery, 1½ months", "1½ months"),
        ("Chirurgie à Nairobi from 5 July to 30 July 2027!", "from 5 July to 30 July 2027"),
    ],
)
def test_offsets_point_into_the_message_as_it_was_written(text, words):
    (found,) = durations(tokens_of(text))
    assert text[found.start : found.end] == words


def test_offsets_of_sums_point_into_the_message_as_it_was_written():
    text = "Über 2 Wochen: under two and a half thousand US dollars – ok?"
    (found,) = amounts(tokens_of(text))
    assert text[found.start : found.end] == "two and a half thousand US dollars"


_PIECES = st.sampled_from(
    "1 2 12 500 1,500 1.5 2027 ½ one two twenty hundred thousand half a and to"
    " - – / + > < . , : ( ) $ € ₹ usd kr riyals US dollars Rs. Ksh. week weeks"
    " days months year d June 5 July from at least no more than not n't per k m lakh grand 🇰🇪"
    " 1️⃣ first second compare between save spring Christmas next month 01/06/2027 /- ' \n".split(" ")
)
_MESSAGES = (
    st.text() | st.lists(_PIECES, max_size=40).map(" ".join) | st.lists(_PIECES).map("".join)
)


@settings(max_examples=600, deadline=None)
@given(_MESSAGES)
def test_any_text_is_read_and_offsets_lie_in_it(text):
    doc = tokens_of(text)
    for found in [*durations(doc), *amounts(doc), *positions(doc)]:
        assert 0 <= found.start < found.end <= len(text)
        assert text[found.start : found.end].strip()
        if found.entity == "money":
            named = [found.value["amount"], found.value.get("min_amount")]
            assert all(Decimal(each) > 0 for each in named if each is not None)
            assert any(named)
        if found.entity == "duration":
            least, most = found.value["min_weeks"], found.value["max_weeks"]
            assert least is None or most is None or 0 <= least <= most


@pytest.mark.parametrize(
    "piece",
    [
        *string.punctuation,
        *"1 1, 1. 1/ 1- 1: ½ 1½".split(),
        "usd 1 ",
        "kr 1 kr ",
        "1 week ",
        "1 week or ",
        "one and a half ",
        "a hundred ",
        "5 july ",
        "june to ",
        "from 5 to ",
        "no more than ",
        "compare 1 ",
        "save 1 ",
        "first? ",
        "1 000 ",
        "1,00,000 ",
    ],
)
def test_reading_time_is_bounded(piece):
    text = (piece * 8000)[:8000]
    assert min(_seconds(text) for _ in range(3)) < 0.3


def _seconds(text: str) -> float:
    # Without spaCy's tokenizer, whose bounds are tested elsewhere.
    doc = Doc(blank_english().vocab, words=[w or " " for w in text.split(" ")])
    for token in doc:
        token.norm_ = token.text
    started = time.process_time()
    for read in (durations, amounts, positions, wants_cheap):
        read(doc)
    return time.process_time() - started
