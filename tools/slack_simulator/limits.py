"""What Slack refuses: Block Kit's documented shapes and limits, as pure checks.

Every check returns sentences in the form in which Slack's `response_metadata.messages` has them,
with a JSON pointer to the place. Two things check each block: the limits below, from
https://docs.slack.dev/reference/block-kit (read November 2026), and slack-sdk's own models.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

BLOCKS_OF_MESSAGE = 50
BLOCKS_OF_VIEW = 100
TEXT_OF_MESSAGE = 40_000
MARKDOWN_OF_MESSAGE = 12_000
SUGGESTED_PROMPTS = 4

_MESSAGE_ONLY = {"markdown", "table", "card", "carousel", "context_actions"}
_PINGS = re.compile(r"<!(?:channel|here|everyone)\b[^>]*>")
# What may stand between angle brackets in mrkdwn; every other "<" must be written "&lt;".
_MARKUP = re.compile(
    r"<(?:https?://[^|>\s]+(?:\|[^>]*)?|mailto:[^|>\s]+(?:\|[^>]*)?|tel:[^|>\s]+(?:\|[^>]*)?"
    r"|@[UW][A-Z0-9]+(?:\|[^>]*)?|#C[A-Z0-9]+(?:\|[^>]*)?|!subteam\^[A-Z0-9]+(?:\|[^>]*)?"
    r"|!date\^\d+\^[^|>]+\|[^>]*|!(?:channel|here|everyone)(?:\|[^>]*)?)>"
)


class _Found(list[str]):
    """The problems found so far."""

    def add(self, sentence: str, pointer: str) -> None:
        self.append(f"[ERROR] {sentence} [json-pointer:{pointer}]")


def message_problems(body: dict[str, Any]) -> list[str]:
    """Return why Slack would refuse a message, `{"text": str, "blocks": [...]}`; [] if not."""
    found = _Found()
    blocks = body.get("blocks") or []
    if len(str(body.get("text") or "")) > TEXT_OF_MESSAGE:
        found.add(f"must be less than {TEXT_OF_MESSAGE + 1} characters", "/text")
    _blocks(blocks, BLOCKS_OF_MESSAGE, found)
    if isinstance(blocks, list):
        kinds = [block.get("type") for block in blocks if isinstance(block, dict)]
        if kinds.count("table") > 1:
            found.add("only one table is allowed in a message", "/blocks")
        written = sum(
            len(str(block.get("text") or ""))
            for block in blocks
            if isinstance(block, dict) and block.get("type") == "markdown"
        )
        if written > MARKDOWN_OF_MESSAGE:
            found.add(f"markdown of more than {MARKDOWN_OF_MESSAGE} characters", "/blocks")
    return found


def view_problems(view: Any) -> list[str]:
    """Return why Slack would refuse a view, a modal or an App Home; [] if it would not."""
    found = _Found()
    if not isinstance(view, dict) or view.get("type") not in ("home", "modal"):
        found.add("must be a view of type home or modal", "/view")
        return found
    if view["type"] == "modal":
        for part in ("title", "submit", "close"):
            if part in view or part == "title":
                _text(view.get(part), 24, f"/view/{part}", found, plain=True)
    for part, limit in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        _string(view.get(part), limit, f"/view/{part}", found)
    blocks = view.get("blocks")
    if not blocks:
        found.add("missing required field: blocks", "/view")
    _blocks(blocks or [], BLOCKS_OF_VIEW, found)
    for number, block in enumerate(blocks or []):
        if isinstance(block, dict) and block.get("type") in _MESSAGE_ONLY:
            found.add(f"unsupported type: {block['type']}", f"/view/blocks/{number}/type")
    return found


def prompt_problems(prompts: Any) -> list[str]:
    """Return why Slack would refuse suggested prompts, `[{"title": str, "message": str}]`."""
    found = _Found()
    if not isinstance(prompts, list) or not 0 < len(prompts) <= SUGGESTED_PROMPTS:
        found.add(f"must be a list of 1 to {SUGGESTED_PROMPTS} prompts", "/prompts")
        return found
    for number, prompt in enumerate(prompts):
        if not prompt.get("title") or not prompt.get("message"):
            found.add("missing required field: title or message", f"/prompts/{number}")
    return found


def wishes(body: dict[str, Any]) -> list[str]:
    """Return what Slack lets pass and a good app does not do.

    A message without plain text (what notifications and screen readers have), pings of a whole
    channel, angle brackets that are no markup of Slack's, and `as_user`.
    """
    found = _Found()
    if not str(body.get("text") or "").strip():
        found.add("there is no plain text beside the blocks", "/text")
    if "as_user" in body:
        found.add("as_user is of the old apps", "/as_user")
    for pointer, text in mrkdwn_texts(body):
        if _PINGS.search(text):
            found.add("the text calls everybody in the channel", pointer)
        if "<" in (rest := _MARKUP.sub("", text)):
            found.add(f"an angle bracket is not escaped: {rest[:80]!r}", pointer)
    return found


def mrkdwn_texts(body: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield (JSON pointer, text) of every text in which Slack looks for its markup."""
    if body.get("mrkdwn") is not False:
        yield "/text", str(body.get("text") or "")

    def walk(value: Any, pointer: str) -> Iterable[tuple[str, str]]:
        if isinstance(value, dict):
            if value.get("type") == "mrkdwn":
                yield f"{pointer}/text", str(value.get("text") or "")
            for key, inner in value.items():
                yield from walk(inner, f"{pointer}/{key}")
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                yield from walk(inner, f"{pointer}/{number}")

    yield from walk(body.get("blocks") or [], "/blocks")


