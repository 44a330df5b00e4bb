"""Which things of the catalogue a text speaks of."""

import pytest

from preceptor.catalogue.vocabulary import Term, Vocabulary
from preceptor.nlu.entities.linking import Linker
from preceptor.nlu.tokens import tokens_of


def terms(kind: str, id: str, *texts: str, ambiguous: tuple[str, ...] = ()) -> list[Term]:
    return [Term(kind, id, text, text in ambiguous) for text in texts]


VOCABULARY = Vocabulary(
    "test",
    (
        *terms("registration", "fmge", "FMGE"),
        *terms("registration", "plab", "PLAB"),
        *terms("registration", "nmc-india", "NMC", "Medical Council of India"),
        *terms("registration", "nmc-uk", "NMC"),
        *terms("registration", "uk-foundation-programme", "FY1"),
        Term("registration", "nexam", "NExT", True),
        Term("registration", "usmle", "Step 1", True),
        *terms("stage", "junior", "FY1"),
        *terms("country", "KE", "Kenya", "Kenyan", "Kenyans"),
        *terms("country", "UG", "Uganda", "Ugandan"),
        *terms("country", "TZ", "Tanzania", "Tanzanian"),
        *terms("country", "LK", "Sri Lanka", "Sri Lankan"),
        *terms("country", "PH", "Philippines", "Filipino"),
        *terms("country", "OM", "Oman", "Omani"),
        *terms("country", "ES", "Spain", "Spanish"),
        *terms("country", "XK", "Kosovo", "Kosovar"),
        *terms("country", "GQ", "Equatorial Guinea"),
        *terms("country", "SB", "Solomon Islands"),
        *terms("country", "EH", "Western Sahara"),
        *terms("country", "AE", "United Arab Emirates", "UAE", "U.A.E."),
        *terms("country", "CV", "Cape Verde", "Cabo Verde"),
        *terms("country", "DO", "Dominican Republic"),
        *terms("country", "CD", "Democratic Republic of the Congo", "Congo", "Congolese"),
        *terms("country", "CG", "Republic of the Congo", "Congo", "Congolese"),
        *terms("country", "VE", "Venezuela"),
        *terms("country", "BO", "Bolivia", "Bolivian"),
        *terms("country", "TT", "Trinidad and Tobago"),
        *terms("country", "LC", "Saint Lucia"),
        *terms("country", "KP", "North Korea"),
        *terms("country", "JP", "Japan"),
        *terms("country", "SA", "Saudi Arabia", "KSA", "Saudi"),
        *terms("country", "DE", "Germany", "German"),
        *terms("country", "ZA", "South Africa"),
        *terms("country", "GR", "Greece"),
        *terms("country", "GB", "United Kingdom", "UK"),
        *terms("country", "PE", "Peru", "Peruvian"),
        *terms("country", "NG", "Nigeria"),
        *terms("country", "IN", "India", "Indian"),
        *terms("place", "atlanta", "Atlanta"),
        *terms("place", "newcastle", "Newcastle"),
        *terms("place", "athens", "Athens"),
        *terms("place", "tbilisi", "Tbilisi"),
        *terms("place", "kinshasa", "Kinshasa"),
        *terms("place", "london", "London"),
        *terms("place", "riyadh", "Riyadh"),
        *terms("place", "georgia-us", "Georgia (US state)", "Georgia", ambiguous=("Georgia",)),
        *terms("place", "alabama", "Alabama"),
        *terms("country", "TD", "Chad", ambiguous=("Chad",)),
        *terms("country", "JO", "Jordan", ambiguous=("Jordan",)),
        *terms("country", "GE", "Georgia", ambiguous=("Georgia",)),
        *terms("country", "TR", "Turkey", "Turkish", ambiguous=("Turkey",)),
        *terms(
            "country",
            "US",
            "United States",
            "US",
            "USA",
            "American",
            "Americans",
            ambiguous=("US",),
        ),
        *terms("region", "asia", "Asia", "Asian"),
        *terms("region", "east-africa", "East Africa"),
        *terms("place", "zanzibar", "Zanzibar"),
        *terms("place", "kandy", "Kandy"),
        *terms("place", "essen", "Essen", ambiguous=("Essen",)),
        *terms("specialty", "surgery", "Surgery", "surgical"),
        *terms("specialty", "paediatrics", "Paediatrics", "pediatrics", "peds"),
        *terms("specialty", "obstetrics-gynaecology", "Obstetrics and gynaecology", "obgyn", "O&G"),
        *terms("specialty", "emergency-medicine", "Emergency medicine", "ER", ambiguous=("ER",)),
        *terms("stage", "premed", "Premed student", "premed"),
        *terms("stage", "nurse", "nurse", "nurses", "nursing school"),
        *terms("stage", "doctor", "physician"),
        *terms("kind", "volunteer", "Volunteering", "volunteer"),
        *terms("language", "es", "Spanish"),
        *terms("language", "en", "English"),
        *terms("program", "who", "WHO internship programme"),
        *terms("organisation", "Work the World", "Work the World"),
    ),
    {
        "zanzibar": "TZ",
        "kandy": "LK",
        "atlanta": "US",
        "newcastle": "GB",
        "athens": "GR",
        "tbilisi": "GE",
        "kinshasa": "CD",
        "london": "GB",
        "riyadh": "SA",
        "georgia-us": "US",
        "alabama": "US",
    },
)
LINKER = Linker(VOCABULARY)


