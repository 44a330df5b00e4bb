"""The words and signs by which currencies are known, from Unicode's CLDR by way of Babel."""

from __future__ import annotations

from functools import cache

from babel import Locale
from babel.numbers import get_currency_name, get_currency_symbol, get_territory_currencies

from preceptor.nlu.normalize import fold

Candidates = tuple[str, ...]
"""ISO 4217 codes that a word may mean: one, or several where it has to be asked."""

# Names that several currencies share, of which one is meant unless a country is named.
_USUAL = {"dollar": "USD", "dollars": "USD", "pound": "GBP", "pounds": "GBP", "rupee": "INR",
          "rupees": "INR", "won": "KRW", "euro": "EUR", "euros": "EUR"}  # fmt: skip
_RIYALS = ("SAR", "QAR", "OMR", "YER")
_CROWNS = ("SEK", "NOK", "DKK", "ISK", "CZK")
_SHILLINGS = ("KES", "TZS", "UGX")
# What people write and CLDR's English has not.
_SIGNS: dict[str, Candidates] = {
    "$": ("USD",), "us$": ("USD",), "c$": ("CAD",), "au$": ("AUD",), "s$": ("SGD",),
    "sg$": ("SGD",), "nz$": ("NZD",), "j$": ("JMD",), "tt$": ("TTD",), "bz$": ("BZD",),
    "rs": ("INR",), "₨": ("INR",), "nrs": ("NPR",), "n": ("NGN",), "ft": ("HUF",),
    "ksh": ("KES",), "kshs": ("KES",), "kes": ("KES",),
    "tsh": ("TZS",), "tshs": ("TZS",), "ush": ("UGX",), "ushs": ("UGX",), "/=": _SHILLINGS,
    "tk": ("BDT",), "৳": ("BDT",), "₦": ("NGN",), "₵": ("GHS",), "gh₵": ("GHS",), "ghc": ("GHS",),
    "₺": ("TRY",), "tl": ("TRY",), "₽": ("RUB",), "₴": ("UAH",), "฿": ("THB",), "₸": ("KZT",),
    "zł": ("PLN",), "zl": ("PLN",), "zlotych": ("PLN",), "kc": ("CZK",), "r": ("ZAR",),
    "rands": ("ZAR",), "rp": ("IDR",), "rm": ("MYR",), "sfr": ("CHF",), "nis": ("ILS",),
    "rmb": ("CNY",), "renminbi": ("CNY",), "元": ("CNY",), "円": ("JPY",), "원": ("KRW",),
    "kr": _CROWNS[:4], "crown": _CROWNS, "crowns": _CROWNS, "krona": ("SEK", "ISK"),
    "sr": ("SAR",), "riyal": _RIYALS, "riyals": _RIYALS, "riyaal": _RIYALS,
    "dh": ("AED", "MAD"), "dhs": ("AED", "MAD"), "cfa": ("XAF", "XOF"), "fcfa": ("XAF", "XOF"),
    "f cfa": ("XAF", "XOF"), "cfa francs": ("XAF", "XOF"), "cfa franc": ("XAF", "XOF"),
    "dolar": ("USD",), "dolars": ("USD",), "dollers": ("USD",),
    "quid": ("GBP",), "sterling": ("GBP",), "pounds sterling": ("GBP",), "pound sterling": ("GBP",),
    "reais": ("BRL",), "soles": ("PEN",), "taka": ("BDT",), "birr": ("ETB",),
    "lakh": ("INR", "PKR", "BDT", "NPR", "LKR"), "grand": (),
}  # fmt: skip
# Which country an adjective that CLDR's English lacks belongs to.
_ADJECTIVES = {"american": "US", "usa": "US", "u.s.": "US", "us": "US", "aussie": "AU",
               "kiwi": "NZ", "british": "GB", "uk": "GB", "english": "GB", "emirati": "AE",
               "emirates": "AE", "argentinian": "AR", "saudi arabian": "SA", "swiss": "CH",
               "philippines": "PH", "filipino": "PH", "nepali": "NP", "sri lankan": "LK",
               "mauritian": "MU", "omani": "OM", "moroccan": "MA", "kenyan": "KE"}  # fmt: skip
# Parts of currencies' names that mean something else in most messages.
_NO_CURRENCY = frozenset("real gold mark marks new one".split())
# Codes that are words or names as well: they count in capitals only.
WORDS_TOO = frozenset(
    "all ang bam bob cup dop ft gel lak mad mop mur pen ron sos top try wst".split()
)
# Names that are no currency in front of a number: "I won 3", "lost pounds 2".
NOT_BEFORE = frozenset("won pound pounds sol som leu lev real para grand lakh crown crowns".split())


@cache
def currency_words() -> dict[str, Candidates]:
    """Return what each folded word, sign or phrase of up to four words may mean.

    "kenyan shillings", "kenya shillings", "shillings kenyan", "kes" and "ksh" are KES, "shillings"
    several currencies. The code itself comes first where several are as likely.
    """
    territories = {str(c): str(name) for c, name in Locale("en").territories.items()}
    current = {c: known[-1] for c in territories if (known := _currencies_of(c))}
    words: dict[str, Candidates] = {}
    nouns: dict[str, set[str]] = {}
    for code in sorted(set(current.values())):
        for phrase in _names(code):
            first, _, noun = phrase.rpartition(" ")
            words[phrase] = words[f"{noun} {first}".strip()] = (code,)
            if noun not in _NO_CURRENCY:
                nouns.setdefault(noun, set()).add(code)
        for sign in (code, f"{code}$", get_currency_symbol(code, locale="en")):
            words[fold(sign)] = (code,)
    adjectives = [(fold(name), country) for country, name in territories.items()]
    adjectives += [(country.lower(), country) for country in current]
    for adjective, country in [*adjectives, *_ADJECTIVES.items()]:
        for noun in [n for n, several in nouns.items() if current.get(country) in several]:
            words.setdefault(f"{adjective} {noun}", (current[country],))
            words.setdefault(f"{noun} {adjective}", (current[country],))
    for noun, several in nouns.items():
        words[noun] = (_USUAL[noun],) if noun in _USUAL else _by_use(several)
    words |= {w.replace("dollars", "bucks"): c for w, c in words.items() if "dollars" in w}
    return words | {fold(sign): codes for sign, codes in _SIGNS.items()}


def _currencies_of(country: str) -> list[str]:
    """Return a country's currencies, the newest last; none for a region of the world."""
    if len(country) != 2 or not country.isalpha():
        return []
    codes: list[str] = get_territory_currencies(country)
    return codes


def _names(code: str) -> set[str]:
    """Return a currency's folded English name, for one and for many."""
    names = (get_currency_name(code, count=count, locale="en") for count in (1, 2))
    return {fold(name).replace("'", "") for name in names}


def _by_use(codes: set[str]) -> Candidates:
    """Return codes with those first that are asked for most often."""
    return tuple(sorted(codes, key=lambda c: (_OFTEN.index(c) if c in _OFTEN else 99, c)))


_OFTEN = (
    "KES TZS UGX PHP MXN ARS CHF XAF XOF RWF KWD JOD BHD IQD AED MAD NOK DKK SEK ZMW MWK".split()
)
