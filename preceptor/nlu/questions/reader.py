"""Which questions a message asks: one, several, or one behind a greeting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from preceptor.nlu.questions.cuts import Cut, asks
from preceptor.nlu.questions.model import CutModel, Piece, Roles

# From which probability on a cut parts two questions, and how sure a reading behind a greeting
# must be; surer where it doesn't have the form of a question.
_PARTED, _SURE, _SURE_WITHOUT_FORM = 0.8, 0.55, 0.95
# How sure a part must be of an emergency or a crisis to speak for the message, and how much of it
# the message as a whole must show.
_SURE_OF_DANGER, _SUSPICION = 0.9, 0.02
_MAX_QUESTIONS = 3

Key = tuple[int, int]


@dataclass(frozen=True)
class Asked:
    """A question of a message: which part, the place of its intent, and how likely that is."""

    part: Key
    intent: int
    confidence: float

    @staticmethod
    def by(part: Key, piece: Piece) -> Asked:
        """Return what the classifier reads in a part."""
        return Asked(part, piece.top, float(piece.chances[piece.top]))


def questions_of(cuts: list[Cut], pieces: Mapping[Key, Piece], model: CutModel) -> list[Asked]:
    """Return the different questions of a short message in order, at most three.

    The likeliest cut goes first; what lies on either side may be cut again. A greeting at the
    beginning and thanks at the end are left aside.

    Args:
        cuts: where the message could be cut, in order.
        pieces: what lies between any two cuts, by the numbers of its first and last clause.
        model: judges the cuts.
    """

    def asked(first: int, last: int) -> list[Asked]:
        whole = Asked.by((first, last), pieces[first, last])
        if first == last:
            return [whole]
        if model.roles.says_nothing(pieces[first, first]):
            return asked(first + 1, last)
        if model.roles.says_nothing(pieces[last, last]):
            return asked(first, last - 1)
        judged = model.parts(
            [
                (cuts[k], pieces[first, k], pieces[k + 1, last], pieces[first, last])
                for k in range(first, last)
            ]
        )
        at = max(range(len(judged)), key=lambda i: judged[i][0])
        chance, pair = judged[at]
        if chance < _PARTED:
            return [whole]
        k = first + at
        left, right = asked(first, k), asked(k + 1, last)
        # A side that is one question is read against the other one.
        if len(left) == 1:
            left = [Asked(left[0].part, pair.first, pair.first_chance)]
        if len(right) == 1:
            right = [Asked(right[0].part, pair.second, pair.second_chance)]
        return left + right

    different: list[Asked] = []
    for one in asked(0, len(cuts)):
        if not any(model.roles.same[one.intent, other.intent] for other in different):
            different.append(one)
    return different[:_MAX_QUESTIONS]


def behind_a_greeting(
    asked: list[Asked], pieces: Mapping[Key, Piece], roles: Roles
) -> Asked | None:
    """Return the one question of a message that as a whole is small talk, if it asks one.

    Args:
        asked: what `questions_of` found.
        pieces: the message's parts.
        roles: of the intents.
    """
    (one, *more) = asked
    if more or not roles.askable[one.intent] or one.confidence < _SURE:
        return None
    formed = asks(pieces[one.part].text) or one.confidence >= _SURE_WITHOUT_FORM
    return one if formed else None


def cry_for_help(pieces: Mapping[Key, Piece], whole: Piece, roles: Roles) -> Asked | None:
    """Return the part of a quiet message that is surely an emergency or a crisis, if there is one.

    Args:
        pieces: the message's parts.
        whole: all of it.
        roles: of the intents.
    """
    for part, piece in pieces.items():
        found = Asked.by(part, piece)
        if roles.urgent[found.intent] and found.confidence >= _SURE_OF_DANGER:
            if whole.chances[found.intent] >= _SUSPICION:
                return found
    return None


def is_surely_danger(whole: Piece, roles: Roles, *, story: bool) -> bool:
    """Tell whether a message speaks of danger; a story in a low mood must do so surely."""
    sure = not story or whole.chances[whole.top] >= _SURE_OF_DANGER
    return bool(roles.safety[whole.top]) and sure