def linked(text: str) -> list[str]:
    """Return the ids: "-" not wanted, "~" for one's origin, "=" only mentioned, "?" unclear."""
    signs = {"excluded": "-", "origin": "~", "mentioned": "=", "unclear": "?"}
    return [signs.get(link.role or "", "") + link.id for link in LINKER.links(tokens_of(text))]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("surgery in Kenya", ["surgery", "KE"]),
        ("surgeon from Kenya, I want to work in Riyadh", ["~KE", "riyadh"]),
        ("KENYA", ["KE"]),
        ("a Filipino hospital", ["PH"]),
        ("Ugandan wards", ["UG"]),
        ("sri lanka", ["LK"]),
        ("Zanzibar isn't in Asia, and I am not Turkish", ["=zanzibar", "=asia", "=TR"]),
        ("Kandy is not in East Africa", ["=kandy", "=east-africa"]),
        ("it can't be worse than Turkey", ["=TR"]),
        ("isnt there anything in Kandy", ["kandy"]),
        ("aren't there hospitals in Turkey", ["TR"]),
        ("obgyn or peds in Zanzibar", ["obstetrics-gynaecology", "paediatrics", "zanzibar"]),
        ("O&G", ["obstetrics-gynaecology"]),
        ("kenya/tanzania", ["KE", "TZ"]),
        ("the WHO internship programme", ["who"]),
        ("work the world in kandy", ["Work the World", "kandy"]),
        ("premed volunteer", ["premed", "volunteer"]),
        ("East Africa", ["east-africa"]),
        ("nothing of it", []),
    ],
)
def test_names_aliases_and_demonyms(text, ids):
    assert linked(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("tanzaniya", ["TZ"]),
        ("kneya", ["KE"]),
        ("ugnada", ["UG"]),
        ("phillipines", ["PH"]),
        ("sri lnka", ["LK"]),
        ("srilanka", ["LK"]),
        ("zanizbar", ["zanzibar"]),
        ("surgrey", ["surgery"]),
        ("pediatrcs", ["paediatrics"]),
    ],
)
def test_typos_are_forgiven(text, ids):
    assert linked(f"looking for {text}") == ids
    assert not LINKER.links(tokens_of(f"looking for {text}"))[0].exact


