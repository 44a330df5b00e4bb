"""The words that change a search: what they drop, how they move in its list, what it can't use."""

from __future__ import annotations

import re

from preceptor.nlu.entities.currencies import currency_words
from preceptor.nlu.normalize import fold

_DROP = (
    r"(?:forget|drop|skip|remove|ignore|lift|never ?mind|without|lose|scrap|leave out|take out)"
    r" (?:about )?(?:the |my |any )?"
)
_NO_MATTER = (
    r"(?:(?:does|is|do|are)(?:n'?t| not)|isnt|doesnt|is no|'s no|are no) (?:really )?(?:that )?"
    r"(?:an? )?(?:matter|issue|object|important|problem|relevant|fixed|limit)"
)


def all_of(pattern: str) -> re.Pattern[str]:
    """Return what finds the words of a pattern, whole and in any case."""
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


WHERE_FIELDS = ("countries", "places", "regions", "excluded_countries")
DROPS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (fields, all_of(rf"{pattern}|{_DROP}(?:{nouns})|(?:the |my )?(?:{nouns}) ?{_NO_MATTER}"))
    for fields, pattern, nouns in (
        (
            WHERE_FIELDS,
            r"any ?where|every ?where|world ?wide|globally"
            r"|any (?:other )?(?:country|place|location|city|region|continent)|all countries"
            r"|no matter where|(?:don'?t|doesn'?t|doesnt|dont) (?:care|matter|mind) where",
            "country|countries|place|location|region|city|where",
        ),
        (
            ("specialties", "excluded_specialties"),
            r"any (?:speciali?ty|department|field|area of medicine|rotation|subject)"
            r"|all (?:specialties|departments)|no matter which (?:specialty|department)",
            "speciali?ty|department|field",
        ),
        (
            ("min_weeks", "max_weeks"),
            r"any (?:length|duration)|no matter how long|however long",
            "length|duration|weeks|time",
        ),
        (
            ("budget",),
            r"any (?:price|budget|cost)|no (?:budget|price) limit|no budget|raise (?:the |my )?budget"
            r"|whatever (?:it costs|the price|the cost)|no matter (?:the|what it) costs?",
            "budget|price|money|costs?",
        ),
        (
            ("kinds",),
            r"any (?:kinds?|types?|sorts?)(?: of (?:placements?|electives?|programm?es?))?"
            r"|any (?:placement|programme?)"
            r"|(?:observ\w+|shadow\w*) or hands[- ]on|hands[- ]on or (?:observ\w+|shadow\w*)",
            "kind|type",
        ),
        (("stages",), "any (?:stage|level)", "stage|level|year"),
        (("languages",), "any language", "language"),
        (("when",), r"any ?time|any (?:dates?|month)|no matter when", "dates?|months?"),
    )
)
"""The fields of a search that a message gives up, with the words for it."""
_DENIALS = re.compile(
    r"\b(?:i'?m|i am|we'?re|he'?s|she'?s|they'?re) ?(?:not|n'?t)\b[^.,;?!]*", re.IGNORECASE
)


def less_denials(text: str) -> str:
    """Return a message less what people say that they aren't: "I'm not a volunteer anywhere"."""
    return _DENIALS.sub(" ", text)


def given_up(text: str) -> list[tuple[tuple[str, ...], str]]:
    """Return the fields of a search that a message gives up, each with its words for it."""
    said = less_denials(text)
    found = ((fields, pattern.search(said)) for fields, pattern in DROPS)
    return [(fields, match[0]) for fields, match in found if match]


