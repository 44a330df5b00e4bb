"""Tokens by spaCy's blank English pipeline."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.tokens import Doc

from preceptor.nlu.tokens import tokens_of

DOC = "doc"
"""Key under which a message carries its spaCy `Doc`, for the steps that follow."""


def doc_of(message: Message) -> Doc:
    """Return a message's tokens: those that it carries, or new ones."""
    doc = message.get(DOC)
    return tokens_of(message.get(TEXT) or "") if doc is None else doc


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class BlankSpacyTokenizer(Tokenizer):
    """Split messages into tokens with spaCy.

    Rasa's own SpacyTokenizer needs a statistical model, which no package registry has.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return Rasa's options of a tokenizer; intents are never split."""
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    @staticmethod
    def required_packages() -> list[str]:
        """Return the packages that must be importable."""
        return ["spacy"]

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Return the tokens of an attribute; a text's `Doc` stays with the message."""
        doc = tokens_of(message.get(attribute))
        if attribute == TEXT:
            message.set(DOC, doc)
        return [Token(token.text, token.idx) for token in doc if not token.is_space]

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the training examples without tokens.

        Nothing that is trained reads them, and Rasa hashes every token behind every step of the
        training: a quarter of its time.
        """
        return training_data