@pytest.mark.parametrize("text", ["woman", "women", "roman", "a kind person", "sugary", "candy"])
def test_english_words_are_no_typos(text):
    assert linked(text) == []


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("internship in Chad", ["TD"]),
        ("Chad", ["TD"]),
        ("Dr Chad is rude", []),
        ("my colleague Chad keeps blaming me", []),
        ("Chad says I am slow", []),
        ("electives in Jordan", ["JO"]),
        ("my friend Jordan told me", []),
        ("hospitals in Georgia", ["GE"]),
        ("Georgia's patients", []),
        ("and in Turkey?", ["TR"]),
        ("we ate turkey at lunch", []),
        ("in the US", ["US"]),
        ("a placement for us", []),
        ("tell us more", []),
        ("ER placement", ["emergency-medicine"]),
        ("err I don't know er what", []),
    ],
)
def test_words_that_are_names_of_countries_and_more(text, ids):
    assert linked(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("not in Asia", ["-asia"]),
        ("anywhere but Kenya", ["-KE"]),
        ("anything but surgery", ["-surgery"]),
        ("except Uganda", ["-UG"]),
        ("you keep suggesting Uganda", ["-UG"]),
        ("those are all in Uganda", ["-UG"]),
        ("are those all in Uganda or where", ["UG"]),
        ("stop sending me East Africa", ["-east-africa"]),
        ("surgery isn't what I want", ["-surgery"]),
        ("I failed surgery in spring", ["=surgery"]),
        ("my surgery resit", ["=surgery"]),
        ("an agency that sells trips to Uganda", ["=UG"]),
        ("no surgery please", ["-surgery"]),
        ("paediatrics rather than surgery", ["paediatrics", "-surgery"]),
        ("not surgery, paediatrics", ["-surgery", "paediatrics"]),
        ("not surgery but paediatrics", ["-surgery", "paediatrics"]),
        ("no, I meant Kenya", ["KE"]),
        ("no, I meant Kenya not Uganda", ["KE", "-UG"]),
        ("I meant Kenya, not Uganda", ["KE", "-UG"]),
        ("not Uganda, I meant Kenya", ["-UG", "KE"]),
        ("I don't want to go to Kenya", ["-KE"]),
        ("not in Kenya or Uganda", ["-KE", "-UG"]),
        ("not only Kenya", ["KE"]),
        ("I don't mind Kenya", ["KE"]),
        ("I don't know Kenya at all, show me surgery there", ["KE", "surgery"]),
    ],
)
def test_what_is_not_wanted_is_marked(text, ids):
    assert linked(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("I speak Spanish", ["es"]),
        ("my Spanish is poor", ["es"]),
        ("Spanish speaking patients", ["es"]),
        ("without Spanish", None),
        ("in Spanish hospitals", ["ES"]),
        ("in Spain", ["ES"]),
        ("English only", ["en"]),
        ("do I need Spanish for Peru", ["es", "PE"]),
        ("do I need Spanish?", ["es"]),
        ("I need Spanish hospitals", ["ES"]),
    ],
)
def test_a_language_is_told_from_its_country(text, ids):
    if ids is None:
        assert [link.kind for link in LINKER.links(tokens_of(text))] == ["language"]
    else:
        assert linked(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("I'm from Uganda, surgery in Kenya", ["~UG", "surgery", "KE"]),
        ("Kandy is only my college, I want Kenya", ["~kandy", "KE"]),
        ("2nd year student in Kandy hoping for Kenya", ["~kandy", "KE"]),
        ("placements for a student in Kandy", ["kandy"]),
        ("I'm Kenyan and want Uganda", ["~KE", "UG"]),
        ("is it easier in Uganda for Kenyans?", ["UG", "~KE"]),
        ("I am a nurse trained in Kandy, thinking of Kenya", ["nurse", "~kandy", "KE"]),
        ("now working as a locum in Kandy", ["~kandy"]),
        ("I'd like working in Kandy", ["kandy"]),
        ("I'm working in Kandy, looking for surgery in Peru", ["~kandy", "surgery", "PE"]),
        ("a Kenyan student for Zanzibar", ["~KE", "zanzibar"]),
        ("far from Kenya", ["KE"]),
        ("a Kenyan hospital", ["KE"]),
        ("I am a medical student of 24 from KSA and want an elective in Germany", ["~SA", "DE"]),
        ("we are two students from the UK looking for surgery in Peru", ["~GB", "surgery", "PE"]),
        ("I'm Kenyan and want surgery in Peru", ["~KE", "surgery", "PE"]),
        ("as an Indian, can I practise in the UK?", ["~IN", "GB"]),
        ("I trained in India, can I register in the UK?", ["~IN", "GB"]),
        ("I study medicine in Germany and want an elective in Kenya", ["~DE", "KE"]),
        ("I am a student in Kenya", ["~KE"]),
        ("my university in Riyadh, KSA sends us to Peru", ["~riyadh", "~SA", "PE"]),
        ("I'm from Newcastle, South Africa", ["~ZA"]),
        ("born in Kenya, trained in India, practising in Uganda?", ["~KE", "~IN", "UG"]),
        ("I am an Indian medical graduate, internship in the UK", ["~IN", "GB"]),
        ("a German final-year student for Peru", ["~DE", "PE"]),
        ("citizen of Nigeria seeking an elective in the UK", ["~NG", "GB"]),
        ("my medical school is in Germany, elective in Peru?", ["~DE", "PE"]),
        ("I'm London based, surgery in Peru", ["london", "surgery", "PE"]),
        ("programmes based in Kenya", ["KE"]),
        # Where the person is now, or wants to be.
        ("I am in Kenya", ["KE"]),
        ("I want to study in Germany", ["DE"]),
        ("I'd like an elective far from Kenya", ["KE"]),
        ("I got an offer from Kenya", ["KE"]),
        ("I am a student looking for an elective in Kenya", ["KE"]),
    ],
)
def test_where_somebody_comes_from_is_not_where_they_want_to_go(text, ids):
    assert linked(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("I'm Kenya Jones, do I need an internship to practise in Nigeria?", ["NG"]),
        ("I am Jordan Smith. Surgery in Peru?", ["surgery", "PE"]),
        ("My name is India and I want surgery in Peru", ["surgery", "PE"]),
        ("this is Jordan from Uganda", ["UG"]),
        ("Hello I'm Athens and I want surgery in Peru", ["surgery", "PE"]),
        ("Kenya here! Surgery in Peru?", ["surgery", "PE"]),
        ("it's London here, surgery in Kenya?", ["surgery", "KE"]),
        ("Surgery in Peru? Best regards, Kenya Jones", ["surgery", "PE"]),
        ("surgery in Peru\n\nThanks,\nIndia", ["surgery", "PE"]),
        ("surgery in Peru\n- Kenya", ["surgery", "PE"]),
        # No names.
        ("thanks, Kenya", ["KE"]),
        ("this is Kenya we talk about", ["KE"]),
        ("Kenya", ["KE"]),
        ("Best: Kenya", ["KE"]),
        ("I would love Kenya", ["KE"]),
        ("Cheers, India", []),
        ("Thank you, Kenya Jones", []),
    ],
)
def test_the_name_of_who_speaks_is_no_place(text, ids):
    assert linked(text) == ids


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("Kosovo", "XK"),
        ("Eq. Guinea", "GQ"),
        ("eq guinea", "GQ"),
        ("Solomon Is.", "SB"),
        ("Solomon Isl", "SB"),
        ("W. Sahara", "EH"),
        ("the u.a.e.", "AE"),
        ("the U.A.E?", "AE"),
        ("cabo-verde", "CV"),
        ("sri-lanka", "LK"),
        ("Dem. Rep. Congo", "CD"),
        ("Dem Rep Congo", "CD"),
        ("Rep. Congo", "CG"),
        ("Dominican Rep.", "DO"),
        ("N. Korea", "KP"),
        ("N Korea", "KP"),
        ("Korea, Dem. People's Rep.", "KP"),
        ("Congo, Dem. Rep.", "CD"),
        ("St. Lucia", "LC"),
        ("Trinidad & Tobago", "TT"),
        # Official names, in the order of ISO 3166, of the UN and in plain words.
        ("Congo, Democratic Republic of the", "CD"),
        ("Congo, The Democratic Republic of the", "CD"),
        ("Venezuela (Bolivarian Republic of)", "VE"),
        ("Venezuela, Bolivarian Republic of", "VE"),
        ("Bolivarian Republic of Venezuela", "VE"),
        ("United Republic of Tanzania", "TZ"),
        ("Tanzania (United Republic of)", "TZ"),
        ("Kingdom of Saudi Arabia", "SA"),
        ("Democratic People's Republic of Korea", "KP"),
        # Other scripts, and flags.
        ("日本", "JP"),
        ("Кения", "KE"),
        ("🇰🇪", "KE"),
        ("🇽🇰", "XK"),
    ],
)
@pytest.mark.parametrize("frame", ["{}", "internship in {}", "{}, please"])
def test_countries_in_other_forms(text, id, frame):
    assert linked(frame.format(text)) == [id]