RESET = all_of(
    r"start (?:over|again|from scratch|afresh)|new search|reset|restart"
    r"|clear (?:it|everything|all|the search|my search)?"
    r"|from the beginning|scrap (?:that|it|everything)|forget (?:everything|all (?:of )?(?:that|this))"
)
MORE = re.compile(
    r"^\W{0,3}(?:(?:show|give|see|any|are there|is there|got|have you got|what|i want|can i see|list|some|and|ok|okay|yes|pls|please|me|the|few)\W{1,3}){0,8}"
    r"(?:more|next|others?|another|rest|remaining|what else|else|further|next page|more results|more options)\b"
    r"|\b(?:what else|anything else|more (?:results|options|programm?es|please|pls|of them)|show (?:me )?more|next (?:page|ones|three|results)"
    r"|other (?:options|ones|results|programm?es)|the rest|see more|keep going)\b",
    re.IGNORECASE,
)
BACK = all_of(
    r"back to (?:my|the|those|these|our) (?:search|results?|list|programm?es?|placements|options)"
    r"|(?:show|see) (?:me )?(?:them|it|those|the (?:list|results|programm?es)|my (?:search|results)) again"
    r"|(?:those|these|the|my) (?:programm?es|placements|results|options|list) again"
    r"|where were we|my search"
)
PREVIOUS = all_of("previous|go back|earlier|the ones before|first page")
CHEAPER = all_of(
    r"cheap(?:er|est)|chea?per|less expensive|lower (?:price|cost|budget)|less (?:money|costly|pricey)"
    r"|too (?:expensive|pricey|much money|costly)|cost(?:s)? less|more affordable|save money"
    r"|low[- ]?cost|lower fees?|cheeper|cheper|cheap"
)
SHORTER = all_of(
    r"shorter|less time|fewer weeks|not (?:so|that|as) long|too long|less long|quicker|briefer|shortest"
)
LONGER = all_of(r"longer|more (?:weeks|time|months)|too short|longest")
ADD = all_of(r"also|as well|too(?! \w)|add|plus|include|both|still (?:ok|okay|fine|good|possible)")

AS_WELL = re.compile(
    r"\b(?:ideally|preferably|if possible|all of|all over|any ?where in|some ?where in)\b",
    re.IGNORECASE,
)
"""What has a country searched with a place in it that is named too: "ideally near Leeds"."""

REQUEST = re.compile(
    r"^\W*(?:(?:please|hi|hello|ok|and|then|so|can you|could you|would you|help me|i(?:'d like to| want to))\W+)*"
    r"(?:find|show|get|search|look for|list|recommend|suggest)\b(?: me| us)?.{0,80}?"
    r"\b(?:electives?|placements?|internships?|programm?es?|rotations?|observerships?|clerkships?)\b",
    re.IGNORECASE,
)
"""What asks for programmes, whatever else they should be: "find me a safe elective in Nepal"."""

ARE_THERE = re.compile(
    r"\b(?:are|is) there (?:\w+ )?(?:any|some)(?:thing|where)?(?: else)?"
    r"(?: (?:ones?|programm?es?|placements?|electives?|internships?|observerships?|of (?:them|those|these)))?"
    r" (?:in|near|around|for|from)\b",
    re.IGNORECASE,
)
"""What asks whether there are programmes: "are there actually any in Europe?"."""
SHOWS = re.compile(
    r"\b(?:show|list|find)\b(?: (?:me|us|again))*(?: \w+){0,4} (?:ones|electives?|placements?|programm?es?)\b"
    r"|\b(?:the|a) list of\b(?: \w+){0,4} (?:electives?|placements?|programm?es?|ones)\b",
    re.IGNORECASE,
)
"""What asks for a list in the middle of a sentence: "… show me the Nepal ones again"."""
OBJECTS = re.compile(
    r"\b(?:these|those|they|all of (?:them|these|those))(?: ?'?re| are)? (?:all |only |just |mostly )*"
    r"(?:for|in)\b"
    r"|\b(?:keep|stop) (?:showing|giving|sending|offering|suggesting|recommending)\b",
    re.IGNORECASE,
)
"""What objects to the list that was shown: "those are for foreign students", "stop showing me"."""
HOW = re.compile(
    r"\bhow (?:(?:do|can|could|should|would|to|does one)(?: (?:i|we|you|he|she|one))?|i|we)"
    r" (?:even |ever |actually )?(?:find|get|look for|search|apply|write|contact|approach|arrange|organi[sz]e)\b",
    re.IGNORECASE,
)
"""What asks how to find a place, and not for a list: "how do I find a clinic there myself?"."""
ASKS_ADVICE = re.compile(
    r"\bwhy\b|\bhow\b(?! (?:many|much|long|far|about)\b)|\bshould (?:i|we)\b"
    r"|\bis (?:it|this|that) normal\b",
    re.IGNORECASE,
)
"""What asks for advice where no value of a search is named: "as a nurse, how do I cope?"."""
MATTERS = all_of(
    r"exams?|licen[cs]\w+|register\w*|registration|visas?|permits?|insurance|vaccin\w+|salar(?:y|ies)"
    r"|bursar(?:y|ies)|grants?|scholarships?|degree"
)
"""What no programme is searched by: "no, I mean Australia, the exam fees"."""
CONVERTS = re.compile(
    r"\b(?:convert\w*|how much (?:is|are|was|would) (?:it|that|this|those)(?: be)?|what(?:'?s| is) (?:it|that|this))\b"
    r".{0,20}?\b(?:to|into|in)\s+(?P<currency>[^\W\d]+(?: [^\W\d]+)?)",
    re.IGNORECASE,
)
"""What asks for a price in other money: "how much is that in Kenyan shillings?"."""

