"""Traffic control: the queues of every interface (tc(8), qdiscs), and the filters and classes that they have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from msgspec.structs import replace

from landiag.model.facts import (
    Command,
    Interface,
    ParseError,
    Reading,
    ReadStatus,
    Unknown,
    parse_reading,
)
from landiag.model.queue import WITH_CLASSES, WITH_FILTERS, Queue
from landiag.model.regex import regex
from landiag.model.strict import only_words

QUEUES = Command("tc-qdiscs", ("tc", "qdisc", "show"))

_LINE = regex(
    r"(?:qdisc|class) (?P<kind>\S+) (?P<handle>[0-9a-f]*:[0-9a-f]*) "
    r"(?:\[Unknown qdisc, optlen=\d+\] )?(?:dev (?P<device>\S+) )?"
    r"(?:root|ingress|parent (?P<parent>\S+))(?P<rest>(?: .*)?)"
)
_NUMBER = regex(r"(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?P<unit>[A-Za-z%]*)")
_SCALES: Mapping[str, float] = {
    "": 1.0,
    "p": 1.0,
    "b": 1.0,
    "Kb": 1024.0,
    "Mb": 1024.0**2,
    "Gb": 1024.0**3,
    "%": 0.01,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "ns": 1e-9,
    "bit": 0.125,
    "Kbit": 125.0,
    "Mbit": 125e3,
    "Gbit": 125e6,
    "Tbit": 125e9,
    "Kibit": 128.0,
    "Mibit": 128.0 * 1024,
    "Gibit": 128.0 * 1024**2,
    "bps": 1.0,
    "Kbps": 1e3,
    "Mbps": 1e6,
}
"""tc's units as bytes, bytes a second, seconds, and parts of one."""

_NO_VALUES = ("gemodel", "state", "unlimited")
"""What stands where a value would: models of loss (netem), and no bound (cake)."""

_BYTES, _PACKETS = ("bfifo", "tbf"), ("pfifo", "netem")

_AROUND = frozenset({"refcnt", "offloaded", "leaf", "ingress_block", "egress_block"})
_SIZES = frozenset({"overhead", "linklayer", "ethernet", "atm", "adsl"})
_WORDS: Mapping[str, frozenset[str]] = {
    "pfifo": _AROUND | {"limit"},
    "bfifo": _AROUND | {"limit"},
    "tbf": _AROUND | _SIZES | {"rate", "burst", "mpu", "peakrate", "minburst", "mtu", "limit", "lat"},
    "netem": _AROUND | {
        "limit", "delay", "loss", "state", "p13", "p31", "p32", "p23", "p14", "gemodel", "p", "r", "duplicate",
        "reorder", "corrupt", "rate", "packetoverhead", "cellsize", "celloverhead", "gap", "slot", "distribution",
        "packets", "bytes", "ecn", "seed",
    },
    "htb": _AROUND | _SIZES | {
        "prio", "quantum", "rate", "ceil", "burst", "cburst", "level", "r2q", "default", "ver", "direct_packets_stat",
        "direct_qlen", "offload",
    },
}  # fmt: skip
"""What tc prints of the kinds that may let nothing through (print_opt in q_NAME.c of iproute2, tc_qdisc.c)."""
_ALWAYS: Mapping[str, tuple[str, ...]] = {
    "pfifo": ("limit",), "bfifo": ("limit",), "netem": ("limit",), "tbf": ("rate", "burst"), "cake": ("bandwidth",),
}  # fmt: skip
"""And what it never leaves out of a queue; classes tell less."""


def filters(interface: str, where: str) -> Command:
    """Name the source of an interface's filters: ``ingress``, ``egress``, or those of its ``root`` queue."""
    return Command(
        f"tc-{where} {interface}", ("tc", "filter", "show", "dev", interface, where), ok_statuses=(0, 2)
    )


