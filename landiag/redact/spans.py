"""Where addresses stand in a text: IPv4, IPv6, hardware addresses, reverse DNS names, the kernel's hexadecimals.

Every pattern begins with a literal character, which the regular expression engine finds quickly; what stands
before it is looked at by hand. A text of 5 MB takes a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

from msgspec import Struct

from landiag.model.regex import regex

_QUAD = regex(r"\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\d)")
_DASHED = tuple(regex(rf"{sign}(?=(\d{{1,3}}{sign}\d{{1,3}}{sign}\d{{1,3}})(?!\d))") for sign in "-_")
_COLONS = regex(r":[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*")
_MAC_DASHES = regex(r"-[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){4}(?![0-9A-Fa-f-])")
_MAC_BLANKS = regex(r"\.\.\.([0-9A-Fa-f]{2}(?: [0-9A-Fa-f]{2}){5})(?= \.)")  # route print
_MAC_DOTS = regex(r"\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![0-9A-Fa-f.])")
_HEX = regex(r"0x([0-9A-Fa-f]{8}|[0-9A-Fa-f]{32})(?![0-9A-Fa-f])")
_WHOLE = regex(r"//(?:[^/\s@]{1,64}@)?(\d{8,10})(?![\w.])")  # http://3232255242/
_ARPA4 = regex(r"(?i)(?<![\d.])(\d{1,3}(?:\.\d{1,3}){0,3})\.in-addr\.arpa")
_ARPA6 = regex(r"(?i)(?<![\w.])([0-9a-f](?:\.[0-9a-f]){0,31})\.ip6\.arpa")
_KERNEL = regex(r"(?<![0-9A-F])([0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4}(?![0-9A-F])")
_SHORT = regex(r"(?m)^(\d{1,3}(?:\.\d{1,3}){0,2})(?:/(\d{1,2}))?(?=\s)")
_LENGTH = regex(r'/(\d{1,3}(?:\.\d{1,3}\.\d{1,3}\.\d{1,3})?)(?![\d.])|",\s*"(?:src|dst)?len":\s*(\d{1,3})')


class Span(Struct, frozen=True):
    """One address in a text. ``kind`` is ``4``, ``6`` or ``mac``; ``length`` that of a prefix.

    ``form`` says how it is written. Where ``is_guess``, it is an address only if the same one also stands
    somewhere in its usual form.
    """

    start: int
    end: int
    kind: str
    value: int
    form: str = ""
    length: int | None = None
    is_guess: bool = False

    def write(self, value: int) -> str:
        """Write another address in this one's form."""
        if self.form.startswith("mac:"):
            written = _write_mac(value, ":", 2, int(self.form[4:-1]))
            return written.upper() if self.form.endswith("U") else written
        return _WRITERS[self.form](value, self.length)


def find_spans(text: str, layout: str = "") -> list[Span]:
    """Find every address in a text, in order, without overlaps.

    ``layout`` is ``kernel`` for the files of /proc/net, ``bsd`` for the routes that netstat prints on BSDs.
    """
    found = list(_find_all(text, layout))
    found.sort(key=lambda span: (span.start, -span.end))
    spans, position = [], 0
    for span in found:
        if span.start >= position:
            spans.append(span)
            position = span.end
    return spans


def _find_all(text: str, layout: str) -> Iterator[Span]:
    if ".arpa" in text.lower():
        yield from _find_arpa(text)
    if layout == "kernel":
        yield from _find_kernel(text)
    if layout == "bsd":
        yield from _find_short(text)
    yield from _find_colons(text)
    yield from _find_quads(text)
    yield from _find_others(text)


def _digits_before(text: str, end: int, most: int, digits: str) -> int:
    """Where the run of digits begins that ends here; ``end`` itself when there is none of this length."""
    start = end
    while start > 0 and end - start <= most and text[start - 1] in digits:
        start -= 1
    return end if end - start > most else start


_DECIMAL, _HEXADECIMAL = "0123456789", "0123456789abcdefABCDEF"


