"""The encoders, which training writes otherwise, and what was trained for the project."""

from pathlib import Path

import pytest
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource

from preceptor.nlu.components import MessageReader
from preceptor.nlu.encoders.files import write_missing
from preceptor.nlu.entities.extractor import shared_linker
from preceptor.nlu.entities.linking import Linker
from preceptor.nlu.reading import Models
from preceptor.runtime.models import choose_model
from preceptor.runtime.settings import load_settings


@pytest.fixture(scope="session", autouse=True)
def written_encoders() -> None:
    write_missing()


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """The models in the newest archive."""
    model, _ = choose_model(load_settings())
    folder: Path = tmp_path_factory.mktemp("model")
    storage, metadata = LocalModelStorage.from_model_archive(folder, model)
    (name,) = (n for n in metadata.predict_schema.nodes if "MessageReader" in n)
    node = metadata.predict_schema.nodes[name]
    assert isinstance(node.resource, Resource)
    reader = MessageReader.load(node.config, storage, node.resource, None)
    assert reader.models is not None
    return reader.models


@pytest.fixture(scope="session")
def linker() -> Linker:
    """What knows the project's catalogue."""
    found = shared_linker().current()
    assert found is not None, "there is no catalogue: run make catalogue"
    return found