def _blocks(blocks: Any, limit: int, found: _Found) -> None:
    if not isinstance(blocks, list):
        found.add("must be an array", "/blocks")
        return
    if len(blocks) > limit:
        found.add(f"no more than {limit} items allowed", "/blocks")
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        pointer = f"/blocks/{number}"
        if not isinstance(block, dict) or block.get("type") not in _BLOCKS:
            kind = block.get("type") if isinstance(block, dict) else block
            found.add(f"unsupported type: {kind}", f"{pointer}/type")
            continue
        _block(block, pointer, found, seen)
        try:
            parsed = Block.parse(block)
            if parsed is not None:
                parsed.validate_json()
        except (SlackObjectFormationError, TypeError, AttributeError) as error:
            found.add(f"slack-sdk: {error}", pointer)


def _block(block: dict[str, Any], pointer: str, found: _Found, seen: set[str]) -> None:
    name = block.get("block_id")
    _string(name, 255, f"{pointer}/block_id", found)
    if name is not None:
        if name in seen:
            found.add(f"block_id {name!r} already exists", f"{pointer}/block_id")
        seen.add(name)
    check, keys = _BLOCKS[block["type"]]
    _keys(block, keys | {"type", "block_id"}, pointer, found)
    check(block, pointer, found, seen)


def _keys(value: dict[str, Any], known: set[str], pointer: str, found: _Found) -> None:
    for key in value.keys() - known:
        found.add(f"invalid additional property: {key}", pointer)


def _string(value: Any, limit: int, pointer: str, found: _Found, *, needed: bool = False) -> None:
    if value is None and not needed:
        return
    if not isinstance(value, str) or (needed and not value):
        found.add("must be a string of at least 1 character", pointer)
    elif len(value) > limit:
        found.add(f"must be less than {limit + 1} characters", pointer)


def _text(
    value: Any,
    limit: int,
    pointer: str,
    found: _Found,
    *,
    plain: bool = False,
    needed: bool = True,
) -> None:
    if value is None and not needed:
        return
    if not isinstance(value, dict) or value.get("type") not in ("plain_text", "mrkdwn"):
        found.add("must be a text object", pointer)
        return
    if plain and value["type"] != "plain_text":
        found.add("must be plain_text", pointer)
    allowed = {"type", "text"} | ({"emoji"} if value["type"] == "plain_text" else {"verbatim"})
    # Slack's own example of a card has "verbatim" there, and its builder adds "emoji".
    _keys(value, allowed, pointer, found)
    _string(value.get("text"), limit, f"{pointer}/text", found, needed=True)


