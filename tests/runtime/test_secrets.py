"""The installation's secret."""

import stat

import pytest

from preceptor.runtime.secrets import derived_key
from preceptor.runtime.settings import Complaint, Settings


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    settings = Settings(home=tmp_path)
    first = derived_key(settings, "web token")
    assert len(first) == 32
    assert derived_key(settings, "web token") == first
    assert stat.S_IMODE((tmp_path / "var" / "secret").stat().st_mode) == 0o600


def test_each_purpose_and_each_installation_has_a_key_of_its_own(tmp_path):
    settings = Settings(home=tmp_path)
    other = Settings(home=tmp_path / "other")
    given = Settings(home=tmp_path, secret="s" * 32)
    keys = {
        derived_key(settings, "web token"),
        derived_key(settings, "slack tokens"),
        derived_key(other, "web token"),
        derived_key(given, "web token"),
    }
    assert len(keys) == 4


def test_a_short_secret_is_refused(tmp_path):
    with pytest.raises(Complaint, match="shorter than 32"):
        derived_key(Settings(home=tmp_path, secret="short"), "web token")
