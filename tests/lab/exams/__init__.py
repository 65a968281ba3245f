"""The exam: kinds of faults that landiag has got wrong, several scenarios of each (``python -m tests.lab.exam``).

What is right by now may move to ``tests/lab/scenarios/``, where CI takes it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.exams import (
    addresses,
    advice,
    application,
    asked,
    beside_rules,
    by_hand,
    clients,
    clock,
    configured,
    daemons,
    gaps,
    hardened,
    limits,
    marks,
    nat,
    networks,
    nika,
    other_protocols,
    pages,
    programs,
    queues,
    redirects,
    routes,
    threads,
    tools_of_rules,
    tproxy,
    unknowns,
    whole_machines,
)
from tests.lab.probe.scenario import Probe
from tests.lab.scenario import Scenario
from tests.lab.watch.scenario import Watch

Question = Scenario | Probe | Watch


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault, as the exam's table names it."""

    title: str
    questions: tuple[Question, ...]


KINDS = (
    Kind("the address that --to names is judged, no other", addresses.TO),
    Kind("addresses with a prefix of 32", addresses.HOST_PREFIX),
    Kind("translations with several ends", nat.SEVERAL_ENDS),
    Kind("translations to one of several, by a hash", nat.BY_HASH),
    Kind("limits", limits.SCENARIOS),
    Kind("answers that are marked", marks.SCENARIOS),
    Kind("containers and the routes of their answers", nat.CONTAINERS),
    Kind("own connections that a rule stops", nat.OWN_CONNECTION),
    Kind("rules that look routes up", routes.LOOK_UPS),
    Kind("the interface by which the client's packets come", routes.WAYS_IN),
    Kind("interfaces whose own questions move the clients", routes.MOVING),
    Kind("routes over an interface without carrier", routes.NO_CARRIER),
    Kind("what a client of the network gets from the application", application.BY_SOURCE),
    Kind("local routes over addresses of others", routes.LOCAL_ROUTES),
    Kind("how long packets live", (*routes.LIVES, *nat.LIVES)),
    Kind("neighbour entries, hardware addresses, lost addresses", addresses.NEIGHBOURS),
    Kind("routes that lead elsewhere", routes.ELSEWHERE),
    Kind("what this client sees (probe)", clients.PROBES),
    Kind("a client's own rules and routes (probe)", clients.OWN_RULES),
    Kind("what arrived (watch)", clients.WATCHES),
    Kind("advice that leads to a connection", advice.SCENARIOS),
    Kind("what can be known", unknowns.KNOWN),
    Kind("what cannot be looked for", unknowns.HIDDEN),
    Kind("servers that take their time, or share a port", application.SERVERS),
    Kind("answers that send the browser on", redirects.SENT_ON),
    Kind("names that a server knows", redirects.NAMES),
    Kind("servers that turn clients away as they connect", redirects.AS_THEY_CONNECT),
    Kind("rules that count bytes, or keep lists", whole_machines.BYTES),
    Kind("rules that look at routers passed", whole_machines.ROUTERS_PASSED),
    Kind("routes that do not tell, and those that do", whole_machines.ROUTES),
    Kind("addresses that containers or others have", whole_machines.OWN_ADDRESSES),
    Kind("rules that look at the clock, at lengths, at limits with names", clock.SCENARIOS),
    Kind("lists of recent addresses", clock.LISTS),
    Kind("sockets that rules choose", tproxy.SCENARIOS),
    Kind("sets of several fields, and those that fill", whole_machines.SETS),
    Kind("NIKA's faults", nika.QUESTIONS),
    Kind("containers that lose packets themselves", beside_rules.INNER),
    Kind("rules inside a container", beside_rules.OWN_RULES),
    Kind("policies of IPsec", beside_rules.IPSEC),
    Kind("queues and filters of traffic control", queues.SCENARIOS),
    Kind("zones of connection tracking, translations to several", beside_rules.ZONES),
    Kind("servers that hang up on other devices", beside_rules.HUNG_UP),
    Kind("what a page loads, and what it only says", beside_rules.PAGES),
    Kind("rules that ask for hardware addresses", beside_rules.HARDWARE),
    Kind("whom daemons and relays take in", daemons.TAKEN_IN),
    Kind("addresses that daemons and relays listen on", daemons.LISTENING),
    Kind("states of ufw", tools_of_rules.UFW),
    Kind("states of firewalld", tools_of_rules.FIREWALLD),
    Kind("rules of nftables that few people write", tools_of_rules.NFTABLES),
    Kind("rules of iptables that few people write", tools_of_rules.IPTABLES),
    Kind("bridges and macvlans", networks.BRIDGES),
    Kind("kill switches and exit nodes", networks.VPNS),
    Kind("routing policies and settings", networks.ROUTES),
    Kind("what programs do by themselves", programs.PROGRAMS),
    Kind("pages that differ by the name", pages.BY_HOST),
    Kind("pages whose parts browsers load by https", pages.UPGRADED),
    Kind("states of servers", pages.STATES),
    Kind("hardened hosts", hardened.HARDENED),
    Kind("translations of this machine's own connections", hardened.TRANSLATED),
    Kind("addresses and answers by routes", hardened.BY_ROUTES),
    Kind("tags of VLANs", gaps.VLANS),
    Kind("rules for a share of the addresses", gaps.SHARES),
    Kind("SYNPROXY", gaps.SYNPROXY),
    Kind("connections that tracking takes up late", gaps.TRACKING),
    Kind("hop limits", gaps.LIVES),
    Kind("direct rules of firewalld", gaps.RULES),
    Kind("clients of another network", gaps.PEERS),
    Kind("threads: virtual addresses", threads.VIPS),
    Kind("threads: addresses", threads.ADDRESSES),
    Kind("threads: routing policies", threads.POLICY),
    Kind("threads: firewalls of whole machines", threads.MACHINES),
    Kind("threads: containers", threads.CONTAINERS),
    Kind("threads: rules", threads.RULES),
    Kind("threads: listening", threads.LISTENING),
    Kind("threads: links of several interfaces", threads.MORE),
    Kind("servers that are none of the web", other_protocols.OTHER_PROTOCOLS),
    Kind("where proxies and relays are told to listen", configured.CONFIGURED),
    Kind("programs of other languages", by_hand.LANGUAGES),
    Kind("applications that keep to this machine", by_hand.BY_DEFAULT),
    Kind("applications that were told to", by_hand.BY_OPTION),
    Kind("servers of public threads as a client asks them (probe)", asked.ASKED),
    Kind("servers of public threads as clients arrive (watch)", asked.ARRIVED),
)