def _items(value: Any, least: int, most: int, pointer: str, found: _Found) -> list[Any]:
    if not isinstance(value, list) or len(value) < least:
        found.add(f"must be an array of at least {least}", pointer)
        return []
    if len(value) > most:
        found.add(f"no more than {most} items allowed", pointer)
    return value


def _elements(
    block: dict[str, Any], key: str, kinds: set[str], most: int, pointer: str, found: _Found
) -> None:
    seen: set[str] = set()
    for number, element in enumerate(_items(block.get(key), 1, most, f"{pointer}/{key}", found)):
        _element(element, kinds, f"{pointer}/{key}/{number}", found, seen)


def _element(
    element: Any, kinds: set[str], pointer: str, found: _Found, seen: set[str] | None = None
) -> None:
    kind = element.get("type") if isinstance(element, dict) else element
    if kind not in kinds:
        found.add(f"unsupported type: {kind}", f"{pointer}/type")
        return
    action = element.get("action_id")
    _string(action, 255, f"{pointer}/action_id", found)
    if action is not None and seen is not None:
        if action in seen:
            found.add(f"action_id {action!r} already exists", f"{pointer}/action_id")
        seen.add(action)
    _ELEMENTS[kind](element, pointer, found)


def _confirm(value: Any, pointer: str, found: _Found) -> None:
    if value is None:
        return
    _text(value.get("title"), 100, f"{pointer}/title", found, plain=True)
    _text(value.get("text"), 300, f"{pointer}/text", found)
    _text(value.get("confirm"), 30, f"{pointer}/confirm", found, plain=True)
    _text(value.get("deny"), 30, f"{pointer}/deny", found, plain=True)


def _button(element: dict[str, Any], pointer: str, found: _Found) -> None:
    known = {
        "type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label",
    }  # fmt: skip
    _keys(element, known, pointer, found)
    _text(element.get("text"), 75, f"{pointer}/text", found, plain=True)
    _string(element.get("url"), 3000, f"{pointer}/url", found)
    if element.get("url") is not None and not re.match(r"https?://\S+$", str(element["url"])):
        found.add("must be a valid URL", f"{pointer}/url")
    _string(element.get("value"), 2000, f"{pointer}/value", found)
    _string(element.get("accessibility_label"), 75, f"{pointer}/accessibility_label", found)
    if element.get("style") not in (None, "primary", "danger"):
        found.add("must be primary or danger", f"{pointer}/style")
    _confirm(element.get("confirm"), f"{pointer}/confirm", found)


def _option(option: Any, pointer: str, found: _Found) -> None:
    _text(option.get("text"), 75, f"{pointer}/text", found)
    _string(option.get("value"), 150, f"{pointer}/value", found, needed=True)
    _text(option.get("description"), 75, f"{pointer}/description", found, needed=False)


def _select(element: dict[str, Any], pointer: str, found: _Found) -> None:
    known = {
        "type", "action_id", "options", "option_groups", "initial_option", "placeholder",
        "confirm", "focus_on_load",
    }  # fmt: skip
    _keys(element, known, pointer, found)
    _text(
        element.get("placeholder"), 150, f"{pointer}/placeholder", found, plain=True, needed=False
    )
    if "option_groups" in element:
        place = f"{pointer}/option_groups"
        for number, group in enumerate(_items(element["option_groups"], 1, 100, place, found)):
            _text(group.get("label"), 75, f"{place}/{number}/label", found, plain=True)
            inner = f"{place}/{number}/options"
            for place_of, option in enumerate(_items(group.get("options"), 1, 100, inner, found)):
                _option(option, f"{inner}/{place_of}", found)
    else:
        place = f"{pointer}/options"
        for number, option in enumerate(_items(element.get("options"), 1, 100, place, found)):
            _option(option, f"{place}/{number}", found)
    _confirm(element.get("confirm"), f"{pointer}/confirm", found)


def _overflow(element: dict[str, Any], pointer: str, found: _Found) -> None:
    place = f"{pointer}/options"
    for number, option in enumerate(_items(element.get("options"), 1, 5, place, found)):
        _option(option, f"{place}/{number}", found)


