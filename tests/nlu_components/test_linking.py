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
        *terms("country", "KE", "Kenya", "Kenyan"),
        *terms("country", "UG", "Uganda", "Ugandan"),
        *terms("country", "TZ", "Tanzania", "Tanzanian"),
        *terms("country", "LK", "Sri Lanka", "Sri Lankan"),
        *terms("country", "PH", "Philippines", "Filipino"),
        *terms("country", "OM", "Oman", "Omani"),
        *terms("country", "ES", "Spain", "Spanish"),
        *terms("country", "TD", "Chad", ambiguous=("Chad",)),
        *terms("country", "JO", "Jordan", ambiguous=("Jordan",)),
        *terms("country", "GE", "Georgia", ambiguous=("Georgia",)),
        *terms("country", "TR", "Turkey", "Turkish", ambiguous=("Turkey",)),
        *terms("country", "US", "United States", "US", "USA", ambiguous=("US",)),
        *terms("region", "asia", "Asia"),
        *terms("region", "east-africa", "East Africa"),
        *terms("place", "zanzibar", "Zanzibar"),
        *terms("place", "kandy", "Kandy"),
        *terms("specialty", "surgery", "Surgery", "surgical"),
        *terms("specialty", "paediatrics", "Paediatrics", "pediatrics", "peds"),
        *terms("specialty", "obstetrics-gynaecology", "Obstetrics and gynaecology", "obgyn", "O&G"),
        *terms("specialty", "emergency-medicine", "Emergency medicine", "ER", ambiguous=("ER",)),
        *terms("stage", "premed", "Premed student", "premed"),
        *terms("kind", "volunteer", "Volunteering", "volunteer"),
        *terms("language", "es", "Spanish"),
        *terms("language", "en", "English"),
        *terms("program", "who", "WHO internship programme"),
        *terms("organisation", "Work the World", "Work the World"),
    ),
)
LINKER = Linker(VOCABULARY)


def linked(text: str) -> list[str]:
    """Return the ids, with "-" before those not wanted and "~" before where somebody is from."""
    signs = {"excluded": "-", "origin": "~"}
    return [signs.get(link.role or "", "") + link.id for link in LINKER.links(tokens_of(text))]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("surgery in Kenya", ["surgery", "KE"]),
        ("KENYA", ["KE"]),
        ("a Filipino hospital", ["PH"]),
        ("Ugandan wards", ["UG"]),
        ("sri lanka", ["LK"]),
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
        ("a Kenyan student for Zanzibar", ["~KE", "zanzibar"]),
        ("far from Kenya", ["KE"]),
        ("a Kenyan hospital", ["KE"]),
    ],
)
def test_where_somebody_comes_from_is_not_where_they_want_to_go(text, ids):
    assert linked(text) == ids


def test_offsets_point_at_the_words_of_the_text():
    text = "Surgery — in  Kenya, please"
    spans = [text[link.start : link.end] for link in LINKER.links(tokens_of(text))]
    assert spans == ["Surgery", "Kenya"]


def test_a_thing_that_is_imported_later_is_known_to_the_next_linker():
    assert linked("clinic in Gulu") == []
    more = Vocabulary("next", (*VOCABULARY.terms, Term("place", "gulu", "Gulu")))
    assert [link.id for link in Linker(more).links(tokens_of("clinic in Gulu"))] == ["gulu"]