def test_flags_in_a_row_are_several_countries():
    assert linked("🇰🇪🇹🇿 or 🇵🇪") == ["KE", "TZ", "PE"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("internship in Congo", ["?CD", "?CG"]),
        ("Kinshasa, Congo", ["kinshasa", "CD"]),
        ("Congo (Kinshasa)", ["CD", "kinshasa"]),
        ("a Congolese student", ["~CD", "~CG"]),
        ("not in Congo", ["-CD", "-CG"]),
        ("Republic of the Congo", ["CG"]),
    ],
)
def test_a_name_of_two_countries_is_unclear(text, ids):
    assert linked(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("shadowing in Atlanta, Georgia", ["atlanta"]),
        ("Tbilisi, Georgia", ["tbilisi", "GE"]),
        ("Athens, Georgia", ["georgia-us"]),
        ("Athens, Greece", ["athens", "GR"]),
        ("elective in Newcastle, South Africa", ["ZA"]),
        ("elective in Newcastle South Africa", ["ZA"]),
        ("London, Alabama", ["alabama"]),
        # Lists.
        ("London, Kenya or Peru", ["london", "KE", "PE"]),
        ("London or Kenya", ["london", "KE"]),
        ("Kenya, Zanzibar", ["KE", "zanzibar"]),
    ],
)
def test_a_city_is_read_with_its_state_or_country(text, ids):
    assert linked(text) == ids


def test_offsets_point_at_the_words_of_the_text():
    text = "Surgery — in  Kenya, please"
    spans = [text[link.start : link.end] for link in LINKER.links(tokens_of(text))]
    assert spans == ["Surgery", "Kenya"]