LETS_GO = all_of(
    r"never ?mind|(?:doesn'?t|doesnt|does not|needn'?t|need not|don'?t|do not)"
    r" (?:really )?(?:have|need|has)? ?(?:to )?be|not necessarily|no need (?:to|for)"
    r"|(?:do not|don'?t|not) (?:restrict|limit|narrow)\w*(?: \w+){0,2} (?:to|by)"
)
"""What gives up a thing that the search asks for, without not wanting it."""
ROUGHLY = re.compile(r"\b(?:some|any)thing (?:like|similar to|such as)(?: an?)?\s+$", re.IGNORECASE)
"""What stands before an example of what is sought: "something like observing"."""
FILTER = all_of(r"without (?:the |that )?(?:\w+ )?(?:filter|limit|restriction)")
FORGETS = all_of(r"forget(?: about)?|drop|scrap|skip|lose|remove|ditch")
"""What gives up a thing because it isn't wanted any more."""
SEEKS = re.compile(
    r"\b(?:find|show|search|look(?:ing)?|programm?e?s?|placements?|options?"
    r"|(?:some|any)(?:thing|where|place)|what is there"
    r"|(?:want|wants|wanna|like|love|hope|hoping|plan|planning)(?: to)? (?:go|do|come|try)"
    r"|where\b[^.?!]{0,40}\b(?:can|could) (?:i|we|you|he|she|they) (?:do|get|find)\b[^.?!]{0,40}"
    r"\b(?:electives?|internships?|rotations?|observerships?|clerkships?))\b",
    re.IGNORECASE,
)
"""What says that programmes are sought."""
NO_PROGRAMMES = re.compile(
    r"(?:\bnot|n['’]?t|\bno longer|\bstop|\bnever) (?:really )?(?:looking for|searching(?: for)?|after"
    r"|asking (?:for|about)|want|interested in) (?:an?y? |the |more |your |another )?"
    r"(?:programm?e?s?|placements?|internships?|search(?:es)?|lists?)\b"
    r"(?! (?:in|with|for|from|like|that|where|which|under|over)\b)"
    r"|^\W*(?:(?:ok|no|so|but)\W+)*no (?:more )?programm?e?s(?: (?:then|please|pls))?(?=\W|$)",
    re.IGNORECASE,
)
"""What ends a search: "I'm not looking for a programme"."""
WHY_FEW = re.compile(
    r"\bwhy (?:(?:is|are) there |do i (?:get|see) |do you show )?(?:me )?"
    r"(?:(?:only|just) (?:one|two|three|these|those|that|\d)|so few)\b(?! (?:week|month|year|day)s?)"
    r"|\bis (?:that|this) (?:all|everything) (?:you have|you(?:'?ve)? got|there is)\b"
    r"|\byou(?:'re|'ve| are| have)? (?:(?:left|leave|leaving) (?:\w+ ){0,4}out|hid(?:e|den|ing)?"
    r"|(?:do|did|wo|will)(?:n'?t| not) show)\b",
    re.IGNORECASE,
)
"""What asks why a search finds no more: "why only one?", "which one do you leave out?"."""
IS_NOT = re.compile(
    r"^\W*(?:(?:but|hm+|no|well|sorry|ok)\W+)*(?:that|this|those|these|they|it)"
    r"(?:'?s not| is ?n'?t| is not| are ?n'?t| are not|'re not| was ?n'?t)\b",
    re.IGNORECASE,
)
"""What complains that a thing shown isn't what was asked for: "that isn't physiotherapy"."""

