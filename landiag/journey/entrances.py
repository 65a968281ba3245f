"""Two ways in for one client: this machine's own ARP questions by a second interface move the client's entry for it.

Where answers leave by another interface than the one that has the address, this machine asks there for the client's
(or the router's) hardware address, and names the address as its own (arp_announce 0 and 1). Who is asked enters it
with that interface's hardware address (arp_process), and later packets come in there: until the entry runs out, as
that interface itself answers no question for the address.
"""

from __future__ import annotations

from msgspec.structs import replace

from landiag.journey.ends import LinkFault, Sight, see, worst_of
from landiag.journey.journey import Journey
from landiag.journey.link import find_link_fault, interface_of
from landiag.journey.links import ETHERNET_TYPE
from landiag.journey.routing import lookup
from landiag.journey.surroundings import HostSurroundings
from landiag.journey.ways import Way, owner_of
from landiag.model.facts import Interface, IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.terms import Symptom

_BEST_ALONE = 2
"""The value of arp_announce with which questions name an address of the interface itself."""

_SENDS = (
    Symptom.ANSWERED,
    Symptom.REFUSED,
    Symptom.UNREACHABLE,
    Symptom.RESET,
    Symptom.SILENT,
    Symptom.VARIES,
)
"""What a client sees of packets that this machine sends; before one is sent, it asks for nobody."""


def two_entrances(facts: Facts, way: Way, client: IPAddress) -> tuple[Way, Way] | None:
    """The same way by the interface that has the address, and by the one that asks; None where there is only one."""
    owner = owner_of(facts, way.ip)
    if facts.os != "linux" or way.ip.version != 4 or client.version != 4 or owner is None:
        return None
    if way.front is not None or way.landing is not None or not owner.up or owner.carrier is False:
        return None
    back = lookup(facts, client, source=way.ip)
    if isinstance(back, Unknown) or not back.leaves:
        return None
    asking, asked = interface_of(facts, back.device), back.gateway or client
    if asking is None or asking.name == owner.name or not _is_near(owner, asked):
        return None
    if not _announces(facts, asking, asked, way.ip):
        return None
    return replace(way, interface=owner), replace(way, interface=asking)


def _is_near(interface: Interface, address: IPAddress) -> bool:
    return any(address in one.network for one in interface.addresses)


def _announces(facts: Facts, asking: Interface, asked: IPAddress, own: IPAddress) -> bool:
    """Whether an interface asks for a neighbour in the name of an address for which it answers no question."""
    question = Packet(source=asked, destination=own, in_interface=asking.name)
    around = HostSurroundings(facts, question)
    if around.interface_type(asking.name) != ETHERNET_TYPE or not asking.arp or not asking.up:
        return False
    is_told = max(around.setting("arp_announce", asking.name)) < _BEST_ALONE
    fault = find_link_fault(facts, around, question)
    return is_told and _is_near(asking, asked) and fault in (LinkFault.ARP_IGNORE, LinkFault.ARP_FILTER)


def join_entrances(first: Journey, later: Journey) -> Journey:
    """What a client meets that comes in by one interface at first and by the other later; the worse is explained."""
    later = _found_already(later)
    if first.sight.symptom not in _SENDS or first.sight == later.sight:
        return first
    symptoms = {first.sight.symptom, later.sight.symptom}
    worse = later if first.sight.symptom is Symptom.ANSWERED else first
    if Symptom.UNKNOWN in symptoms:
        return replace(worse, sight=Sight(Symptom.UNKNOWN))
    varies = not symptoms.isdisjoint({Symptom.ANSWERED, Symptom.VARIES})
    return replace(worse, sight=Sight(Symptom.VARIES if varies else worst_of(symptoms)))


def _found_already(journey: Journey) -> Journey:
    """Without the question that was never asked on this link: this machine's own has told the hardware address."""
    if journey.link not in (LinkFault.ARP_IGNORE, LinkFault.ARP_FILTER):
        return journey
    ends = tuple(end for end in journey.ends if end.link is None)
    return replace(journey, link=None, ends=ends, sight=see(ends))
