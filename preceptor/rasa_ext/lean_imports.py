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
# Asked for by rasa.core.channels, with the name that it looks each up by.
_CHANNELS = {
    "rasa.core.channels.socketio": ("SocketIOInput", "socketio"),
    "rasa.core.channels.botframework": ("BotFrameworkInput", "botframework"),
    "rasa.core.channels.facebook": ("FacebookInput", "facebook"),
    "rasa.core.channels.mattermost": ("MattermostInput", "mattermost"),
    "rasa.core.channels.rasa_chat": ("RasaChatInput", "rasa"),
    "rasa.core.channels.rocketchat": ("RocketChatInput", "rocketchat"),
    "rasa.core.channels.slack": ("SlackInput", "slack"),
    "rasa.core.channels.telegram": ("TelegramInput", "telegram"),
    "rasa.core.channels.twilio": ("TwilioInput", "twilio"),
    "rasa.core.channels.twilio_voice": ("TwilioVoiceInput", "twilio_voice"),
    "rasa.core.channels.webexteams": ("WebexTeamsInput", "webexteams"),
    "rasa.core.channels.hangouts": ("HangoutsInput", "hangouts"),
}
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
_RECIPE = "rasa.engine.recipes.default_components"


def import_rasa() -> None:
    """Import what of Rasa and spaCy a server needs; call it before anything else imports them.

    For processes that serve. Where Rasa is there already, nothing happens.
    """
    modules = {**_NETWORKS, **_SPLITS, **_DATABASES, **_COMPONENTS, **_PLOTS, **_WEIGHTS}
    _import(modules, (*_IMPORTED, "spacy"))


def import_rasa_for_training() -> None:
    """Import the part of Rasa that a training without any of `NETWORK_COMPONENTS` needs.

    They can't be trained in this process: the recipe does not know them. Where Rasa is there
    already, nothing happens.
    """
    components = {**_COMPONENTS, **_MORE_COMPONENTS}
    _import({**_NETWORKS, **_DATABASES, **components, **_PLOTS}, (*_IMPORTED, _RECIPE))


def _import(modules: dict[str, tuple[str, ...]], wanted: tuple[str, ...]) -> None:
    if "rasa.utils.train_utils" in sys.modules:
        return
    with _stand_ins(modules, _CHANNELS):
        for module in wanted:
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
def _stand_ins(
    modules: dict[str, tuple[str, ...]], channels: dict[str, tuple[str, str]]
) -> Iterator[None]:
    """Have modules that are not loaded yet give out names that load them when they are used.

    Args:
        modules: the modules and the names that are asked of each.
        channels: modules of one channel each, with its class and what the class calls itself.
    """
    made: dict[str, ModuleType] = {}
    for module, attributes in modules.items():
        made[module] = ModuleType(module)
        for attribute in attributes:
            setattr(made[module], attribute, _later(module, attribute))
    for module, (attribute, name) in channels.items():
        made[module] = ModuleType(module)
        stand_in = _later(module, attribute, name=staticmethod(partial(str, name)))
        setattr(made[module], attribute, stand_in)
    made = {name: module for name, module in made.items() if name not in sys.modules}
    sys.modules.update(made)
    try:
        yield
    finally:
        # Whoever imports them from now on gets the real ones.
        for name in made:
            del sys.modules[name]


def _later(module: str, attribute: str, **known: Any) -> _Later:
    return _Later(attribute, (), {"module": module, "attribute": attribute, **known})
