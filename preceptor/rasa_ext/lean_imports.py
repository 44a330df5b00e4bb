"""Imports Rasa and spaCy without libraries that are never called: the one place for that.

Rasa imports TensorFlow, scikit-learn, Matplotlib and the clients of every channel and database
it knows before it looks at a model. That takes most of the start and of the memory, no setting
leaves it out, and there is nothing to subclass: the imports stand at the top of modules that are
needed for other things. While those modules are imported, the ones below are stood in for by
names that fetch the real thing when they are first used. Nothing else changes, whatever the
model is made of: a component that needs TensorFlow still imports it, at the cost that it has.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any

# Asked for by rasa.utils.train_utils and rasa.utils.tensorflow.model_data, which every policy
# imports: callbacks, batches and splits for the training of neural networks.
_NETWORKS = {
    "rasa.utils.tensorflow.callback": ("RasaTrainingLogger", "RasaModelCheckpoint"),
    "rasa.utils.tensorflow.data_generator": ("RasaBatchDataGenerator",),
}
_SPLITS = {"sklearn": (), "sklearn.model_selection": ("train_test_split",)}
# Asked for by rasa.core.channels, which looks each up by the name that it gives itself: that of its
# module.
_CHANNELS = {
    f"rasa.core.channels.{name}": (f"{class_}Input",)
    for name, class_ in (
        ("socketio", "SocketIO"), ("botframework", "BotFramework"), ("facebook", "Facebook"),
        ("mattermost", "Mattermost"), ("rasa_chat", "RasaChat"), ("rocketchat", "RocketChat"),
        ("slack", "Slack"), ("telegram", "Telegram"), ("twilio", "Twilio"),
        ("twilio_voice", "TwilioVoice"), ("webexteams", "WebexTeams"), ("hangouts", "Hangouts"),
    )
}  # fmt: skip
# Asked for by rasa.core.tracker_store, for the stores that it offers beside SQL.
_DATABASES = {
    "boto3": (),
    "boto3.dynamodb": (),
    "boto3.dynamodb.conditions": ("Key",),
    "pymongo": (),
    "pymongo.collection": ("Collection",),
}
# Asked for by the validator of configurations. A model names it among the steps of its training,
# and Rasa imports the classes of all those when it loads the model.
_COMPONENTS = {
    "rasa.nlu.classifiers.diet_classifier": ("DIETClassifier",),
    "rasa.nlu.selectors.response_selector": ("ResponseSelector",),
    "rasa.nlu.extractors.crf_entity_extractor": (
        "CRFEntityExtractor",
        "CRFEntityExtractorOptions",
    ),
    "rasa.core.policies.ted_policy": ("TEDPolicy",),
}
# Asked for by the recipe of a training, with those above: it registers all components there are.
_MORE_COMPONENTS = {
    "rasa.core.policies.unexpected_intent_policy": ("UnexpecTEDIntentPolicy",),
    "rasa.nlu.featurizers.dense_featurizer.convert_featurizer": ("ConveRTFeaturizer",),
    "rasa.nlu.featurizers.dense_featurizer.lm_featurizer": ("LanguageModelFeaturizer",),
}
NETWORK_COMPONENTS = tuple(
    name for of in (_COMPONENTS, _MORE_COMPONENTS) for names in of.values() for name in names
)
"""Components that `import_rasa` leaves out for a training, which therefore must not use them."""

# Asked for by rasa.nlu.test, which Rasa's server imports.
_PLOTS = {"matplotlib": (), "matplotlib.ticker": ("FormatStrFormatter",)}
# Asked for by spaCy's networks, for the weights of TensorFlow's: 11 MiB.
_WEIGHTS = {"h5py": ()}

# What asks for them; nothing else is imported while they are stood in for.
_IMPORTED = (
    "rasa.utils.train_utils",
    "rasa.core.channels",
    "rasa.core.tracker_store",
    "rasa.graph_components.validators.default_recipe_validator",
    "rasa.nlu.test",
)


def import_rasa() -> None:
    """Import what of Rasa and spaCy a server needs; call it before anything else imports them.

    For processes that serve. If Rasa is there already, nothing happens.
    """
    _import({**_SPLITS, **_COMPONENTS, **_WEIGHTS}, "spacy")


def import_rasa_for_training() -> None:
    """Import the part of Rasa that a training without any of `NETWORK_COMPONENTS` needs.

    They can't be trained in this process: the recipe does not know them. If Rasa is there
    already, nothing happens.
    """
    _import({**_COMPONENTS, **_MORE_COMPONENTS}, "rasa.engine.recipes.default_components")


def _import(modules: dict[str, tuple[str, ...]], last: str) -> None:
    if "rasa.utils.train_utils" in sys.modules:
        return
    with _stand_ins({**_NETWORKS, **_DATABASES, **_PLOTS, **_CHANNELS, **modules}):
        for module in (*_IMPORTED, last):
            importlib.import_module(module)


class _Later(type):
    """The class of stand-ins: they are called, asked and compared as the class they stand for."""

    module: str
    attribute: str

    @property
    def real(cls) -> Any:
        """The class or function stood in for; its module is imported now."""
        return getattr(importlib.import_module(cls.module), cls.attribute)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls.real(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(cls.real, name)

    def __instancecheck__(cls, instance: Any) -> bool:
        # Nothing can be an instance of a class whose module was never imported.
        return cls.module in sys.modules and isinstance(instance, cls.real)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return cls.module in sys.modules and issubclass(subclass, cls.real)


@contextmanager
def _stand_ins(modules: dict[str, tuple[str, ...]]) -> Iterator[None]:
    """Have modules that are not loaded yet give out names that load them when they are used.

    Args:
        modules: the modules and the names that are asked of each.
    """
    missing = {name: names for name, names in modules.items() if name not in sys.modules}
    for module, attributes in missing.items():
        sys.modules[module] = ModuleType(module)
        for attribute in attributes:
            members: dict[str, Any] = {"module": module, "attribute": attribute}
            if module in _CHANNELS:
                members["name"] = staticmethod(partial(str, module.rpartition(".")[2]))
            setattr(sys.modules[module], attribute, _Later(attribute, (), members))
    try:
        yield
    finally:
        # Whoever imports them from now on gets the real ones.
        for module in missing:
            del sys.modules[module]
