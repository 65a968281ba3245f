"""This machine's own rules, routes and filters, which may stop what it asks before anybody else does."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from landiag.collect.linux import parse_sysctls
from landiag.collect.linux_sources import SYSCTL_FOLDER
from landiag.firewall import linux as firewall
from landiag.firewall.engine.conversation import Arrival, Conversation
from landiag.firewall.engine.surroundings import Way
from landiag.firewall.owners import Owner, find_owner
from landiag.firewall.sources import SOURCES
from landiag.journey.own import Departure, follow_own, leave
from landiag.journey.ownership import owner_of
from landiag.journey.surroundings import HostSurroundings
from landiag.model.facts import File, ReadStatus, Source, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.route import RouteKind
from landiag.model.ruleset import Ruleset, TraceLine, Verdict
from landiag.model.terms import Leg
from landiag.probe.look import Look


class OwnStop(Struct, frozen=True):
    """The rule of this machine's own that ends the connection: whose it is, and whether it meets the answer alone."""

    line: TraceLine
    owner: Owner
    is_rejection: bool
    is_answer: bool


def plan_own(look: Look) -> tuple[Source, ...]:
    """What to read of this machine's own rules once a connection has failed; Linux alone is understood here."""
    case = look.case
    if case.facts.os != "linux":
        return ()
    names = ("all", *(one.name for one in case.interfaces))
    filters = tuple(File(f"{SYSCTL_FOLDER}net/ipv4/conf/{name}/rp_filter") for name in names)
    return (*SOURCES, *filters, *firewall.plan(case.readings))


def are_hidden(look: Look) -> bool:
    """Whether this machine has rules that this user may not read."""
    read = [look.case.readings.get(one.name) for one in SOURCES]
    return any(one is not None and one.status is ReadStatus.DENIED for one in read)


def find_own_stop(look: Look) -> OwnStop | None:
    """The rule that stops the SYN or its answer for certain; None where none does, or nobody could read them."""
    facts = _facts(look)
    if isinstance(facts.ruleset, Unknown):
        return None
    told = _follow(look, facts)
    if told is None or told.verdict not in (Verdict.DROP, Verdict.REJECT) or told.decided_by is None:
        return None
    if told.leg not in (Leg.SYN, Leg.SYN_ACK):
        return None
    owner = find_owner(facts.ruleset, told.decided_by, told.lines)
    is_answer = told.leg == Leg.SYN_ACK
    return OwnStop(told.decided_by, owner, told.verdict is Verdict.REJECT and not is_answer, is_answer)


def find_own_detour(look: Look) -> Arrival | None:
    """Where a translation of this machine's own sends the connection instead, for certain; None where none does."""
    facts = _facts(look)
    told = None if isinstance(facts.ruleset, Unknown) else _follow(look, facts)
    places = () if told is None else told.arrivals
    asked = (look.ip, look.case.request.port)
    is_elsewhere = all((one.packet.destination, one.packet.destination_port) != asked for one in places)
    return next((one for one in places if is_elsewhere and one.translated is not None), None)


def _follow(look: Look, facts: Facts) -> Conversation | None:
    start = _leave(look, facts)
    uid = None if look.case.machine is None else look.case.machine.user_id
    told = follow_own(facts, look.ip, look.case.request.port, uid, start)
    return None if isinstance(told, Unknown) else told


def _leave(look: Look, facts: Facts) -> Departure:
    return leave(facts, look.ip, look.case.request.port)


def refused_answers(look: Look) -> Way | None:
    """The reverse path filter that keeps the answers away: they come by another interface than questions leave by."""
    facts = _facts(look)
    start = _leave(look, facts)
    entrance = None if start.source is None else owner_of(facts, start.source)
    if entrance is None or entrance.name == start.device or start.source is None:
        return None
    answer = Packet(source=look.ip, destination=start.source, in_interface=entrance.name)
    refused = HostSurroundings(facts, answer).refused_source(answer, 0)
    return refused if refused is not None and refused.kind is RouteKind.REVERSE_PATH else None


def _facts(look: Look) -> Facts:
    """The facts of this machine with its own rules; Unknown rules where they were not read."""
    case = look.case
    if "own facts" not in case.parsed:
        is_read = all(one.name in case.readings for one in SOURCES)
        rules: Ruleset | Unknown = (
            firewall.parse_ruleset(case.readings) if is_read else Unknown("not read by probe", "probe")
        )
        if not is_read:
            return replace(case.facts, ruleset=rules)
        sysctls = parse_sysctls(case.readings)
        case.parsed["own facts"] = replace(case.facts, ruleset=rules, sysctls=sysctls)
    return case.parsed["own facts"]  # type: ignore[return-value]
