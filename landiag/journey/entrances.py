"""By which interface a client's packets come in; by two where this machine's own ARP questions move its entry.

Where answers leave by another interface than the one that has the address, this machine asks there for the client's
(or the router's) hardware address, and names the address as its own (arp_announce 0 and 1). Who is asked enters it
with that interface's hardware address (arp_process), and later packets come in there: until the entry runs out, as
that interface itself answers no question for the address.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from landiag.journey.ends import LinkFault, Sight, see, worst_of
from landiag.journey.journey import Journey
from landiag.journey.link import find_link_fault, interface_of
from landiag.journey.links import ETHERNET_TYPE
from landiag.journey.one_link import all_on_link
from landiag.journey.ownership import owner_of
from landiag.journey.routing import RouteDecision, lookup
from landiag.journey.surroundings import HostSurroundings
from landiag.journey.ways import Way
from landiag.model.facts import Interface, IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.terms import StageName, Symptom

_BEST_ALONE = 2
"""The value of arp_announce with which questions name an address of the interface itself."""

_DECIDING = ("arp_ignore", "arp_filter")
"""The settings that tell which interface answers."""

_UNANSWERED = (LinkFault.ARP_IGNORE, LinkFault.ARP_FILTER)
"""An interface answers no question for the address of another one."""

_SENDS = (
    Symptom.ANSWERED,
    Symptom.REFUSED,
    Symptom.UNREACHABLE,
    Symptom.RESET,
    Symptom.SILENT,
    Symptom.VARIES,
)
"""What a client sees of packets that this machine sends; before one is sent, it asks for nobody."""


class Entrances(Struct, frozen=True):
    """A way by each interface by which a client's packets come in, the first one first.

    ``is_told``: it is known who answers for the address; ``is_asked``: it is known in whose name the second one asks.
    """

    ways: tuple[Way, ...]
    is_told: bool = True
    is_asked: bool = True


def entrances(facts: Facts, way: Way, client: IPAddress | None) -> Entrances:
    """Find the interfaces by which a client's packets for the way's address come in."""
    owner, asked = owner_of(facts, way.ip), None
    if client is not None and facts.os == "linux" and way.front is None and way.landing is None:
        back = _way_back(facts, way, client)
        asked = None if back is None else back.gateway or client
    asking = None if asked is None or back is None else interface_of(facts, back.device)
    if owner is None or asked is None or asking is None or not _are_two_in_one_network(owner, asking, asked):
        return Entrances((way,))
    question = Packet(source=asked, destination=way.ip, in_interface=asking.name)
    around = HostSurroundings(facts, question)
    by_owner, by_asking = replace(way, interface=owner), replace(way, interface=asking)
    if not all(around.is_read(name, asking.name) for name in _DECIDING):
        return Entrances((by_owner, by_asking), is_told=False)
    if find_link_fault(facts, around, question) not in _UNANSWERED:
        return Entrances((way,))
    is_asked = around.is_read("arp_announce", asking.name)
    return Entrances((by_owner, by_asking) if _announces(around, asking) else (by_owner,), is_asked=is_asked)


def answering(facts: Facts, way: Way, client: IPAddress) -> Way:
    """The same way by an interface that answers the client: where the address's own does not, another on its link may.

    A question that everybody hears comes to a macvlan and to the card that carries it.
    """
    beside = all_on_link(facts, way.interface)
    if len(beside) < 2 or client.version != 4 or way.ip.version != 4 or way.front or way.landing:
        return way
    for one in beside:
        question = Packet(source=client, destination=way.ip, in_interface=one.name)
        is_open = one.up and one.carrier is not False
        if is_open and find_link_fault(facts, HostSurroundings(facts, question), question) is None:
            return replace(way, interface=one)
    return way


def _way_back(facts: Facts, way: Way, client: IPAddress) -> RouteDecision | None:
    """How answers leave; None for IPv6, which names no address of another interface, and where none does."""
    if client.version != 4 or way.ip.version != 4:
        return None
    found = lookup(facts, client, source=way.ip)
    return None if isinstance(found, Unknown) or not found.leaves else found


def _are_two_in_one_network(owner: Interface, asking: Interface, asked: IPAddress) -> bool:
    is_there = owner.up and owner.carrier is not False and asking.name != owner.name
    return is_there and _is_near(owner, asked) and _is_near(asking, asked)


def _is_near(interface: Interface, address: IPAddress) -> bool:
    return any(address in one.network for one in interface.addresses)


def _announces(around: HostSurroundings, asking: Interface) -> bool:
    """Whether the questions that an interface asks are in the name of the address that answers come from."""
    is_heard = around.interface_type(asking.name) == ETHERNET_TYPE and asking.arp and asking.up
    return is_heard and max(around.setting("arp_announce", asking.name)) < _BEST_ALONE


def join_entrances(found: Entrances, first: Journey, later: Journey) -> Journey:
    """What a client meets that comes in by one interface at first and by the other later; the worse is explained."""
    later = _found_already(later)
    unknown = replace(first, sight=Sight(Symptom.UNKNOWN))
    if not found.is_told:
        return first if first.sight == later.sight else unknown
    is_unfound = any(end.stage is StageName.LINK for end in first.ends)
    if is_unfound or first.sight.symptom not in _SENDS or first.sight == later.sight:
        return first
    if not found.is_asked:
        return unknown
    symptoms = {first.sight.symptom, later.sight.symptom}
    worse = later if first.sight.symptom is Symptom.ANSWERED else first
    if Symptom.UNKNOWN in symptoms:
        return replace(worse, sight=Sight(Symptom.UNKNOWN))
    varies = not symptoms.isdisjoint({Symptom.ANSWERED, Symptom.VARIES})
    return replace(worse, sight=Sight(Symptom.VARIES if varies else worst_of(symptoms)))


def _found_already(journey: Journey) -> Journey:
    """Without the question that was never asked on this link: this machine's own has told the hardware address."""
    if journey.link not in _UNANSWERED:
        return journey
    ends = tuple(end for end in journey.ends if end.link is None)
    return replace(journey, link=None, ends=ends, sight=see(ends))
