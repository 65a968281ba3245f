"""The ends that an attempt can have: where, what decides, what the client sees of it, and for how many connections.

Several ends are possible where a rule draws lots, counts, or could not be foreseen. Those that happen by design
(shares and limits) all happen: the client sees now one, now the other. Of the rest nobody knows which.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from msgspec import Struct

from landiag.firewall.engine.crossing import Stopped
from landiag.firewall.engine.surroundings import Way
from landiag.model.action import RESET, refuses
from landiag.model.limits import PATIENCE, LimitKind
from landiag.model.match import Doubt
from landiag.model.ruleset import Verdict
from landiag.model.stages import BACK, SEARCH, stage_of_stop
from landiag.model.terms import Leg, StageName, Symptom

_LATE_LEGS = (Leg.DATA, Leg.ANSWER)


class LinkFault(str, Enum):
    """Why a client's question for the hardware address stays unanswered."""

    NO_CARRIER = "no-carrier"
    NO_ARP = "no-arp"  # the interface asks and answers nobody (NOARP)
    ARP_IGNORE = "arp-ignore"
    ARP_FILTER = "arp-filter"
    REVERSE_PATH = "reverse-path"  # the asker's address fails rp_filter
    OWN_SOURCE = "own-source"  # the asker's address is one of ours
    NOT_HERE = "not-here"  # IPv6 answers for addresses of the asked interface alone
    LED_AWAY = "led-away"  # a policy rule before that of the own addresses leads packets for it elsewhere
    PORT = "port"  # the interface is a port of a bridge or bond, which takes its packets first
    QUEUE = "queue"  # its queue loses what answers the question
    SAME_MAC = "same-mac"  # the client has the hardware address of this interface


class ReplyFault(str, Enum):
    """Why no answer finds its way to the client."""

    NO_ROUTE = "no-route"
    TUNNEL = "tunnel"
    CONTAINERS = "containers"
    NO_CARRIER = "no-carrier"
    OTHER_LINK = "other-link"  # it asks for the client on a link where the client is not
    OTHER_ROUTER = (
        "other-router"  # a router on another link is to pass it on: whether it does, nobody knows here
    )
    STRAYED = "strayed"  # no answer at all: a translation leads to a link, and the packets leave by another
    PAST_US = "past-us"  # a translation leads to the client's own neighbour, which answers it directly
    QUEUE = "queue"  # the queue of the interface by which it leaves loses it
    QUEUE_UNKNOWN = "queue-unknown"  # that queue may lose it: nobody knows here
    WRONG_NEIGHBOUR = (
        "wrong-neighbour"  # a fixed neighbour entry has a hardware address that is not the client's
    )


QUEUED = (ReplyFault.QUEUE, ReplyFault.QUEUE_UNKNOWN)
"""Faults behind every rule."""


class InnerFault(str, Enum):
    """Why a container itself loses the client's packet, or its answer."""

    REVERSE_PATH = "reverse-path"  # its own rp_filter does not take where the packet comes from
    NO_ROUTE = "no-route"
    TUNNEL = "tunnel"  # its answers leave by a tunnel of its own
    PAST_US = (
        "past-us"  # its answers leave by another network of its own, which has the client or a way to it
    )
    OTHER_ROUTER = "other-router"  # its answers go to a router that is not this host, and may not come back
    RULES = "rules"  # its own packet filter stops what comes, or its answers


class End(Struct, frozen=True):
    """One end of an attempt.

    ``doubts`` say on what it hangs, ``share`` is the part of connections that end so (None: nobody knows).
    What decides is ``stop`` (a rule, a policy, a route), ``link``, ``reply`` (by ``way``), ``inner`` (by ``way``, which
    is the container's) or the socket (``stage``). ``arrival`` is the place to which it had led, by its index.
    """

    stage: StageName
    symptom: Symptom
    doubts: tuple[Doubt, ...] = ()
    share: float | None = 1.0
    stop: Stopped | None = None
    link: LinkFault | None = None
    reply: ReplyFault | None = None
    inner: InnerFault | None = None
    way: Way | None = None
    arrival: int | None = None

    @property
    def by_design(self) -> bool:
        """Whether it happens for a part of connections by design, rather than perhaps."""
        return bool(self.doubts) and all(doubt.is_foreseen for doubt in self.doubts)


class Sight(Struct, frozen=True):
    """What a client sees: the symptom, and the part of connections that succeed where it varies."""

    symptom: Symptom
    share: float | None = None


