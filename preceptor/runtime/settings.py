"""Every setting of the advisor: typed, checked, and read from the environment in this module alone.

Each section below declares its settings once: name, type, default, environment variable and
meaning. `preceptor settings` and docs/settings.md list them from here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import click
from pydantic import BaseSettings, Field, ValidationError, root_validator, validator
from pydantic.fields import ModelField

CODE = Path(__file__).resolve().parents[2]

ENCODERS = CODE / "var" / "encoders"
"""Where the sentence encoders' graphs are written; they are the same for every project."""

_SHORTEST_SECRET_CHARACTERS = 32
_SLACK_API = "https://slack.com/api/"
_SLACK_DOCS = "docs/slack.md says where to find it."

# Set for every process of ours, unless the operator has set them to something else.
_QUIET_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Nothing may be fetched at run time.
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}


class Complaint(click.ClickException):
    """An error that stops a command, in a sentence that says what to do; the exit status is 1."""


class Rate(NamedTuple):
    """At most `burst` requests at once and `per_minute` in the long run."""

    per_minute: float
    burst: int


def _setting(variable: str, default: Any, meaning: str, **more: Any) -> Any:
    """Declare a setting by its environment variable, its default and what it means.

    `more` is for pydantic's `Field`: bounds; `repr=False` for what must not be shown, such as a
    password; and `default_text`, the default in words.
    """
    return Field(default, env=variable, description=meaning, **more)


def _variable(field: ModelField) -> str:
    """Return the environment variable of a field."""
    return str(field.field_info.extra["env"])


class _Section(BaseSettings):
    """Settings that belong together; a variable that is set to nothing counts as not set."""

    class Config:
        case_sensitive = True
        frozen = True

        @classmethod
        def parse_env_var(cls, field_name: str, raw_val: str) -> Any:
            """Return a variable's text as it is; pydantic would read lists as JSON."""
            return raw_val

    def __init__(self, **values: Any) -> None:
        """Read what `values` do not give from the environment.

        Raises:
            Complaint: With a sentence about the first value that is not right.
        """
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise self._complaint(error, values) from None

    @classmethod
    def _complaint(cls, error: ValidationError, values: Mapping[str, Any]) -> Complaint:
        first = error.errors()[0]
        field = cls.__fields__.get(str(first["loc"][0]))
        if field is None:
            return Complaint(f"There is no setting {first['loc'][0]}.")
        name = _variable(field)
        value = values.get(field.name, os.environ.get(name))
        shown = f'is "{value}"' if field.field_info.repr else "is not right"
        return Complaint(f"{name} {shown}: {first['msg']}.")

    @root_validator(pre=True)
    def _drop_blanks(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value.strip() if isinstance(value, str) else value
            for name, value in values.items()
            if not isinstance(value, str) or value.strip()
        }


