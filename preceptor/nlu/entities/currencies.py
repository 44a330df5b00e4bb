"""The words and signs by which currencies are known, from Unicode's CLDR by way of Babel."""

from __future__ import annotations

from functools import cache

from babel import Locale
from babel.numbers import (
    get_currency_name,
    get_currency_symbol,
    get_territory_currencies,
)

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
    "rs": ("INR",), "₨": ("INR",), "ksh": ("KES",), "kshs": ("KES",), "kes": ("KES",),
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
    "bucks": ("USD",), "dolar": ("USD",), "dolars": ("USD",), "dollers": ("USD",),
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
    "all ang ars bam bob cad cup dop gel lak mad mop mur pen php ron sar sos top try wst".split()
) - {"ars", "cad", "php", "sar"}
# Names that are no currency in front of a number: "I won 3", "lost pounds 2".
NOT_BEFORE = frozenset("won pound pounds sol som leu lev real para grand lakh crown crowns".split())


@cache
def currency_words() -> dict[str, Candidates]:
    """Return what each folded word, sign or phrase of up to four words may mean.

    "kenyan shillings", "kenya shillings", "shillings kenyan", "kes" and "ksh" are KES, "shillings"
    several currencies. The code itself comes first where several are as likely.
    """
    nouns: dict[str, list[str]] = {}
    words: dict[str, Candidates] = {}
    by_country = {
        country: get_territory_currencies(country)
        for country in Locale("en").territories
        if len(country) == 2 and country.isalpha()
    }
    current = sorted({code for codes in by_country.values() for code in codes})
    own_nouns: dict[str, set[str]] = {}
    for code in current:
        for count in (1, 2):
            phrase = fold(get_currency_name(code, count=count, locale="en")).replace("'", "")
            *adjective, noun = phrase.split()
            words[phrase] = (code,)
            if adjective:
                words[f"{noun} {' '.join(adjective)}"] = (code,)
            if noun not in _NO_CURRENCY:
                nouns.setdefault(noun, []).append(code)
                own_nouns.setdefault(code, set()).add(noun)
        words[fold(code)] = (code,)
        words[f"{fold(code)}$"] = (code,)
        sign = get_currency_symbol(code, locale="en")
        if not sign.isalnum():
            words[fold(sign)] = (code,)
    adjectives = [(fold(name), c) for c, name in Locale("en").territories.items()]
    adjectives += [(c.lower(), c) for c in by_country] + list(_ADJECTIVES.items())
    for adjective, country in adjectives:
        # The last one is the newest where a country has had several.
        for code in by_country.get(country, [])[-1:]:
            for noun in own_nouns.get(code, ()):
                words.setdefault(f"{adjective} {noun}", (code,))
                words.setdefault(f"{noun} {adjective}", (code,))
    for noun, codes in nouns.items():
        words[noun] = (_USUAL[noun],) if noun in _USUAL else tuple(_by_use(codes))
    return words | _SIGNS


def _by_use(codes: list[str]) -> list[str]:
    """Return codes with those first whose students ask most often."""
    first = ["KES", "TZS", "UGX", "PHP", "MXN", "ARS", "CHF", "XAF", "XOF", "RWF", "KWD", "JOD",
             "BHD", "IQD", "AED", "MAD", "NOK", "DKK", "SEK", "ZMW", "MWK"]  # fmt: skip
    return sorted(codes, key=lambda c: (first.index(c) if c in first else len(first), c))