def ingress_filters(interface: str) -> Command:
    """Those that see packets before every rule."""
    return filters(interface, "ingress")


def egress_filters(interface: str) -> Command:
    """Those that see packets after every rule."""
    return filters(interface, "egress")


def class_filters(interface: str) -> Command:
    """Those that choose the class of what leaves, and may drop it."""
    return filters(interface, "root")


def classes(interface: str) -> Command:
    """Name the source of the classes of an interface's queues."""
    return Command(f"tc-classes {interface}", ("tc", "class", "show", "dev", interface))


def all_sources(interface: str) -> tuple[Command, ...]:
    """Whatever an interface may have of them."""
    return (
        ingress_filters(interface),
        egress_filters(interface),
        class_filters(interface),
        classes(interface),
    )


def parse_queues(text: str) -> tuple[Queue, ...]:
    """Parse ``tc qdisc show``. Raises ParseError when it is not that."""
    return tuple(_parse_line(line) for line in text.splitlines() if _begins(line))


def parse_classes(text: str, interface: str) -> tuple[Queue, ...]:
    """Parse ``tc class show``: the most that each class may send, where it is told."""
    return tuple(replace(one, device=interface, is_class=True) for one in parse_queues(text))


def read_queues(
    readings: Mapping[str, Reading], links: tuple[Interface, ...] | Unknown
) -> tuple[Queue, ...] | Unknown | None:
    """The queues as far as they were read; None where nobody asked for them, or the kernel has none.

    Without tc on the machine only the kinds are known: addresses are listed with them.
    """
    reading = readings.get(QUEUES.name)
    if reading is None or reading.status is ReadStatus.NOT_RECORDED:
        return None
    if reading.status is ReadStatus.MISSING:
        return None if isinstance(links, Unknown) else tuple(_named_only(links))
    if reading.status is ReadStatus.FAILED and "not supported" in reading.detail:
        return None
    queues = parse_reading(reading, _parse_whole)
    if isinstance(queues, Unknown):
        return queues
    listed = {one.device for one in queues}
    others = () if isinstance(links, Unknown) else tuple(one for one in links if one.name not in listed)
    return _with_classes((*queues, *_named_only(others)), readings)


def _parse_whole(text: str) -> tuple[Queue, ...]:
    """The queues of all interfaces; at least the kernel's own are listed. Raises ParseError."""
    if not text.endswith("\n"):
        raise ParseError("a list of queues that is cut off, or empty")
    return parse_queues(text)


def _named_only(links: tuple[Interface, ...]) -> Iterator[Queue]:
    """The kinds that addresses are listed with: older kernels do not list those that hold no packets."""
    for one in links:
        if one.queue is not None:
            yield Queue(one.name, one.queue, "0:", None, f"{one.name}: {one.queue}", is_told=False)


def _with_classes(queues: tuple[Queue, ...], readings: Mapping[str, Reading]) -> tuple[Queue, ...] | Unknown:
    added: list[Queue] = []
    for device in classful(queues):
        reading = readings.get(classes(device).name)
        if reading is None:
            continue
        found = parse_reading(reading, partial(parse_classes, interface=device))
        if isinstance(found, Unknown):
            return found
        added += found
    return (*queues, *added)


def classful(queues: tuple[Queue, ...]) -> tuple[str, ...]:
    """The interfaces whose queues have classes."""
    return tuple(dict.fromkeys(one.device for one in queues if one.kind in WITH_CLASSES))


def plan_filters(queues: tuple[Queue, ...]) -> tuple[Command, ...]:
    """Name what lists the filters and classes of the interfaces that can have some."""
    wanted: list[Command] = []
    for one in queues:
        if one.kind in WITH_FILTERS:
            wanted += [ingress_filters(one.device), egress_filters(one.device)][
                : 2 if one.kind == "clsact" else 1
            ]
    for device in classful(queues):
        wanted += [class_filters(device), classes(device)]
    return tuple(wanted)


