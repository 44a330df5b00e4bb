"""Clauses: where one message holds several questions, or a story around one."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.tokens import Doc, Span, Token

from preceptor.nlu.step import CLAUSES, Step
from preceptor.nlu.text import tokens_of
from preceptor.nlu.tokenizer import DOC

START, END = "clause_start", "clause_end"

_ENDS = {".", "?", "!", ";", "…", "...", "??", "?!", "!!"}
_JOINS = {"and", "also", "plus", "btw", "but", "or", "&", "then", "+", "oh", "n", "additionally"}
_OPENERS = {
    "what", "whats", "what's", "how", "hows", "when", "where", "wheres", "who", "which", "why",
    "is", "are", "am", "do", "does", "did", "can", "could", "should", "would", "will", "may",
    "must", "any", "tell", "show", "give", "find", "compare", "explain", "wats", "wat", "wht",
    "hw", "cn", "shud", "recommend", "list", "search", "looking", "i'm", "im", "i",
}  # fmt: skip
_ASKERS = _OPENERS | {
    "describe", "say", "kindly", "please", "only", "longer", "shorter", "cheaper", "more", "if",
    "put", "and", "also", "whether", "as", "has", "have", "want", "need",
}  # fmt: skip
_MIN_TOKENS = 2
_MAX_CLAUSES = 24


def _words(span: Span) -> list[Token]:
    return [t for t in span if not (t.is_punct or t.is_space)]


def _opens_question(doc: Doc, i: int) -> bool:
    """Tell whether the words from token `i` on look like the start of another question."""
    while i < len(doc) and (doc[i].is_punct or doc[i].norm_ in _JOINS):
        i += 1
    return i < len(doc) and doc[i].norm_ in _OPENERS


def asks(text: str) -> bool:
    """Tell whether a clause has the form of a question or a request."""
    words = text.casefold().replace("’", "'").split()
    return "?" in text or (bool(words) and words[0].strip(",.:") in _ASKERS)


def split(doc: Doc) -> list[Span]:
    """Cut a text into clauses.

    A clause ends at a sentence's end or a line's end, and before "and", "also", "plus" or a
    comma that a question word follows.

    Args:
        doc: the text's tokens.

    Returns:
        The clauses with at least two words, in order, at most 24 (the last ones of a longer
        story, where the question usually stands); empty where there are fewer than two.
    """
    cuts = [0]
    for token in doc:
        i = token.i
        if i == 0 or i <= cuts[-1]:
            continue
        before = doc[i - 1]
        sentence_end = before.text in _ENDS or (before.is_space and "\n" in before.text)
        joined = (
            (token.norm_ in _JOINS or before.text in {",", ":", "-"})
            and _opens_question(doc, i)
            and len(_words(doc[cuts[-1] : i])) >= _MIN_TOKENS
        )
        if sentence_end or joined:
            cuts.append(i)
    cuts.append(len(doc))
    spans = []
    for start, end in zip(cuts, cuts[1:], strict=False):
        while start < end and (doc[start].norm_ in _JOINS - {"then"} or doc[start].is_punct):
            start += 1
        span = doc[start:end]
        if len(_words(span)) >= _MIN_TOKENS:
            spans.append(span)
    return spans[-_MAX_CLAUSES:] if len(spans) > 1 else []


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class ClauseSplitter(Step):
    """Give a message its clauses, each a message of its own that the next steps read too."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `clauses` on messages that have at least two."""
        for message in messages:
            doc = message.get(DOC)
            if doc is None:
                doc = tokens_of(message.get(TEXT) or "")
            clauses = []
            for span in split(doc):
                clause = Message.build(text=span.text)
                clause.set(START, span.start_char)
                clause.set(END, span.end_char)
                clauses.append(clause)
            message.set(CLAUSES, clauses)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave training examples whole: each has one intent."""
        return training_data
