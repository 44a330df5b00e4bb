"""Settings: read once from the environment, typed, with the places of all files."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

CODE = Path(__file__).resolve().parents[2]

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
    """What stops a command, told in a sentence that says what to do; the exit status is 1."""


@dataclass(frozen=True)
class Settings:
    """Where things are and where the server listens.

    Attributes:
        home: The Rasa project: config.yml, domain.yml, data/ and so on. Models and `var/`
            are kept there as well.
        interface: The address the server binds to.
        port: The server's port.
        conversations_url: An SQLAlchemy URL for the conversations, or None for what
            endpoints.yml says.
        channels_database: An SQLAlchemy URL for what the channels remember, or None for the
            conversations' database where that is a server, and else a file of its own.
        models_kept: How many trained models are kept.
    """

    home: Path = CODE
    interface: str = "127.0.0.1"
    port: int = 5005
    conversations_url: str | None = None
    channels_database: str | None = None
    models_kept: int = 3

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
        return f"http://{self._reachable_interface}:{self.port}"

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

    @property
    def _reachable_interface(self) -> str:
        return "127.0.0.1" if self.interface == "0.0.0.0" else self.interface


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from environment variables.

    Args:
        environ: `PRECEPTOR_HOME`, `PRECEPTOR_INTERFACE`, `PRECEPTOR_PORT`,
            `PRECEPTOR_CONVERSATIONS_URL` and `PRECEPTOR_CHANNELS_URL` are looked at.

    Raises:
        Complaint: If the port is not a number from 1 to 65535.
    """
    return Settings(
        home=Path(environ.get("PRECEPTOR_HOME") or CODE).resolve(),
        interface=environ.get("PRECEPTOR_INTERFACE") or Settings.interface,
        port=_port(environ, "PRECEPTOR_PORT", Settings.port),
        conversations_url=environ.get("PRECEPTOR_CONVERSATIONS_URL") or None,
        channels_database=environ.get("PRECEPTOR_CHANNELS_URL") or None,
    )


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, "").strip()
    if not value:
        return default
    if value.isascii() and value.isdigit() and 0 < int(value) < 65536:
        return int(value)
    raise Complaint(f'{name} is "{value}"; it must be a port number from 1 to 65535.')


def quiet_environment() -> None:
    """Turn off telemetry, downloads and the libraries' chatter for this process and its children.

    It must run before Rasa or TensorFlow is imported.
    """
    for name, value in _QUIET_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
