"""The encoders, which training writes otherwise."""

import pytest

from preceptor.nlu.encoders.files import write_missing


@pytest.fixture(scope="session", autouse=True)
def written_encoders() -> None:
    write_missing()
