"""By which interface a client's packets come in; by two where this machine's own ARP questions move its entry.

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
from landiag.model.terms import StageName, Symptom

_BEST_ALONE = 2
"""The value of arp_announce with which questions name an address of the interface itself."""

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


def entrances(facts: Facts, way: Way, client: IPAddress | None) -> tuple[Way, ...]:
    """The same way by each interface by which a client's packets come in, the first one first."""
    owner = owner_of(facts, way.ip)
    if client is None or client.version != 4 or facts.os != "linux" or way.ip.version != 4 or owner is None:
        return (way,)
    if way.front is not None or way.landing is not None or not owner.up or owner.carrier is False:
        return (way,)
    back = lookup(facts, client, source=way.ip)
    if isinstance(back, Unknown) or not back.leaves:
        return (way,)
    asking, asked = interface_of(facts, back.device), back.gateway or client
    if (
        asking is None
        or asking.name == owner.name
        or not (_is_near(owner, asked) and _is_near(asking, asked))
    ):
        return (way,)
    question = Packet(source=asked, destination=way.ip, in_interface=asking.name)
    around = HostSurroundings(facts, question)
    if find_link_fault(facts, around, question) not in _UNANSWERED:
        return (way,)
    later = (replace(way, interface=asking),) if _announces(around, asking) else ()
    return (replace(way, interface=owner), *later)


def _is_near(interface: Interface, address: IPAddress) -> bool:
    return any(address in one.network for one in interface.addresses)


def _announces(around: HostSurroundings, asking: Interface) -> bool:
    """Whether the questions that an interface asks are in the name of the address that answers come from."""
    is_heard = around.interface_type(asking.name) == ETHERNET_TYPE and asking.arp and asking.up
    return is_heard and max(around.setting("arp_announce", asking.name)) < _BEST_ALONE


def join_entrances(first: Journey, later: Journey) -> Journey:
    """What a client meets that comes in by one interface at first and by the other later; the worse is explained."""
    later = _found_already(later)
    is_unfound = any(end.stage is StageName.LINK for end in first.ends)
    if is_unfound or first.sight.symptom not in _SENDS or first.sight == later.sight:
        return first
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
