"""The settings: read in one place, documented from there, complaints in a sentence."""

import re

import pytest

from preceptor.channels.web import WebInput
from preceptor.runtime.settings import (
    Complaint,
    Rate,
    Settings,
    WebSettings,
    load_settings,
    settings_page,
)
from tests.support.tiny_project import ROOT


def test_the_page_of_the_docs_is_what_the_code_says() -> None:
    command = "`.venv/bin/python -m preceptor settings > docs/settings.md`"
    written = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert written == settings_page(), f"please run {command}"


def test_nothing_but_the_settings_reads_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for folder in ("preceptor", "actions")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if re.search(r"\bos\.(environ|getenv)|from os import .*(environ|getenv)", path.read_text())
    ]
    assert readers == ["preceptor/runtime/settings.py"]


def test_a_variable_that_is_set_to_nothing_counts_as_not_set(set_environment) -> None:
    set_environment(PRECEPTOR_PORT=" ", PRECEPTOR_CHANNELS_URL="")
    assert load_settings() == Settings()
    assert load_settings().channels_url == f"sqlite:///{ROOT}/var/channels.db"


def test_what_is_given_counts_more_than_the_environment(set_environment, tmp_path) -> None:
    set_environment(PRECEPTOR_HOME="/elsewhere", PRECEPTOR_PORT="5010")
    settings = Settings(home=tmp_path)
    assert (settings.home, settings.port) == (tmp_path, 5010)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        (
            {"PRECEPTOR_LOG_LEVEL": "loud"},
            "PRECEPTOR_LOG_LEVEL is \"LOUD\": unexpected value; permitted: 'DEBUG', 'INFO', "
            "'WARNING', 'ERROR', 'CRITICAL'.",
        ),
        ({"PRECEPTOR_MODELS_KEPT": "0"}, '"0": ensure this value is greater than or equal to 1.'),
        ({"PRECEPTOR_MODELS_KEPT": "few"}, '"few": value is not a valid integer.'),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(environ, sentence, set_environment) -> None:
    set_environment(**environ)
    with pytest.raises(Complaint) as complaint:
        load_settings()
    assert sentence.lower() in complaint.value.message.lower()


def test_what_is_secret_is_neither_printed_nor_quoted(set_environment) -> None:
    set_environment(PRECEPTOR_SECRET="hunter2" * 5, DATABASE_URL="postgresql://u:hunter2@h/db")
    assert "hunter2" not in repr(load_settings())
    set_environment(PRECEPTOR_WEB_IDENTITY_SECRET="hunter2")
    with pytest.raises(Complaint) as complaint:
        WebSettings()
    assert "hunter2" not in complaint.value.message


def test_log_levels_may_be_written_in_lower_case(set_environment) -> None:
    set_environment(PRECEPTOR_LOG_LEVEL="debug")
    assert load_settings().log_level == "DEBUG"


def test_the_web_channels_settings_are_read_and_typed(set_environment) -> None:
    set_environment(
        PRECEPTOR_WEB_ORIGINS=" https://A.example , http://localhost:8000/ ,",
        PRECEPTOR_WEB_IDENTITY_SECRET="x" * 32,
        PRECEPTOR_WEB_PROXIES="1",
        PRECEPTOR_WEB_GRACE_DAYS="2",
        PRECEPTOR_WEB_TOKEN_MINUTES="10",
        PRECEPTOR_WEB_MESSAGES_PER_MINUTE="12",
    )
    settings = WebSettings()
    assert settings.origins == {"https://a.example", "http://localhost:8000"}
    assert (settings.token_minutes, settings.grace_days) == (10, 2)
    assert settings.messages_per_minute == Rate(12, 4)
    assert settings.address_messages_per_minute == Rate(1200, 400)
    assert settings.proxies == 1
    assert "xxx" not in repr(settings)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"PRECEPTOR_WEB_ORIGINS": "*"}, "an origin is written like"),
        ({"PRECEPTOR_WEB_ORIGINS": "school.example"}, "an origin is written like"),
        ({"PRECEPTOR_WEB_ORIGINS": "https://a.example/path"}, "an origin is written like"),
        ({"PRECEPTOR_WEB_IDENTITY_SECRET": "short"}, "at least 32 characters"),
        ({"PRECEPTOR_WEB_PROXIES": "-1"}, 'PRECEPTOR_WEB_PROXIES is "-1": ensure this value is'),
        ({"PRECEPTOR_WEB_PROXIES": "many"}, "not a valid integer"),
        ({"PRECEPTOR_WEB_GRACE_DAYS": "0"}, "greater than or equal to 1"),
        ({"PRECEPTOR_WEB_MESSAGES_PER_MINUTE": "few"}, "a whole number from 1 to 60000"),
        ({"PRECEPTOR_WEB_MESSAGES_PER_MINUTE": "0"}, "a whole number from 1 to 60000"),
    ],
)
def test_a_web_setting_that_makes_no_sense_is_refused(environ, sentence, set_environment) -> None:
    set_environment(**environ)
    with pytest.raises(Complaint) as complaint:
        WebSettings()
    assert sentence in complaint.value.message


def test_credentials_of_the_web_channel_are_refused_rather_than_ignored() -> None:
    with pytest.raises(Complaint, match="as environment variables"):
        WebInput.from_credentials({"token_minutes": 10})
