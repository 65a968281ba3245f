"""Adapters of Windows: which row is which, what each is, and which tunnels are known by name."""

from __future__ import annotations

import pytest

from landiag.collect.adapters import Adapter, Row, is_external_switch, kind_of, match_adapters
from landiag.collect.tunnels import tunnel_named, tunnel_of, tunnels

CARD = "3c:52:82:aa:bb:cc"


@pytest.mark.parametrize(
    ("name", "description", "kind"),
    [
        ("office", "WireGuard Tunnel", "vpn"),
        ("Ethernet 5", "Cisco AnyConnect Virtual Miniport Adapter for Windows x64", "vpn"),
        ("Ethernet 6", "PANGP Virtual Ethernet Adapter Secure", "vpn"),
        ("CloudflareWARP", "Cloudflare WARP Interface Tunnel", "vpn"),
        ("Ethernet 7", "Fortinet SSL VPN Virtual Ethernet Adapter", "vpn"),
        ("Ethernet 8", "TAP-Windows Adapter V9", "vpn"),
        ("Ethernet 9", "OpenVPN Data Channel Offload", "vpn"),
        ("home", "ZeroTier Virtual Port", "vpn"),
        ("Ethernet 3", "Juniper Network Connect Virtual Adapter", "vpn"),
        ("Ethernet 4", "Kerio Virtual Network Adapter", "vpn"),
        ("Ethernet 4", "Secure Link 81 Tunnel", "vpn"),
        ("Ethernet 4", "SomeVendor TAP", "vpn"),
        ("Teredo", "Microsoft Teredo Tunneling Adapter", "tunnel"),
        ("Ethernet", "Microsoft Hyper-V Network Adapter", "ethernet"),
        ("Ethernet0", "vmxnet3 Ethernet Adapter", "ethernet"),
        ("Ethernet", "Red Hat VirtIO Ethernet Adapter", "ethernet"),
        ("vEthernet (Default Switch)", "Hyper-V Virtual Ethernet Adapter", "vm"),
        ("VMware Network Adapter VMnet1", "VMware Virtual Ethernet Adapter for VMnet1", "vm"),
        ("Ethernet 2", "VirtualBox Host-Only Ethernet Adapter", "vm"),
        ("WLAN", "Cisco Aironet 802.11a/b/g Wireless Adapter", "wifi"),
        ("Ethernet", "Intel(R) Ethernet Connection (7) I219-V", "ethernet"),
    ],
)
def test_what_an_adapter_is(name: str, description: str, kind: str) -> None:
    assert kind_of(name, description) == kind


def test_an_index_goes_before_a_mac_that_two_adapters_share() -> None:
    rows = [Row("vEthernet (LAN)", CARD, ("192.168.77.10",)), Row("Ethernet", CARD, ())]
    listed = [Adapter(12, CARD, "Intel(R) I225-V"), Adapter(27, CARD, "Hyper-V Virtual Ethernet Adapter #2")]
    assert match_adapters(rows, listed, {}, {}) == {}
    found = match_adapters(rows, listed, {"vEthernet (LAN)": 27}, {})
    assert {name: one.index for name, one in found.items()} == {"vEthernet (LAN)": 27, "Ethernet": 12}
    by_address = match_adapters(rows, listed, {}, {"192.168.77.10": 27})
    assert by_address["vEthernet (LAN)"].index == 27
    assert is_external_switch(rows[0], rows)
    assert not is_external_switch(rows[1], rows)


def test_an_adapter_without_a_mac_is_found_where_it_is_the_only_one() -> None:
    listed = [Adapter(23, None, "WireGuard Tunnel"), Adapter(1, None, "Software Loopback Interface 1")]
    office, loopback = (
        Row("office", None, ("10.8.0.2",)),
        Row("Loopback Pseudo-Interface 1", None, ("127.0.0.1",)),
    )
    assert match_adapters([office, loopback], listed, {}, {})["office"].index == 23
    two = [office, Row("work", None, ("10.9.0.2",)), loopback]
    assert match_adapters(two, [*listed, Adapter(24, None, "Other")], {}, {}) == {}


@pytest.mark.parametrize(
    ("name", "title"),
    [("gpd0", "GlobalProtect"), ("cscotun0", "Cisco Secure Client (AnyConnect)"), ("utun4", "a tunnel"),
     ("feth1234", "ZeroTier"), ("wg0-mullvad", "Mullvad VPN"), ("wg0", "WireGuard")],
)  # fmt: skip
def test_tunnels_of_other_systems_by_name(name: str, title: str) -> None:
    found = tunnel_named(name)
    assert found is not None
    assert found.title == title


@pytest.mark.parametrize(
    ("description", "mac", "title"),
    [
        ("Sophos Connect Adapter", "00-ff-20-11-22-33", "Sophos Connect"),
        ("WatchGuard Mobile VPN with SSL TAP Adapter V9", None, "WatchGuard Mobile VPN"),
        ("Cato Networks VPN Adapter", None, "Cato Client"),
        ("Barracuda VPN Adapter", None, "Barracuda VPN Client"),
        ("Array Networks SSL VPN Adapter", None, "Array Networks VPN"),
        ("Perimeter 81 Tunnel", None, "Harmony SASE (Perimeter 81)"),
        ("AnchorFree TAP-Windows Adapter V9", None, "Hotspot Shield"),
        ("Norton Secure VPN WireGuard", None, "Norton, Avast or AVG VPN"),
        ("PIA WireGuard Tunnel", None, "Private Internet Access"),
        ("WireGuard Tunnel", None, "WireGuard"),
        ("TAP-Windows Adapter V9", "00:FF:10:20:30:40", "OpenVPN"),
    ],
)
def test_tunnel_is_its_makers_whatever_it_is_made_of(description: str, mac: str | None, title: str) -> None:
    found = tunnel_of(f"Ethernet 7 {description}")
    assert found is not None
    assert (found.title, kind_of("Ethernet 7", description, mac=mac)) == (title, "vpn")


@pytest.mark.parametrize(
    ("mac", "kind"), [("00-FF-1A-2B-3C-4D", "vpn"), ("00:15:5d:ff:00:01", "ethernet"), (None, "ethernet")]
)
def test_adapter_of_the_tap_driver_is_a_tunnel_without_any_name(mac: str | None, kind: str) -> None:
    assert kind_of("Ethernet 9", "Frobnitz Link Adapter", mac=mac) == kind


@pytest.mark.parametrize("name", ["en0", "em0", "igb1", "bridge100", "hamburg", "metadata"])
def test_what_is_no_tunnel(name: str) -> None:
    assert tunnel_named(name) is None


def test_every_tunnel_says_what_it_does_to_the_lan() -> None:
    assert {one.lan for one in tunnels()} == {"leaves", "full", "stops"}
    assert all(one.advice for one in tunnels() if one.lan != "leaves")
    assert all(one.signs or one.names for one in tunnels())
    assert tunnel_of("Wi-Fi Intel(R) Wi-Fi 6 AX201 160MHz") is None