def test_a_thing_that_is_imported_later_is_known_to_the_next_linker():
    assert linked("clinic in Gulu") == []
    more = Vocabulary("next", (*VOCABULARY.terms, Term("place", "gulu", "Gulu")))
    assert [link.id for link in Linker(more).links(tokens_of("clinic in Gulu"))] == ["gulu"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("do I need an internship before FMGE", ["fmge"]),
        ("I passed plab", ["plab"]),
        ("the Medical Council of India", ["nmc-india"]),
        ("nmc next exam", ["nmc-india", "nmc-uk", "nexam"]),
        ("usmle step 1", ["usmle"]),
        ("the NExT", ["nexam"]),
        # Ordinary words.
        ("show me the next one", []),
        ("what is step 1 of applying?", []),
    ],
)
def test_regulators_and_exams_are_found_by_their_names(text, ids):
    links = LINKER.links(tokens_of(text))
    assert [link.id for link in links if link.kind == "registration"] == ids


def test_a_stage_that_is_also_a_programme_is_both():
    links = LINKER.links(tokens_of("I'm an FY1"))
    assert [(link.kind, link.id) for link in links] == [
        ("stage", "junior"),
        ("registration", "uk-foundation-programme"),
    ]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Peru?? no way, Kenya", ["-PE", "KE"]),
        ("haha Uganda nope, somewhere in Kenya", ["-UG", "KE"]),
        ("Kenya? no visa needed I hope", ["KE"]),
        ("surgery in Kenya, no more than 4 weeks", ["surgery", "KE"]),
        ("no no in Kenya I meant, not in Uganda", ["KE", "-UG"]),
        ("no I am from London, show me Kenya", ["~london", "KE"]),
        ("I cant travel to Uganda right now", ["-UG"]),
        ("i didnt say Uganda", ["-UG"]),
        ("something outside India, Nigeria maybe", ["-IN", "NG"]),
        ("I can't find anything in Kenya", ["KE"]),
    ],
)
def test_what_is_refused_isnt_wanted_and_what_follows_is(text, ids):
    assert linked(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("I study nursing in Nigeria (London campus)", ["nursing", "~NG", "~london"]),
        ("I'm a junior doctor in Nigeria and looking at Kenya", ["~NG", "KE"]),
        ("London is in UK, I said Peru", ["=london", "=GB", "PE"]),
        ("I did a placement in Uganda last year", ["=UG"]),
        ("I have already paid for Peru", ["=PE"]),
        ("I would love to be a doctor in Kenya", ["KE"]),
        ("how do I become a doctor in Kenya", ["KE"]),
    ],
)
def test_where_somebody_is_or_was_is_no_wish(text, ids):
    assert [i for i in linked(text) if i.strip("-~=") not in ("nursing",)] == [
        i for i in ids if i != "nursing"
    ]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("surgery in Peru, final year from Nigeria", ["surgery", "PE", "~NG"]),
        ("3rd year from Kandy, surgery in Peru", ["~kandy", "surgery", "PE"]),
        ("next year from Kandy to Peru", ["kandy", "PE"]),
        ("I'm Asian American", ["=asia", "=US"]),
        ("the other Peruvian-Americans in my class", ["=PE", "=US"]),
        ("Asian Muslim women get odd questions", ["~asia"]),
        ("Asian hospitals", ["asia"]),
        ("surgery in Kenya? Kandy is known to be full", ["surgery", "KE", "=kandy"]),
    ],
)
def test_what_is_only_said_of_a_place_or_of_somebody_is_no_wish(text, ids):
    assert linked(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Essen reichen und waschen, Essen bestellen", []),
        ("beim Essen helfen", []),
        ("Praktikum in Essen", ["essen"]),
        ("nach Essen", ["essen"]),
        ("Essen", ["essen"]),
    ],
)
def test_a_german_noun_is_a_city_only_behind_a_preposition(text, ids):
    assert linked(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("a report from a family physician", ["=doctor"]),
        ("it was the charge nurse", ["=nurse"]),
        ("my nurse laughs at me", ["=nurse"]),
        ("I'm a nurse", ["nurse"]),
        ("I am the nurse of a small clinic", ["nurse"]),
        ("something for my nurse friend", ["nurse"]),
        ("in my nursing school", ["nurse"]),
        ("show me the nurse programmes", ["nurse"]),
        ("question from a nurse", ["nurse"]),
    ],
)
def test_other_people_tell_nothing_of_who_asks(text, ids):
    assert linked(text) == ids
