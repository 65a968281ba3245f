"""Text redacted in two passes: collect every name and address of all texts first, then replace them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import unquote

from msgspec import Struct, field

from landiag.model.regex import regex
from landiag.redact.addresses import AddressMap
from landiag.redact.flags import find_ports, mask_numbers, mask_words
from landiag.redact.macs import MacMap, format_mac
from landiag.redact.masking import mask_argv, mask_text
from landiag.redact.names import NameMap
from landiag.redact.spans import Span, find_spans
from landiag.redact.vocabulary import mask_prose
from landiag.redact.words import WordMap

_DEEPEST = 3
"""How often an encoding inside an encoding is looked into."""

_LARGE = 1 << 16
_MOST_NEEDLES = 64

_COMMENTS = tuple(
    regex(begin + r'"((?:[^"\\\n]|\\.)*)"')
    for begin in (r'comment": ?', r"comment ", r'prefix": ?', r"prefix ", r"label ")
) + (
    regex(r"comment '((?:[^'\\\n]|\\.)*)'"),
    regex(r"(?<=--)comment ([^\s\"']+)"),
    regex(r"-prefix ([^\s\"']+)"),
    regex(r"\|(?:Name|Desc|EmbedCtxt)=([^|@][^|]*)"),  # Windows: a rule in the registry
)
_HEX_COMMENT = regex(r"comment=([0-9a-fA-F]{2,})")  # ufw's user.rules
_HEX_MAC = regex(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")

_PERCENT = regex(r"%[0-9A-Fa-f]{2}")
_ENTITY = regex(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});")
_ESCAPE = regex(r"\\(?:u00|x)[0-9A-Fa-f]{2}")
_RUN_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~%:+-/@\\&#;[]")


class _Encoding(Struct, frozen=True):
    """One way in which a character may stand as an escape."""

    sign: str
    pattern: re.Pattern[str]
    decode: Callable[[str], str]
    encode: Callable[[str], str]


def _decode_escape(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[0][-2:], 16)), text)


_ENCODINGS = (
    _Encoding("%", _PERCENT, unquote, lambda char: "".join(f"%{byte:02X}" for byte in char.encode())),
    _Encoding("&", _ENTITY, html.unescape, lambda char: f"&#{ord(char)};"),
    _Encoding("\\", _ESCAPE, _decode_escape, lambda char: f"\\u{ord(char):04x}"),
)


class Redactor(Struct):
    """Replaces names and addresses, the same one by the same in every text that was collected."""

    keeps_vendor: bool = False
    names: NameMap = field(default_factory=NameMap)
    macs: MacMap = field(default_factory=MacMap)
    addresses: AddressMap = field(default_factory=AddressMap)
    words: WordMap = field(default_factory=WordMap)
    ports: set[str] = field(default_factory=set)
    _large: dict[str, list[Span]] = field(default_factory=dict)
    _blotted: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.macs.keeps_vendor = self.keeps_vendor
        self.macs.ipv4 = self.addresses.ipv4
        self.addresses.macs = self.macs

    def collect(self, text: str, *, layout: str = "", depth: int = 0) -> None:
        """Remember the names and addresses of a text. Before ``freeze``."""
        text = self._comments(text)
        for span in self._spans(text, layout):
            if span.is_guess:
                continue
            if span.kind == "mac":
                self.macs.add(span.value)
            else:
                self._collect_address(span)
        self.names.collect(text)
        self.words.collect(text)
        self.ports |= find_ports(text)
        for _, decoded, _ in _encoded_runs(text) if depth < _DEEPEST else ():
            self.collect(decoded, depth=depth + 1)

    def _spans(self, text: str, layout: str) -> list[Span]:
        """The addresses of a text; those of a large one are remembered from the first pass to the second."""
        if len(text) < _LARGE:
            return find_spans(text, layout)
        if text not in self._large:
            self._large[text] = find_spans(text, layout)
        return self._large[text]

    def _collect_address(self, span: Span) -> None:
        version, width = (4, 32) if span.kind == "4" else (6, 128)
        self.addresses.add(version, span.value)
        if span.length is None or not 0 < span.length < width:
            return
        host_mask = (1 << (width - span.length)) - 1
        if span.value & host_mask:  # the address of an interface: its network is on the link
            space = self.addresses.ipv4 if version == 4 else self.addresses.ipv6
            space.on_link.add((span.value & ~host_mask, span.length))

    def freeze(self) -> None:
        """Choose the new addresses, once all texts were collected."""
        self.addresses.freeze()
        self.macs.freeze()
        self.words.keep(f"{new:012x}" for new in self.macs.known.values())

    def text(self, text: str, *, layout: str = "", depth: int = 0) -> str:
        """Redact a text: secrets and comments too. After ``freeze``."""
        text = self._comments(text)
        if depth < _DEEPEST:
            text = self._encoded(text, depth)
        text = self.names.apply(text)
        text = self._bare_macs(text)
        pieces, position = [], 0
        for span in self._spans(text, layout):
            new = self._write(span)
            if new is not None or not span.is_guess:
                pieces += [self.words.apply(text[position : span.start]), new or text[span.start : span.end]]
                position = span.end
        return "".join([*pieces, self.words.apply(text[position:])])

    def line(self, text: str) -> str:
        """Redact a line for people or a command line, its secrets masked first."""
        return self.text(mask_numbers(mask_text(text), self.ports))

    def argv(self, words: Sequence[str]) -> tuple[str, ...]:
        """Redact a command line: its secrets, the values of flags that nobody knows, names and addresses."""
        return tuple(self.text(word) for word in mask_words(mask_argv(tuple(words)), self.ports))

    def _write(self, span: Span) -> str | None:
        if span.kind == "mac":
            new = self.macs.map(span.value)
        else:
            version = 4 if span.kind == "4" else 6
            if span.is_guess and not self._is_collected(version, span.value):
                return None
            new = self.addresses.map(version, span.value, span.length)
        return None if new == span.value else span.write(new)

    def _is_collected(self, version: int, value: int) -> bool:
        space = self.addresses.ipv4 if version == 4 else self.addresses.ipv6
        return value in space.addresses

    def _comments(self, text: str) -> str:
        """Blot out free text in rules: nobody can tell whose name it holds."""
        if len(text) < _LARGE:
            return self._without_comments(text)
        if text not in self._blotted:
            self._blotted[text] = self._without_comments(text)
        return self._blotted[text]

    @staticmethod
    def _without_comments(text: str) -> str:
        if any(word in text for word in ("comment", "prefix", "label", "|Name=")):
            for pattern in _COMMENTS:
                text = pattern.sub(_prose_in, text)
        if "comment=" in text:
            text = _HEX_COMMENT.sub(_hex_prose, text)
        return text

    def _encoded(self, text: str, depth: int) -> str:
        pieces, position = [], 0
        for start, decoded, encoding in _encoded_runs(text):
            new = self.text(decoded, depth=depth + 1)
            if new != decoded:
                run = _run_at(text, start)
                pieces += [text[position:start], _encode_like(text[start:run], new, encoding)]
                position = run
        return "".join([*pieces, text[position:]]) if pieces else text

    def _bare_macs(self, text: str) -> str:
        """Replace known hardware addresses without any signs: names of interfaces, the end of some UUIDs."""
        known = self.macs.known
        if not known:
            return text
        if len(known) > _MOST_NEEDLES:
            return _HEX_MAC.sub(lambda match: f"{known.get(int(match[0], 16), int(match[0], 16)):012x}", text)
        low = text.lower()
        for old, new in known.items():
            digits = f"{old:012x}"
            if digits in low:
                text = re.sub(rf"(?i)(?<![0-9a-f]){digits}(?![0-9a-f])", f"{new:012x}", text)
        return text

    @property
    def mapping(self) -> Mapping[str, Mapping[str, str]]:
        """Everything that was replaced, by kind: what stood there, and what stands there now."""
        macs = {format_mac(old): format_mac(new) for old, new in self.macs.known.items()}
        return {
            "addresses": self.addresses.known,
            "macs": macs,
            **self.names.known,
            "words": self.words.known,
        }

    def leaks(self, text: str) -> bool:
        """Whether an old name or address is still in a text that was redacted, in any encoding."""
        if len(text) < _LARGE:
            return any(self._shows(variant) for variant in _variants(text))
        # Every address of a large text was replaced where it stood: only what encodings hide is looked for.
        return any(self._shows(decoded) for _, decoded, _ in _encoded_runs(text))

    def _shows(self, text: str) -> bool:
        for span in find_spans(text):
            if span.kind == "mac" and self.macs.known.get(span.value, span.value) != span.value:
                return True
            version = 4 if span.kind == "4" else 6
            is_known = span.kind != "mac" and self._is_collected(version, span.value)
            if is_known and self.addresses.map(version, span.value, span.length) != span.value:
                return True
        return self.names.shows(text)


def _prose_in(match: re.Match[str]) -> str:
    begin = match.start(1) - match.start()
    return match[0][:begin] + mask_prose(match[1]) + match[0][begin + len(match[1]) :]


def _hex_prose(match: re.Match[str]) -> str:
    try:
        comment = bytes.fromhex(match[1]).decode("utf-8", "replace")
    except ValueError:
        return "comment="
    return "comment=" + mask_prose(comment).encode().hex()


def _run_at(text: str, start: int) -> int:
    end = start
    while end < len(text) and text[end] in _RUN_CHARS:
        end += 1
    return end


def _encoded_runs(text: str) -> list[tuple[int, str, _Encoding]]:
    """The words of a text that hold escapes: where they begin, what they say, how they are encoded."""
    found, position = [], 0
    for encoding in _ENCODINGS:
        if encoding.sign not in text:
            continue
        position = 0
        for match in encoding.pattern.finditer(text):
            if match.start() < position:
                continue
            start = match.start()
            while start > position and text[start - 1] in _RUN_CHARS:
                start -= 1
            position = _run_at(text, start)
            decoded = encoding.decode(text[start:position])
            if decoded != text[start:position]:
                found.append((start, decoded, encoding))
    found.sort(key=lambda item: item[0])
    return _without_overlaps(text, found)


def _without_overlaps(text: str, found: list[tuple[int, str, _Encoding]]) -> list[tuple[int, str, _Encoding]]:
    kept, position = [], 0
    for item in found:
        if item[0] >= position:
            kept.append(item)
            position = _run_at(text, item[0])
    return kept


def _encode_like(old: str, new: str, encoding: _Encoding) -> str:
    """Write a new text with the characters escaped that were escaped in the old one."""
    escaped = {char for match in encoding.pattern.finditer(old) for char in encoding.decode(match[0])}
    return "".join(encoding.encode(char) if char in escaped else char for char in new)


def _variants(text: str) -> list[str]:
    """A text as it stands, and as it reads without each encoding."""
    variants = [text]
    for encoding in _ENCODINGS:
        if encoding.sign in text:
            variants += [decoded for _, decoded, _ in _encoded_runs(text)]
            break
    return variants