def _find_quads(text: str) -> Iterator[Span]:
    for match in _QUAD.finditer(text):
        dot, end = match.span()
        before = text[max(0, dot - 4) : dot]
        digits = len(before) - len(before.rstrip(_DECIMAL))
        if not 0 < digits < 4:
            continue
        value = _quad_value(text[dot - digits : end].split("."))
        if value is not None:
            length = _length_after(text, end) if text[end : end + 1] in ("/", '"') else None
            yield Span(dot - digits, end, "4", value, "quad", length)
    for match in (match for pattern in _DASHED for match in pattern.finditer(text)):
        start = _digits_before(text, match.start(), 3, _DECIMAL)
        value = _quad_value(text[start : match.end(1)].split(match[0])) if start < match.start() else None
        if value is not None:
            yield Span(start, match.end(1), "4", value, f"quad{match[0]}", is_guess=True)


def _quad_value(octets: Sequence[str]) -> int | None:
    if len(octets) != 4:
        return None
    first, second, third, fourth = map(int, octets)
    if first > 255 or second > 255 or third > 255 or fourth > 255:
        return None
    return first << 24 | second << 16 | third << 8 | fourth


def _length_after(text: str, end: int) -> int | None:
    """The prefix length behind an address: /24, /255.255.255.0, or the next field of nft's and ip's JSON."""
    match = _LENGTH.match(text, end)
    if match is None:
        return None
    written = match[1] or match[2]
    if "." not in written:
        return int(written)
    mask = _quad_value(written.split("."))
    return None if mask is None else bin(mask).count("1")


def _find_colons(text: str) -> Iterator[Span]:
    for match in _COLONS.finditer(text):
        start = _digits_before(text, match.start(), 4, _HEXADECIMAL)
        if start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
            start = match.start()
        read = _read_colons(text[start : match.end()])
        if read is not None:
            skipped, size, kind, value, form = read
            begin, end = start + skipped, start + skipped + size
            length = _length_after(text, end) if kind == "6" else None
            yield Span(begin, end, kind, value, form, length)


@lru_cache(maxsize=65536)
def _read_colons(token: str) -> tuple[int, int, str, int, str] | None:
    """Read a word of colons: what to skip, how long it is, its kind, its value, its form."""
    skipped = 1 if token[0] == ":" and not token.startswith("::") else 0
    body = token[skipped:]
    while body.endswith(".") or (body.endswith(":") and not body.endswith("::")):
        body = body[:-1]
    groups = body.split(":")
    sizes = {len(group) for group in groups}
    # Eight pairs are an EUI-64: nobody writes an IPv6 address like that.
    if len(groups) >= 6 and (sizes <= {1, 2} if len(groups) != 8 else sizes == {2}):
        value = int("".join(group.zfill(2) for group in groups), 16)
        return skipped, len(body), "mac", value, f"mac:{len(groups)}{'U' if body.upper() == body else 'l'}"
    for text in (body, body.rpartition(":")[0], body.rpartition(".")[0]):
        try:
            address = IPv6Address(text)
        except ValueError:
            continue
        return skipped, len(text), "6", int(address), "dotted" if "." in text else "colons"
    return None


def _find_others(text: str) -> Iterator[Span]:
    for match in _MAC_DASHES.finditer(text):
        start = _digits_before(text, match.start(), 2, _HEXADECIMAL)
        if match.start() - start == 2:
            yield Span(start, match.end(), "mac", int(text[start : match.end()].replace("-", ""), 16), "mac-")
    for match in _MAC_BLANKS.finditer(text):
        yield Span(match.start(1), match.end(1), "mac", int(match[1].replace(" ", ""), 16), "mac ")
    for match in _MAC_DOTS.finditer(text):
        start = _digits_before(text, match.start(), 4, _HEXADECIMAL)
        if match.start() - start == 4:
            yield Span(start, match.end(), "mac", int(text[start : match.end()].replace(".", ""), 16), "mac.")
    for match in _HEX.finditer(text):
        kind = "4" if len(match[1]) == 8 else "6"
        yield Span(match.start(1), match.end(1), kind, int(match[1], 16), f"hex{kind}", is_guess=True)
    for match in _WHOLE.finditer(text):
        if int(match[1]) < 1 << 32:
            yield Span(match.start(1), match.end(1), "4", int(match[1]), "whole")