def _image(element: dict[str, Any], pointer: str, found: _Found) -> None:
    if ("image_url" in element) == ("slack_file" in element):
        found.add("needs image_url or slack_file", pointer)
    _string(element.get("image_url"), 3000, f"{pointer}/image_url", found)
    _string(element.get("alt_text"), 2000, f"{pointer}/alt_text", found, needed=True)


def _feedback(element: dict[str, Any], pointer: str, found: _Found) -> None:
    _keys(element, {"type", "action_id", "positive_button", "negative_button"}, pointer, found)
    for part in ("positive_button", "negative_button"):
        button = element.get(part)
        if not isinstance(button, dict):
            found.add(f"missing required field: {part}", pointer)
            continue
        _text(button.get("text"), 75, f"{pointer}/{part}/text", found, plain=True)
        _string(button.get("value"), 2000, f"{pointer}/{part}/value", found, needed=True)


def _icon_button(element: dict[str, Any], pointer: str, found: _Found) -> None:
    _text(element.get("text"), 75, f"{pointer}/text", found, plain=True)
    if element.get("icon") != "trash":
        found.add("must be trash", f"{pointer}/icon")


def _plain_input(element: dict[str, Any], pointer: str, found: _Found) -> None:
    _text(
        element.get("placeholder"), 150, f"{pointer}/placeholder", found, plain=True, needed=False
    )
    if (most := element.get("max_length")) is not None and not 1 <= most <= 3000:
        found.add("must be from 1 to 3000", f"{pointer}/max_length")


def _text_element(element: dict[str, Any], pointer: str, found: _Found) -> None:
    _text(element, 3000, pointer, found)


def _choices(element: dict[str, Any], pointer: str, found: _Found) -> None:
    place = f"{pointer}/options"
    for number, option in enumerate(_items(element.get("options"), 1, 10, place, found)):
        _option(option, f"{place}/{number}", found)


_ELEMENTS: dict[str, Callable[[dict[str, Any], str, _Found], None]] = {
    "button": _button,
    "static_select": _select,
    "overflow": _overflow,
    "image": _image,
    "feedback_buttons": _feedback,
    "icon_button": _icon_button,
    "plain_text_input": _plain_input,
    "plain_text": _text_element,
    "mrkdwn": _text_element,
    "checkboxes": _choices,
    "radio_buttons": _choices,
}
_INTERACTIVE = {"button", "static_select", "overflow", "checkboxes", "radio_buttons"}


def _section(block: dict[str, Any], pointer: str, found: _Found, _: set[str]) -> None:
    if "text" not in block and "fields" not in block:
        found.add("missing required field: text or fields", pointer)
    _text(block.get("text"), 3000, f"{pointer}/text", found, needed=False)
    if "fields" in block:
        for number, each in enumerate(_items(block["fields"], 1, 10, f"{pointer}/fields", found)):
            _text(each, 2000, f"{pointer}/fields/{number}", found)
    if "accessory" in block:
        _element(block["accessory"], _INTERACTIVE | {"image"}, f"{pointer}/accessory", found)


def _actions(block: dict[str, Any], pointer: str, found: _Found, _: set[str]) -> None:
    _elements(block, "elements", _INTERACTIVE, 25, pointer, found)


def _context(block: dict[str, Any], pointer: str, found: _Found, _: set[str]) -> None:
    _elements(block, "elements", {"image", "plain_text", "mrkdwn"}, 10, pointer, found)


def _context_actions(block: dict[str, Any], pointer: str, found: _Found, _: set[str]) -> None:
    _elements(block, "elements", {"feedback_buttons", "icon_button"}, 5, pointer, found)


def _header(block: dict[str, Any], pointer: str, found: _Found, _: set[str]) -> None:
    _text(block.get("text"), 150, f"{pointer}/text", found, plain=True)


def _divider(block: dict[str, Any], pointer: str, found: _Found, _: set[str]) -> None:
    pass


def _image_block(block: dict[str, Any], pointer: str, found: _Found, _: set[str]) -> None:
    _image(block, pointer, found)
    _text(block.get("title"), 2000, f"{pointer}/title", found, plain=True, needed=False)


