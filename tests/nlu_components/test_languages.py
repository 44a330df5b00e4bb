"""Which language a message is in, and its English words."""

import pytest

from preceptor.nlu.entities.glossary import gloss
from preceptor.nlu.language import Words
from tests.test_training_data import TEST, read_languages

ENGLISH = [
    "How much does an internship in Peru cost?",
    "surgery in kenya 4 weeks",
    "howmuch dos it csot for 8 weaks pls",
    "Is a Famulatur in Germany the same as a clerkship?",
    "bali?",
    "cmpare 2 n 3 plz",
    "I want to die",
    "asdf qwer zxcv",
]
FOREIGN = [
    ("¿Cuánto cuesta una pasantía médica en Perú?", "es"),
    ("combien de temps dure le stage", "fr"),
    ("Ich suche einen Platz in der Chirurgie", "de"),
    ("quanto custa o estágio por favor", "pt"),
    ("vorrei fare un tirocinio in ospedale", "it"),
    ("hoeveel kost een coschap in Ghana", "nl"),
    ("هل توجد منح للتدريب؟", "ar"),
    ("сколько стоит практика", "ru"),
    ("实习要多少钱", "zh"),
    ("実習はいくらですか", "ja"),
    ("실습 비용이 얼마예요", "ko"),
    ("berapa biaya magang di rumah sakit untuk mahasiswa", "id"),
    ("nataka kufanya mazoezi hospitalini", "sw"),
    ("मुझे इंटर्नशिप करनी है", "hi"),
    ("Missä voin tehdä harjoittelun ulkomailla?", "fi"),
    ("می‌خواهم در بیمارستان کارآموزی کنم", "fa"),
]


@pytest.fixture(scope="module")
def words() -> Words:
    """What the reader learns from the project's own training questions."""
    english, foreign = read_languages()
    return Words.learn(english, foreign)


@pytest.mark.parametrize("text", ENGLISH)
def test_english_with_foreign_names_and_typos_is_english(words, text):
    assert words.language(text) is None


@pytest.mark.parametrize(("text", "language"), FOREIGN)
def test_other_languages_are_named(words, text, language):
    assert words.language(text) == language


def test_hardly_a_message_of_the_english_test_set_is_taken_for_another_language(words):
    taken = [t for i, t in TEST if i != "out_of_scope" and words.language(t)]
    assert len(taken) <= len(TEST) / 200, taken


def test_what_was_learnt_survives_being_written(words, tmp_path):
    words.save(tmp_path / "words.json")
    assert Words.load(tmp_path / "words.json") == words


@pytest.mark.parametrize(
    ("text", "language", "english"),
    [
        ("¿y en Kenia, más barato?", "es", "Kenya cheaper"),
        ("Chirurgie in Südafrika für sechs Wochen", "de", "surgery South Africa 6 weeks"),
        ("практику по педиатрии в Танзании на 4 недели", "ru", "paediatrics Tanzania 4 weeks"),
        ("تدريب جراحة في كينيا لمدة أربعة أسابيع", "ar", "surgery Kenya 4 weeks"),
        ("尼泊尔儿科实习4周", "zh", "Nepal paediatrics 4 weeks"),
        ("un stage au Pérou à moins de 900 euros", "fr", "Peru under 900 euros"),
        ("étudiant en 4e année, au Kenya en août", "fr", "4th year Kenya in August"),
        ("sono al quinto anno, due settimane a marzo", "it", "5th year 2 weeks in March"),
        ("xyz", "it", ""),
    ],
)
def test_the_gloss_has_the_known_words_in_english(text, language, english):
    assert gloss(text, language) == english