ONLY_A_NUMBER = re.compile(
    r"^\W{0,3}(?:(?:no|wait|hmm|ok|oops|sorry|typo|i|meant|mean|it'?s|was|should|be|make|it|that|actually|a|my|budget"
    r"|is|of|up|to|under|rather|just|only|about|around|back|and|then|something|longer|shorter|like|say)\W{1,3}){0,12}(?:(?P<number>\d[\d,.]*\d|\d)(?P<k>k)?|(?P<word>one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))"
    r"(?:\W+(?:not|instead of|rather than)\W+[\d,.]+k?)?(?:\W+(?:sorry|typo|then|please|i mean\w*))?\W*$",
    re.IGNORECASE,
)
"""A number put right: "typo, 1500 not 15000", "no, eight"."""

AROUND = frozenset(
    "a an the in at for on of to and or with only just please pls plz ok okay maybe perhaps hmm er um"
    " about around some any thanks thank you thx ty cheers then no nope yes yeah typo sorry oops i i'm"
    " im mean meant said say make it that rather actually instead wait not let lets 's us go change"
    " try how what oh well better now too so can could we do my bad is was should be but up"
    " want preferably mostly sure cool great nice fine alright also both either switch take one"
    " there anything really after all speaking thinking think would like prefer wants she he they she's he's they're"
    " their her his".split()
)
"""Words around the values of a search that leave them what they are."""

WISHES: dict[str, re.Pattern[str]] = {
    "safe": all_of("safe|safest|safety|secure|dangerous"),
    "best": all_of(
        r"best|top|reputable|prestigious|well[- ]known|legit"
        r"|good (?:ones?|programm?es?|placements?|hospitals?|internships?|electives?)"
    ),
    "paid": all_of("paid|salary|stipend|salaried|funded|scholarships?|pays|earn"),
    "free": all_of(
        r"free (?:of charge|ones?|programm?es?|placements?|electives?|internships?)"
        r"|(?:that (?:is|are)|that's|ones|like|for) free(?! (?:in|from|to|for|time)\b)"
        r"|no fees?|without (?:any |a )?fees?"
    ),
    "hands_on": all_of(
        "hands[- ]on|practical|scrub in|assist in theatre|supervis(?:ed|ion|or|ors)"
    ),
    "housing": all_of("accommodation|accomodation|housing|host family|dorm|meals|food"),
    "credit": all_of("credits?|certificate|letter of recommendation|lors?"),
    "company": all_of(
        "with (?:my |a |two |three |\\d )?(?:friends?|partner|girlfriend|boyfriend|family)"
    ),
    "leisure": all_of("beach|beaches|surf\\w*|sightseeing|nightlife|sunny|warm|fun"),
}
"""What people wish for and no field of a programme says, by name."""
A_WISH = re.compile(
    r"^\W*(?:(?:ok|and|but|then|so|rather|maybe|please|i want|i'd like|give me|show me)\W+)*"
    r"(?:(?:something|anything|somewhere)\b|(?:an?|any|some|only)\b.{0,40}"
    r"\b(?:ones?|places?|programm?es?|placements?|hospitals?|electives?|internships?)\b)",
    re.IGNORECASE,
)
"""What a wish is said of: "a safe place please"."""


def currency_in(text: str) -> str | None:
    """Return the currency (ISO 4217) that a message of hardly more names: "no, euros"."""
    left = [word for word in re.findall(r"[^\W_]+", fold(text)) if word not in AROUND]
    return currency_words().get(" ".join(left), (None,))[0] if left else None


def currency_to_convert_to(text: str) -> str | None:
    """Return the currency (ISO 4217) in which a message wants a price, None if it doesn't."""
    match = CONVERTS.search(text)
    said = fold(match["currency"]).split() if match else []
    names = (" ".join(said[:count]) for count in range(len(said), 0, -1))
    known = currency_words()
    return next((known[name][0] for name in names if known.get(name)), None)


def wishes_in(text: str) -> list[str]:
    """Return the names of the wishes in a message that no search can go by."""
    return [name for name, pattern in WISHES.items() if pattern.search(text)]