def _begins(line: str) -> bool:
    """Whether a line begins an entry; more of it follows in lines that begin with a space."""
    return bool(line.strip()) and not line[0].isspace()


def _parse_line(line: str) -> Queue:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise ParseError(f"not a line of tc: {line[:80]!r}")
    kind, words = found["kind"], found["rest"].split()
    _hold_to(kind, words, is_class=line.startswith("class"))
    limit = _value(words, "limit")
    return Queue(
        device=found["device"] or "",
        kind=kind,
        handle=found["handle"],
        parent=found["parent"],
        text=line.strip(),
        packets=limit if kind in _PACKETS else None,
        size=_size(words, limit) if kind in _BYTES else None,
        burst=_burst(words) if kind == "tbf" else None,
        rate=_rate(words),
        delay=_value(words, "delay") or 0.0 if kind == "netem" else 0.0,
        lost=_lost(words) if kind == "netem" else 0.0,
    )


def _hold_to(kind: str, words: list[str], *, is_class: bool) -> None:
    """Raise ParseError where a word is none of its kind's, or one is missing: a limit may hide in either."""
    if kind in _WORDS:
        only_words((word for word in words if word[0] not in _VALUE), _WORDS[kind], f"a queue of {kind}")
    always = () if is_class else _ALWAYS.get(kind, ())
    missing = next((name for name in always if name not in words), None)
    if missing is not None:
        raise ParseError(f"a queue of {kind} without its {missing}")


_VALUE = "0123456789[/:"
"""How a value begins: a number, a handle, what the kernel was told raw; ``1-h`` of netem too."""


def _rate(words: list[str]) -> float | None:
    """The most that may leave in a second: of a class what it may borrow, too."""
    for name in ("ceil", "rate", "bandwidth", "maxrate"):
        value = _value(words, name)
        if value is not None:
            return value
    return None


_TOLD_WRONG = 240.0


def _burst(words: list[str]) -> float | None:
    """How much may leave at once: the kernel tells it as a time of 32 bits, too short for the slowest (q_tbf.c)."""
    rate = _value(words, "rate")
    return None if rate is None or rate < _TOLD_WRONG else _value(words, "burst")


def _size(words: list[str], limit: float | None) -> float | None:
    """How much it holds: told, or as the time after which its last byte would leave (print_opt in q_tbf.c)."""
    latency, rate, burst = _value(words, "lat"), _value(words, "rate"), _burst(words)
    if limit is not None or latency is None or rate is None or burst is None:
        return limit
    return latency * rate + burst


def _lost(words: list[str]) -> float:
    """The part that netem throws away, or damages so that the receiver does (print_opt in q_netem.c)."""
    parts = [_value(words, name) or 0.0 for name in ("loss", "corrupt")]
    if "gemodel" in words:  # p: from good to bad, r: back; 1-h is lost in the bad state, 1-k in the good one
        p, r, bad, good = (_value(words, name) or 0.0 for name in ("p", "r", "1-h", "1-k"))
        parts.append((p * bad + r * good) / (p + r) if p + r else good)
    if "state" in words:  # p13: from receiving to a burst of losses, p31: back
        p13, p31 = _value(words, "p13") or 0.0, _value(words, "p31") or 0.0
        parts.append(p13 / (p13 + p31) if p13 + p31 else 0.0)
    return max(parts)


def _value(words: list[str], name: str) -> float | None:
    """The value after a word; None where the word is not there, or has none. Raises ParseError."""
    if name not in words:
        return None
    said = words[words.index(name) + 1 : words.index(name) + 2]
    if said and said[0] in _NO_VALUES:
        return None
    found = _NUMBER.fullmatch(said[0].partition("/")[0]) if said else None
    if found is None or found["unit"] not in _SCALES:
        raise ParseError(f"no value of {name}: {said}")
    return float(found["number"]) * _SCALES[found["unit"]]