def end_of_stop(stop: Stopped) -> End:
    """The end that a rule, a policy or a route makes."""
    stage = stage_of_stop(stop.line.hook, stop.leg)
    if stop.line.route is not None and stop.leg in BACK:
        stage = StageName.REPLY_ROUTE
    return End(stage, symptom_of_stop(stop), stop.doubts, stop.share, stop, arrival=stop.arrival)


def symptom_of_stop(stop: Stopped) -> Symptom:
    """What the client sees of a packet that is stopped."""
    if stop.verdict is Verdict.UNKNOWN:
        return Symptom.UNKNOWN
    if stop.leg in SEARCH:
        return Symptom.UNREACHABLE
    if stop.verdict is Verdict.REJECT and stop.leg == Leg.SYN:
        return Symptom.REFUSED if refuses(stop.reject_with) else Symptom.UNREACHABLE
    if stop.verdict is Verdict.REJECT and stop.reject_with == RESET:
        return Symptom.RESET
    return Symptom.SILENT if stop.leg in _LATE_LEGS else Symptom.TIMEOUT


def is_outlived(end: End) -> bool:
    """Whether a limit's drop is made good by the client's next try, within its patience."""
    limits = [doubt.limit for doubt in end.doubts if doubt.limit is not None]
    if end.symptom is not Symptom.TIMEOUT or not limits or len(limits) != len(end.doubts):
        return False
    if not all(limit.tells_share for limit in limits):
        return False
    return PATIENCE > 0 and all(limit.served(retries=True) == 1.0 for limit in limits)


def see(ends: Sequence[End]) -> Sight:
    """What the client sees, of all ends together."""
    real = [end for end in ends if not is_outlived(end)]
    symptoms = {end.symptom for end in real}
    if not symptoms:
        return Sight(Symptom.UNKNOWN)
    if len(symptoms) == 1:
        return Sight(symptoms.pop())
    if Symptom.UNKNOWN in symptoms or not all(end.by_design or not end.doubts for end in real):
        return Sight(Symptom.UNKNOWN)
    if Symptom.ANSWERED not in symptoms:
        return Sight(_at_last(real) or worst_of(symptoms))
    return Sight(Symptom.VARIES, _share_answered(real))


def _at_last(ends: Sequence[End]) -> Symptom | None:
    """What clients see where a limit parts a rejection from silence: who hears nothing tries again, and meets it.

    Whatever keeps the others silent comes behind that limit, which so counts every try. None where not all meet it.
    """
    rejecting = [end for end in ends if end.symptom in (Symptom.REFUSED, Symptom.UNREACHABLE)]
    limits = {doubt.limit for end in rejecting for doubt in end.doubts if doubt.limit is not None}
    if len(limits) != 1:
        return None
    (limit,) = limits
    found = {end.symptom for end in rejecting}
    if limit is None or limit.kind is LimitKind.VOLUME or len(found) > 1:
        return None
    if {end.symptom for end in ends} - found != {Symptom.TIMEOUT}:
        return None
    sides = {
        doubt.holds is limit.over for end in rejecting for doubt in end.doubts if doubt.limit is not None
    }
    if len(sides) > 1:
        return None
    is_beyond = sides.pop()
    if limit.kind is LimitKind.HITS and not is_beyond:
        return None
    part = limit.turned_away() if is_beyond else limit.served(retries=True)
    return found.pop() if part == 1.0 else None


def _share_answered(ends: Iterable[End]) -> float | None:
    """The part of connections that are answered; by the limit, where that alone decides."""
    ends = tuple(ends)
    limits = {doubt.limit for end in ends for doubt in end.doubts if doubt.limit is not None}
    failing = [end for end in ends if end.symptom is not Symptom.ANSWERED]
    if len(limits) == 1:
        (limit,) = limits
        return round(limit.served(retries=all(one.symptom is Symptom.TIMEOUT for one in failing)), 3)
    shares = [end.share for end in ends if end.symptom is Symptom.ANSWERED]
    return None if None in shares else round(sum(one for one in shares if one is not None), 3)


_WORST = (Symptom.TIMEOUT, Symptom.SILENT, Symptom.UNREACHABLE, Symptom.RESET, Symptom.REFUSED)


def worst_of(symptoms: Iterable[Symptom]) -> Symptom:
    """Of several failures the one that keeps a client waiting longest."""
    known = set(symptoms)
    return next((one for one in _WORST if one in known), Symptom.UNKNOWN)