def _input(block: dict[str, Any], pointer: str, found: _Found, _: set[str]) -> None:
    _text(block.get("label"), 2000, f"{pointer}/label", found, plain=True)
    _text(block.get("hint"), 2000, f"{pointer}/hint", found, plain=True, needed=False)
    kinds = {"plain_text_input", "static_select", "checkboxes", "radio_buttons"}
    _element(block.get("element"), kinds, f"{pointer}/element", found)


def _markdown(block: dict[str, Any], pointer: str, found: _Found, _: set[str]) -> None:
    _string(block.get("text"), MARKDOWN_OF_MESSAGE, f"{pointer}/text", found, needed=True)


def _rich_text(block: dict[str, Any], pointer: str, found: _Found, _: set[str]) -> None:
    kinds = {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}
    for number, part in enumerate(_items(block.get("elements"), 1, 100, pointer, found)):
        if not isinstance(part, dict) or part.get("type") not in kinds:
            found.add("unsupported rich text", f"{pointer}/elements/{number}/type")


def _table(block: dict[str, Any], pointer: str, found: _Found, _: set[str]) -> None:
    rows = _items(block.get("rows"), 1, 100, f"{pointer}/rows", found)
    widths = set()
    for number, row in enumerate(rows):
        cells = _items(row, 1, 20, f"{pointer}/rows/{number}", found)
        widths.add(len(cells))
        for place, cell in enumerate(cells):
            here = f"{pointer}/rows/{number}/{place}"
            kind = cell.get("type") if isinstance(cell, dict) else None
            if kind == "raw_text":
                # An empty cell is refused as well.
                _string(cell.get("text"), 3000, f"{here}/text", found, needed=True)
            elif kind == "rich_text":
                _rich_text(cell, here, found, set())
            elif kind != "raw_number":
                found.add(f"unsupported type: {kind}", f"{here}/type")
    if len(widths) > 1:
        found.add("all rows must have as many cells", f"{pointer}/rows")
    settings = block.get("column_settings")
    if settings is not None:
        for number, each in enumerate(_items(settings, 0, 20, pointer, found)):
            if each is not None and each.get("align") not in (None, "left", "center", "right"):
                found.add("must be left, center or right", f"{pointer}/column_settings/{number}")


def _card(block: dict[str, Any], pointer: str, found: _Found, _: set[str]) -> None:
    if not {"hero_image", "title", "actions", "body"} & block.keys():
        found.add("needs a hero_image, a title, actions or a body", pointer)
    for part, limit in (("title", 150), ("subtitle", 150), ("body", 200), ("subtext", 200)):
        _text(block.get(part), limit, f"{pointer}/{part}", found, needed=False)
    for part in ("hero_image", "icon"):
        if part in block:
            _image(block[part], f"{pointer}/{part}", found)
    if "icon" in block and "slack_icon" in block:
        found.add("only one of icon and slack_icon is allowed", pointer)
    if "actions" in block:
        _elements(block, "actions", {"button"}, 3, pointer, found)


def _carousel(block: dict[str, Any], pointer: str, found: _Found, seen: set[str]) -> None:
    place = f"{pointer}/elements"
    for number, card in enumerate(_items(block.get("elements"), 1, 10, place, found)):
        if not isinstance(card, dict) or card.get("type") != "card":
            found.add("must be a card", f"{place}/{number}")
        else:
            _block(card, f"{place}/{number}", found, seen)


_BLOCKS: dict[str, tuple[Callable[[dict[str, Any], str, _Found, set[str]], None], set[str]]] = {
    "section": (_section, {"text", "fields", "accessory", "expand"}),
    "actions": (_actions, {"elements"}),
    "context": (_context, {"elements"}),
    "context_actions": (_context_actions, {"elements"}),
    "header": (_header, {"text"}),
    "divider": (_divider, set()),
    "image": (_image_block, {"image_url", "slack_file", "alt_text", "title"}),
    "input": (_input, {"label", "element", "hint", "optional", "dispatch_action"}),
    "markdown": (_markdown, {"text"}),
    "rich_text": (_rich_text, {"elements"}),
    "table": (_table, {"rows", "column_settings"}),
    "card": (
        _card,
        {"title", "subtitle", "body", "subtext", "actions", "hero_image", "icon", "slack_icon"},
    ),
    "carousel": (_carousel, {"elements"}),
}
