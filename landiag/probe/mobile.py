"""Signs that this machine is on mobile data or in a phone's hotspot, not in the network of the server."""

from __future__ import annotations

from ipaddress import ip_network

from landiag.probe.look import Look

_DEVICES = ("wwan", "rmnet", "ccmni", "pdp_ip", "v4-rmnet", "clat")
"""How Linux, Android and Apple name modems."""

_PROVIDERS = (ip_network("100.64.0.0/10"), ip_network("192.0.0.0/29"))
"""Addresses behind a provider's NAT (RFC 6598), and those of 464XLAT (RFC 7335)."""

_HOTSPOTS = {ip_network("172.20.10.0/28"): "an iPhone", ip_network("192.168.43.0/24"): "an Android phone"}

_TUNNELS = ("vpn", "tunnel")


def mobile_data(look: Look) -> str | None:
    """Why packets to the target leave by mobile data; None where nothing says so."""
    interface = look.interface
    if interface is None or interface.kind in _TUNNELS:
        return None
    if interface.name.startswith(_DEVICES):
        return f"{interface.name} is a mobile data connection"
    given = (own.ip for own in interface.addresses if any(own.ip in network for network in _PROVIDERS))
    address = next(given, None)
    return f"its address {address} is one that mobile providers give" if address else None


def hotspot(look: Look) -> str | None:
    """Whose hotspot this machine is in, when its own network looks like one; None otherwise."""
    networks = {own.network for _, own in look.case.own_addresses}
    return next((whose for network, whose in _HOTSPOTS.items() if network in networks), None)