class Settings(_Section):
    """The server: where things are, and where it listens."""

    home: Path = _setting(
        "PRECEPTOR_HOME",
        CODE,
        "the Rasa project's folder, with `config.yml`, `models/` and `var/`",
        default_text="the folder of this code",
    )
    interface: str = _setting(
        "PRECEPTOR_INTERFACE",
        "127.0.0.1",
        "the address that the advisor binds to; see docs/operations.md before changing it",
    )
    port: int = _setting("PRECEPTOR_PORT", 5005, "the advisor's port", ge=1, le=65535)
    catalogue_url: str = _setting(
        "DATABASE_URL",
        "sqlite:///var/catalogue.db",
        "the catalogue's database, SQLite or PostgreSQL",
        repr=False,
    )
    conversations_url: str | None = _setting(
        "PRECEPTOR_CONVERSATIONS_URL",
        None,
        "the conversations' database, an SQLAlchemy URL",
        default_text="what `endpoints.yml` says: `var/conversations.db`",
        repr=False,
    )
    channels_database: str | None = _setting(
        "PRECEPTOR_CHANNELS_URL",
        None,
        "the database of what the channels remember, an SQLAlchemy URL",
        default_text="the conversations' database if that is a server, otherwise `var/channels.db`",
        repr=False,
    )
    secret: str | None = _setting(
        "PRECEPTOR_SECRET",
        None,
        "signs and encrypts tokens; 32 characters or more, the same on all servers",
        default_text="the file `var/secret`, made at first use",
        repr=False,
    )
    keep_days: int = _setting(
        "PRECEPTOR_KEEP_DAYS",
        30,
        "how long what people wrote is kept, in days; SECURITY.md lists what",
        ge=1,
        le=3650,
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = _setting(
        "PRECEPTOR_LOG_LEVEL",
        "INFO",
        "the lowest level that is logged",
    )
    models_kept: int = _setting(
        "PRECEPTOR_MODELS_KEPT",
        3,
        "how many trained models are kept",
        ge=1,
    )

    @validator("home")
    def _absolute(cls, home: Path) -> Path:
        return home.resolve()

    @validator("log_level", pre=True)
    def _upper(cls, level: Any) -> Any:
        return level.upper() if isinstance(level, str) else level

    @property
    def models(self) -> Path:
        """The folder of trained models."""
        return self.home / "models"

    @property
    def var(self) -> Path:
        """The folder of everything that is written at run time."""
        return self.home / "var"

    @property
    def logs(self) -> Path:
        """The folder of log files."""
        return self.var / "log"

    @property
    def server_url(self) -> str:
        """The advisor's address as seen from this machine."""
        interface = "127.0.0.1" if self.interface == "0.0.0.0" else self.interface
        return f"http://{interface}:{self.port}"

    @property
    def rest_url(self) -> str:
        """The address that takes messages."""
        return f"{self.server_url}/webhooks/rest/webhook"

    @property
    def channels_url(self) -> str:
        """The database of what the channels remember, an SQLAlchemy URL.

        In SQLite it is a file of its own: a database has one writer at a time, and the
        conversations' has its own.
        """
        if self.channels_database:
            return self.channels_database
        if self.conversations_url and not self.conversations_url.startswith("sqlite"):
            return self.conversations_url
        return f"sqlite:///{self.var / 'channels.db'}"


class WebSettings(_Section):
    """The web channel: docs/web.md."""

    origins: frozenset[str] = _setting(
        "PRECEPTOR_WEB_ORIGINS",
        frozenset(),
        "other sites that may use the widget, such as `https://a.example, https://b.example`",
        default_text="only the advisor's own page",
    )
    identity_secret: str | None = _setting(
        "PRECEPTOR_WEB_IDENTITY_SECRET",
        None,
        "the secret with which a host site signs its users' identity, at least 32 characters",
        default_text="no identities",
        min_length=_SHORTEST_SECRET_CHARACTERS,
        repr=False,
    )
    proxies: int = _setting(
        "PRECEPTOR_WEB_PROXIES",
        0,
        "the number of proxies before the server that add to `X-Forwarded-For`",
        ge=0,
        le=9,
    )
    token_minutes: int = _setting(
        "PRECEPTOR_WEB_TOKEN_MINUTES", 60, "how long a token is good, in minutes", ge=5, le=24 * 60
    )
    grace_days: int = _setting(
        "PRECEPTOR_WEB_GRACE_DAYS",
        30,
        "how long an expired token may still be renewed, in days",
        ge=1,
        le=365,
    )
    messages_per_minute: Rate = _setting(
        "PRECEPTOR_WEB_MESSAGES_PER_MINUTE",
        Rate(30, 10),
        "how often one conversation may say something; a third of it at once",
    )
    # A school's computers share one address: 300 people who begin at once, with two requests each.
    address_messages_per_minute: Rate = _setting(
        "PRECEPTOR_WEB_ADDRESS_MESSAGES_PER_MINUTE",
        Rate(1_200, 400),
        "how often one address may, with all its conversations",
    )
    address_sessions_per_minute: Rate = _setting(
        "PRECEPTOR_WEB_ADDRESS_SESSIONS_PER_MINUTE",
        Rate(1_800, 600),
        "how often one address may ask for a token or a connection",
    )

    @validator("origins", pre=True)
    def _split_origins(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        origins = [part.strip().rstrip("/").lower() for part in value.split(",") if part.strip()]
        for origin in origins:
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise Complaint(
                    f'PRECEPTOR_WEB_ORIGINS has "{origin}"; an origin is written like '
                    "https://www.example.org, without a path, and several are separated by commas."
                )
        return frozenset(origins)

    @validator(
        "messages_per_minute",
        "address_messages_per_minute",
        "address_sessions_per_minute",
        pre=True,
    )
    def _rate(cls, value: Any) -> Rate:
        if isinstance(value, Rate):
            return value
        if not str(value).isdecimal() or not 1 <= int(value) <= 60_000:
            raise ValueError("value is not a whole number from 1 to 60000")
        return Rate(int(value), max(1, int(value) // 3))


class SlackSettings(_Section):
    """Slack: off unless one of its own variables is set; docs/slack.md."""

    bot_token: str | None = _setting(
        "SLACK_BOT_TOKEN",
        None,
        "the token of one workspace, `xoxb-…`",
        default_text="workspaces install by OAuth",
        regex="^xoxb-",
        repr=False,
    )
    signing_secret: str = _setting(
        "SLACK_SIGNING_SECRET",
        "",
        "the secret with which Slack signs; needed over HTTP",
        repr=False,
    )
    app_token: str | None = _setting(
        "SLACK_APP_TOKEN",
        None,
        "opens Socket Mode, `xapp-…`; needed for that",
        regex="^xapp-",
        repr=False,
    )
    client_id: str | None = _setting(
        "SLACK_CLIENT_ID", None, "the app's id for installation by OAuth", default_text="no OAuth"
    )
    client_secret: str | None = _setting(
        "SLACK_CLIENT_SECRET", None, "the secret that goes with it", repr=False
    )
    redirect_uri: str | None = _setting(
        "SLACK_REDIRECT_URI",
        None,
        "where Slack sends a browser back to, if the app has several addresses",
    )
    mode: Literal["http", "socket"] = _setting(
        "PRECEPTOR_SLACK_MODE",
        "http",
        "`http`: Slack calls the advisor; `socket`: the advisor calls Slack",
    )
    native_blocks: bool = _setting(
        "PRECEPTOR_SLACK_NATIVE_BLOCKS",
        True,
        "`off` leaves out carousels, tables and feedback, which some workspaces lack",
        default_text="on",
    )
    api_url: str = _setting(
        "PRECEPTOR_SLACK_API_URL",
        _SLACK_API,
        "another address instead of Slack's API, for tests",
        regex=r"^https?://[^/\s]+",
    )

    @validator("api_url")
    def _ends_with_a_slash(cls, address: str) -> str:
        return address.rstrip("/") + "/"

    @root_validator(skip_on_failure=True)
    def _is_complete(cls, values: dict[str, Any]) -> dict[str, Any]:
        if bool(values["client_id"]) != bool(values["client_secret"]):
            present, missing = "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"
            if values["client_secret"]:
                present, missing = missing, present
            raise Complaint(
                f"{present} is set and {missing} is not; OAuth needs both. {_SLACK_DOCS}"
            )
        if not values["bot_token"] and not values["client_id"]:
            raise Complaint(
                "Slack is half set up: SLACK_BOT_TOKEN is missing (or SLACK_CLIENT_ID with "
                f"SLACK_CLIENT_SECRET, for several workspaces). {_SLACK_DOCS}"
            )
        if values["mode"] == "http" and not values["signing_secret"]:
            raise Complaint(
                "Slack is half set up: over HTTP it needs SLACK_SIGNING_SECRET; or set "
                f"PRECEPTOR_SLACK_MODE=socket and SLACK_APP_TOKEN. {_SLACK_DOCS}"
            )
        if values["mode"] == "socket" and not values["app_token"]:
            raise Complaint(
                f"Slack is half set up: Socket Mode needs SLACK_APP_TOKEN. {_SLACK_DOCS}"
            )
        return values


# Any of these turns Slack on.
_SLACK_SWITCHES = ("bot_token", "signing_secret", "app_token", "client_id", "client_secret", "mode")

_SETTINGS_VARIABLES = [_variable(field) for field in Settings.__fields__.values()]


def load_settings() -> Settings:
    """Return the server's settings; they are read once, and again if the environment changes.

    Raises:
        Complaint: With a sentence about the first value that is not right.
    """
    return _settings_in(tuple(os.environ.get(name) for name in _SETTINGS_VARIABLES))


@lru_cache(maxsize=4)
def _settings_in(_environment: tuple[str | None, ...]) -> Settings:
    return Settings()


def load_slack_settings() -> SlackSettings | None:
    """Read Slack's settings from the environment.

    Returns:
        The settings, or None if none of Slack's own variables is set: then Slack is off.

    Raises:
        Complaint: If it is half set up, with what is missing.
    """
    fields = SlackSettings.__fields__
    switches = (os.environ.get(_variable(fields[name]), "") for name in _SLACK_SWITCHES)
    return SlackSettings() if any(value.strip() for value in switches) else None


def settings_page() -> str:
    """Return the page docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Environment variables; `.venv/bin/python -m preceptor settings` writes this page. A value "
        "that makes no sense stops the start with a sentence.",
    ]
    for section in (Settings, WebSettings, SlackSettings):
        heading = str(section.__doc__).rstrip(".")
        lines += ["", f"## {heading}", "", "| variable | meaning | default |", "|---|---|---|"]
        for field in section.__fields__.values():
            default = getattr(field.default, "per_minute", field.default)
            default = f"`{default}`" if default not in (None, "") else "none"
            default = field.field_info.extra.get("default_text", default)
            lines.append(f"| `{_variable(field)}` | {field.field_info.description} | {default} |")
    return "\n".join(lines) + "\n"


def child_environment(**changes: str) -> dict[str, str]:
    """Return this process's environment with changes, for a process that it starts."""
    return {**os.environ, **changes}


def set_for_libraries(**variables: str) -> None:
    """Set environment variables that a library reads and cannot be told otherwise."""
    os.environ.update(variables)


def quiet_environment() -> None:
    """Turn off telemetry, downloads and the libraries' chatter for this process and its children.

    It must run before Rasa or TensorFlow is imported.
    """
    for name, value in _QUIET_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