def _find_arpa(text: str) -> Iterator[Span]:
    for match in _ARPA4.finditer(text):
        octets = match[1].split(".")[::-1]
        value = _quad_value(octets + ["0"] * (4 - len(octets)))
        if value is not None:
            yield Span(match.start(1), match.end(1), "4", value, "arpa4", 8 * len(octets))
    for match in _ARPA6.finditer(text):
        digits = match[1].replace(".", "")[::-1]
        value = int(digits.ljust(32, "0"), 16)
        yield Span(match.start(1), match.end(1), "6", value, "arpa6", 4 * len(digits))


def _find_short(text: str) -> Iterator[Span]:
    """Networks at the beginning of a line with their last octets left out: ``10.8/16``, ``192.168.1``."""
    for match in _SHORT.finditer(text):
        octets = match[1].split(".")
        value = _quad_value(octets + ["0"] * (4 - len(octets)))
        if value is not None:
            length = int(match[2]) if match[2] else 8 * len(octets)
            yield Span(match.start(1), match.end(1), "4", value, f"short{len(octets)}", length)


def _find_kernel(text: str) -> Iterator[Span]:
    for match in _KERNEL.finditer(text):
        kind = "4" if len(match[1]) == 8 else "6"
        yield Span(match.start(1), match.end(1), kind, _turned(int(match[1], 16), kind), f"kernel{kind}")


def _turned(value: int, kind: str) -> int:
    """The kernel writes addresses as 32-bit words of its own byte order."""
    size = 4 if kind == "4" else 16
    data = value.to_bytes(size, "big")
    return int.from_bytes(b"".join(data[at : at + 4][::-1] for at in range(0, size, 4)), "big")


def _write_quad(sign: str, value: int) -> str:
    return sign.join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


def _write_dotted(value: int) -> str:
    upper = str(IPv6Address(value >> 32 << 32))
    quad = str(IPv4Address(value & 0xFFFFFFFF))
    if value >> 32 == 0xFFFF:
        return f"::ffff:{quad}"
    return f"{upper}{quad}" if upper.endswith("::") else str(IPv6Address(value))


def _write_mac(value: int, sign: str, size: int, groups: int = 6) -> str:
    digits = f"{value:012x}".rjust(groups * 2, "0")
    return sign.join(digits[at : at + size] for at in range(0, len(digits), size))


def _write_arpa(value: int, length: int | None, kind: str) -> str:
    """The part of a reverse name that stands before ``.arpa``: of a whole address, or of a network."""
    if kind == "4":
        return ".".join(_write_quad(".", value).split(".")[: (length or 32) // 8][::-1])
    return ".".join(f"{value:032x}"[: (length or 128) // 4][::-1])


def _short_writer(size: int) -> Callable[[int, int | None], str]:
    return lambda value, _: ".".join(_write_quad(".", value).split(".")[:size])


_WRITERS: dict[str, Callable[[int, int | None], str]] = {
    "quad": lambda value, _: _write_quad(".", value),
    "quad-": lambda value, _: _write_quad("-", value),
    "quad_": lambda value, _: _write_quad("_", value),
    "colons": lambda value, _: str(IPv6Address(value)),
    "dotted": lambda value, _: _write_dotted(value),
    "mac ": lambda value, _: _write_mac(value, " ", 2),
    "mac-": lambda value, _: _write_mac(value, "-", 2),
    "mac.": lambda value, _: _write_mac(value, ".", 4),
    "whole": lambda value, _: str(value),
    "hex4": lambda value, _: f"{value:08x}",
    "hex6": lambda value, _: f"{value:032x}",
    "kernel4": lambda value, _: f"{_turned(value, '4'):08X}",
    "kernel6": lambda value, _: f"{_turned(value, '6'):032X}",
    **{f"short{size}": _short_writer(size) for size in (1, 2, 3)},
    "arpa4": lambda value, length: _write_arpa(value, length, "4"),
    "arpa6": lambda value, length: _write_arpa(value, length, "6"),
}
