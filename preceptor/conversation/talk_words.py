"""How people lean on what was said, thank, correct and begin anew: patterns for a whole message."""

from __future__ import annotations

import re

# A question that leans on the one before: "and for nurses?", "what about Ireland".
LEANS = re.compile(
    r"^\W*(?:(?:and|but|ok|okay|so|then|well|oh|hmm)\W+)*(?:what about|how about|what if|and|but|"
    r"same for|also for|does that|is that|isn'?t that|would that|for|in|as|if|with)\b",
    re.IGNORECASE,
)
OF_ANOTHER = re.compile(
    r"^\W*(?:(?:ok|okay|so)\W+)?(?:and (?:for|in|to)|what about|how about)\b"
    r"|^\W*(?:no\W+)*(?:in|for|to)\b.*\bi meant?\b",
    re.IGNORECASE,
)
GOOD_NIGHT = re.compile(
    r"\b(?:good ?night|gute nacht|buenas noches|bonne nuit|boa noite|buona notte"
    r"|(?:i'?m|i am|i'?ll|i will|gonna|time) (?:(?:gonna|going|off|try|trying|to) )*"
    r"(?:go to |get some )?(?:sleep|bed))(?: now| then)?[\s.!x]*$",
    re.IGNORECASE,
)
# Thanks, after which nothing is asked.
THANKS = re.compile(
    r"^\W*(?:(?:ok|okay|oh|right|alright|ah|great|cool|good|nice|perfect)\W+)*"
    r"(?:thanks|thank ?(?:you|u)|thx|thnx|tysm|ty|cheers|ta|danke|vielen dank|merci|gracias"
    r"|obrigad[oa]|grazie)\b",
    re.IGNORECASE,
)
_QUESTION = (
    r"\?|\b(?:what|how|when|where|which|who|why)\b"
    r"|(?:^|[.,;!]|\band)\s*(?:can|could|do|does|is|are|should|would|will)\b"
)
QUESTION = re.compile(_QUESTION, re.IGNORECASE)
# What asks for something, an objection included.
ASKS = re.compile(rf"{_QUESTION}|\bbut\b", re.IGNORECASE)
# What else asks for something: "I need to know the costs".
WANTS = re.compile(
    r"\b(?:want|need|know|tell|help|advi[cs]e|looking|wonder|question|info|curious|explain|please|pls"
    r"|if|whether)\w*\b",
    re.IGNORECASE,
)
# How a sentence begins that tells of somebody: "i only have 8 weeks", "she's a nurse".
TELLS = re.compile(
    r"^\W*(?:(?:and|but|so|well|ok|okay|also)\W+)*(?:i|i'?m|i'?ve|i'?d|we|we'?re|she|she'?s|he|he'?s"
    r"|my|our|they|they'?re|it'?s|its)\b",
    re.IGNORECASE,
)
# How a sentence begins that tells of somebody else.
OF_OTHERS = re.compile(
    r"^\W*(?:(?:and|but|so|well|ok|okay|also|now)\W+)*(?:she|he|her|his)\b",
    re.IGNORECASE,
)
# Without one of these a few words in a talk tell of no assault, injury or illness.
OF_HARM = re.compile(
    r"\b(?:touch|grab|grop|strok|hit|slap|punch|kick|push|shov|kiss|hug|naked|undress|flash|bed\b"
    r"|my room|follow|stalk|threat|rape|raping|assault|attack|harass|abus|hurt\b(?! feelings)"
    r"|injur|forc|spit|spat|thr[eo]w|knife|alone with|drunk|sex|molest|breast|boob|butt|bum\b"
    r"|thigh|lap\b|chok|strangl|body|door|window|bleed|blood|breath|collaps|unconscious|dying"
    r"|die\b|dead|faint|seiz|emergenc|ambulance|pain|needle|prick|stuck|splash|bit\b|bite|bitten|fever|allerg|vomit|swell|swoll|rash|ill\b|sick)",
    re.IGNORECASE,
)
# A clause that is a question by its first word: "but can I swap".
BEGINS_TO_ASK = re.compile(
    r"^\W*(?:(?:and|but|so|then|ok|okay|yes|no)\W+)*(?:what|how|when|where|which|who|why|can|could"
    r"|do|does|is|are|should|would|will|may|must)\b",
    re.IGNORECASE,
)
# What asks for words that were written before: "which country did I say?"
OF_OWN_WORDS = re.compile(
    r"\b(?:what|which|where|when|who|how (?:many|much|long|old|often))\b.{0,40}\b(?:did|had) i "
    r"(?:just |already )?(?:say|said|tell|told|mention|write|wrote|name)\w*\b",
    re.IGNORECASE,
)
# How a matter of its own begins in the middle of a talk.
NEW_MATTER = re.compile(
    r"(?:^|[.!?]\s)\W{0,3}(?:(?:ok|okay|thanks|thx|and|cool|forget it)\W{1,3}){0,3}"
    r"(?:also\b(?! (?:for|in|as|to)\b)|(?:an)?other"
    r" (?:question|thing|q)|different(?: question| thing| q)?|(?:one )?(?:last|more)"
    r" (?:thing|question|one)|btw|by the way|back to me|anyway|new question)\b\W{0,3}",
    re.IGNORECASE,
)
# What stands before what somebody meant, and what they reject before it.
MEANT = re.compile(
    r"\b(?:(?<!what )i (?:only |just |really )?(?:mean|meant)"
    r"|what i (?:mean|meant|asked) (?:is|was)|i asked (?=about|for|if|whether)"
    r"|i(?:'?m| am) (?:just |only )?(?:asking|talking|speaking)(?: of)?|my question (?:is|was)"
    r"|ich mein(?:e|te)|quiero decir|me refiero a|quero dizer|je parl(?:e|ais) de|je veux dire)\b"
    r"[\s:,]*(?:(?:about|for|if|whether) )?",
    re.IGNORECASE,
)
# How a message begins that corrects what was understood.
CORRECTS = re.compile(
    r"^\W*(?:(?:what|huh|wait|sorry|oh|hm+)\W+)*(?:no|nope|nah|nein|non|não)\b", re.IGNORECASE
)
# A clause at the beginning that says what isn't so: "it wasn't a patient", "I'm not lazy".
DENIED = re.compile(
    r"^\W*(?:(?:no+|nope|what|huh|hm+|sorry|wait|but|yes|ok)\W+)*"
    r"(?=[^.,;!?]*(?:\b(?:not|no|never)\b|n'?t\b))"
    r"(?:(?:i|he|she|it|they|we|that|this|there)\b[^.,;!?]{0,60}|(?:not|no)\b[^.,;!?]{0,40})",
    re.IGNORECASE,
)
REJECTED = re.compile(
    r"^\W*(?:(?:no+|nope|what|huh|hm+|sorry|lol|wait|nein|non|não)\W+)*"
    r"(?:(?:that|this|it)(?:'?s| is) not|i (?:didn'?t|did not|don'?t|do not) (?:ask|mean)"
    r"|not(?! (?:sure|yet|only|really)\b)|none of|nicht|pas|não)\b[^.,;!?]{0,60}[.,;!?]+\s*",
    re.IGNORECASE,
)
