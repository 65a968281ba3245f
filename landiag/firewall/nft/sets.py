"""Sets and maps of `nft -j`: named ones as they are declared, anonymous ones as rules write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from landiag.firewall.nft import types
from landiag.firewall.nft.types import Json, Type, Typed
from landiag.model.action import Action, Break, Jump, Return, Stop, Verdict
from landiag.model.facts import ParseError
from landiag.model.sets import ElementSet, Key, Span


class Sets(dict[str, ElementSet]):
    """The sets and maps of a table by their names; its limits and quotas beside them, by kind and name."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: dict[tuple[str, str], Mapping[str, Json]] = {}


DOUBTS = ("limit", "quota", "ct count", "last")


def lower_set(value: Json, keys: Sequence[Typed], sets: Sets) -> ElementSet:
    """The set that a rule names (``@name``) or writes out."""
    if isinstance(value, str) and value.startswith("@"):
        found = sets.get(value[1:])
        if found is None:
            raise ParseError(f"there is no set {value[1:]!r}")
        return found
    if isinstance(value, dict) and isinstance(value.get("set"), list):
        elements = value["set"]
        kinds = [typed.kind for typed in keys]
        lowered = [lower_element(element, kinds) for element in elements]
        return ElementSet("", lambda: lowered, doubtful=any(map(_doubtful, elements)))
    raise ParseError(f"{value!r} is not a set")


def declared_set(
    name: str, kinds: Json, flags: Json, elements: Sequence[Json], statements: Json
) -> ElementSet:
    """A named set or map; its elements are lowered when it is first looked up."""
    parts = _declared_kinds(kinds)
    return ElementSet(
        name,
        lambda: [lower_element(element, parts) for element in elements],
        dynamic=isinstance(flags, list) and ("dynamic" in flags or "timeout" in flags),
        doubtful=_doubtful({"stmt": statements}) or any(map(_doubtful, elements)),
    )


def _declared_kinds(kinds: Json) -> list[Type | None]:
    words: list[Json] = kinds if isinstance(kinds, list) else [kinds]
    return [types.SET_TYPES.get(word) if isinstance(word, str) else None for word in words]


def lower_element(element: Json, kinds: Sequence[Type | None]) -> tuple[Key, object]:
    """One element as (key, data); data is True where it is not a map's."""
    if isinstance(element, list) and len(element) == 2:
        key, held = element
        return lower_element_key(key, kinds), lower_data(held)
    return lower_element_key(element, kinds), True


def lower_element_key(element: Json, kinds: Sequence[Type | None]) -> Key:
    """The key of an element."""
    if isinstance(element, dict):
        if isinstance(element.get("elem"), dict):
            return lower_element_key(element["elem"].get("val"), kinds)
        if isinstance(element.get("concat"), list):
            parts = element["concat"]
            padded = [*kinds, *[None] * len(parts)]
            return tuple(guess_span(part, kind) for part, kind in zip(parts, padded, strict=False))
    return (guess_span(element, kinds[0] if kinds else None),)


def guess_span(value: Json, kind: Type | None) -> Span:
    """A range of values; where the type is not declared, the value's own form tells it."""
    if kind is not None and not (value == "*" and kind.is_name):
        return types.span(value, kind)
    for guess in (types.NUMBER, types.IPV6 if _has_colon(value) else types.IPV4, types.ETHER, types.PROTOCOL):
        try:
            return types.span(value, guess)
        except ParseError:
            continue
    return types.span(value, types.NAME)


def _has_colon(value: Json) -> bool:
    """Whether a value, or an edge of a range or prefix, is written with colons."""
    if isinstance(value, dict | list):
        return any(map(_has_colon, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and ":" in value


def lower_data(value: Json) -> Action | tuple[Span, ...]:
    """What a map holds for a key: a verdict, or ranges of values."""
    if isinstance(value, dict):
        action = verdict_action(value)
        if action is not None:
            return action
        if isinstance(value.get("concat"), list):
            return tuple(guess_span(part, None) for part in value["concat"])
    return (guess_span(value, None),)


def verdict_action(value: Mapping[str, Json]) -> Action | None:
    """The action of a verdict statement; None when it is none."""
    for name, inner in value.items():
        if name in _VERDICTS:
            return _VERDICTS[name]
        if name in ("jump", "goto") and isinstance(inner, dict) and isinstance(inner.get("target"), str):
            return Jump(inner["target"], name == "goto")
    return None


_VERDICTS: Mapping[str, Action] = {
    "accept": Stop(Verdict.ACCEPT),
    "drop": Stop(Verdict.DROP),
    "return": Return(),
    "continue": Break(),
}


def _doubtful(element: Json) -> bool:
    """Whether a limit or quota is bound to an element, so that finding it decides nothing."""
    if isinstance(element, list):
        return any(map(_doubtful, element))
    if not isinstance(element, dict):
        return False
    if isinstance(element.get("elem"), dict):
        return _doubtful(element["elem"])
    statements = element.get("stmt")
    bound = (
        [name for one in statements if isinstance(one, dict) for name in one]
        if isinstance(statements, list)
        else []
    )
    return any(name in DOUBTS for name in (*bound, *element))
