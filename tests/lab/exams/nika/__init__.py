"""NIKA's faults (github.com/sands-lab/nika, a public benchmark of network faults) that one host can have.

``MADE`` has the questions of each of its faults that can be made in namespaces, by NIKA's own name; ``NOT_MADE`` says
why the others cannot. A fault that the diagnosed machine only sees as lost packets, or does not see at all, is made
too: there landiag must not invent a cause.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.lab.exams.nika import addressing, forwarding, links, naming, services
from tests.lab.exams.nika.shared import Questions

MADE: Mapping[str, Questions] = {
    **links.FAULTS,
    **forwarding.FAULTS,
    **services.FAULTS,
    **addressing.FAULTS,
    **naming.FAULTS,
}

_BGP = "a routing daemon's fault: the host sees a route that is missing at most"
_P4 = "needs a switch that runs P4"
_OPENFLOW = "needs a switch that runs OpenFlow"
_CPU = "needs a control group that bounds processor time"
_WIREGUARD = "needs a kernel with WireGuard"

NOT_MADE: Mapping[str, str] = {
    "bgp_asn_misconfig": _BGP,
    "bgp_max_prefix_exceeded": _BGP,
    "bgp_blackhole_community_leak": _BGP,
    "bgp_rpki_invalid_route_leak": _BGP,
    "bgp_missing_route_advertisement": _BGP,
    "bgp_hijacking": _BGP,
    "frr_service_down": _BGP,
    "ospf_area_misconfiguration": _BGP,
    "ospf_neighbor_missing": _BGP,
    "bmv2_switch_down": _P4,
    "p4_table_entry_misconfig": _P4,
    "p4_table_entry_missing": _P4,
    "p4_action_selector_member_misconfig": _P4,
    "p4_ecmp_group_member_missing": _P4,
    "p4runtime_pipeline_mismatch": _P4,
    "p4runtime_partial_write": _P4,
    "p4_table_resource_exhaustion": _P4,
    "p4_tcam_entry_corruption": _P4,
    "p4_ecn_threshold_misconfiguration": _P4,
    "int_insufficient_mtu_headroom": _P4,
    "lb_connection_state_exhaustion": _P4,
    "lb_pending_connection_update_race": _P4,
    "flow_rule_loop": _OPENFLOW,
    "flow_rule_shadowing": _OPENFLOW,
    "load_balancer_overload": _CPU,
    "receiver_resource_contention": _CPU,
    "sender_resource_contention": _CPU,
    "wireguard_allowed_ips_misconfiguration": _WIREGUARD,
    "wireguard_peer_key_misconfiguration": _WIREGUARD,
    "nat_mapping_removed_without_drain": "hurts only connections that are open already",
}

ALL = 75
"""So many kinds NIKA has (its failure reference, release 0.2.0)."""

QUESTIONS = tuple(question for questions in MADE.values() for question in questions)
