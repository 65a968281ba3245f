"""Cases of virtual machines: behind the NAT of their host, or bridged to its network, by what a guest can see of it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from tests.machines.bsd import bsd, mac, pf
from tests.machines.case import Made
from tests.machines.exchanges import Synthetic
from tests.machines.windows import ALLOW, host

RULE = {"{F0E1D2C3-0000-4000-8000-000000000001}": ALLOW}
OPEN = pf("pass all flags S/SA\n")
LAN = ("192.168.77", 1, "255.255.255.0")
VMNET8 = ("192.168.217", 2, "255.255.255.0")
SHARED = ("10.211.55", 1, "255.255.255.0")
DEFAULT_SWITCH = ("172.25.48", 1, "255.255.240.0")
VMNET = ("192.168.64", 1, "255.255.255.0")
LIBVIRT = ("192.168.122", 1, "255.255.255.0")
ROUTER, PHONE = "9c:c7:a6:01:02:03", "a4:5e:60:11:22:33"
HYPERV, OF_VMWARE = "00:15:5d:01:0a:07", "00:0c:29:5e:11:22"
OF_PARALLELS, OF_QEMU, OF_VIRTUALBOX = "00:1c:42:5e:11:22", "52:54:00:5e:11:22", "08:00:27:5e:11:22"
OWN = ("3C:52:82:AA:BB:CC", "3c:52:82:aa:bb:cc", "3c:22:fb:01:02:03", "08:00:27:ab:b0:67")


def guest(
    made: Synthetic,
    network: tuple[str, int, str],
    own: str | None,
    gateway: str | None,
    beside: str | None = None,
) -> Synthetic:
    """The same machine with another card, in another network, with another gateway; ``beside`` is the other neighbour.

    None is for a neighbour whose hardware address nobody knows; ``own`` None leaves the machine its card.
    """
    lan, last, mask = network

    def moved(name: str, text: str) -> str:
        if name in ("arp", "neighbours"):
            known = {".77.1 ": gateway, ".77.1)": gateway, ".77.20 ": beside, ".77.20)": beside}
            gone = [part for part, address in known.items() if address is None]
            text = "".join(
                line for line in text.splitlines(keepends=True) if not any(one in line for one in gone)
            )
        for old, new in ((ROUTER, gateway), (PHONE, beside), *((one, own) for one in OWN)):
            for write in (str, _dashed, _short):
                text = text if new is None else text.replace(write(old), write(new))
        for end in (" ", '"', ")", "\n", "/"):
            text = text.replace(f"192.168.77.1{end}", f"{lan}.{last}{end}")
        text = text.replace("192.168.77.0    255.255.255.0", f"{lan}.0    {mask}")
        text = text.replace('192.168.77.10", "255.255.255.0"', f'{lan}.10", "{mask}"')
        return text.replace("192.168.77", lan)

    texts = {name: moved(name, text) if isinstance(text, str) else text for name, text in made.texts.items()}
    return replace(made, texts=texts)


def _dashed(mac: str) -> str:
    return mac.replace(":", "-")


def _short(mac: str) -> str:
    """As macOS writes it: without leading zeros."""
    return ":".join(f"{int(byte, 16):x}" for byte in mac.split(":"))


CASES: Mapping[str, Made] = {
    "windows-port-not-forwarded-vmware": Made(
        "a guest behind VMware's NAT (VMnet8): its gateway has a hardware address that only that NAT has",
        guest(host(RULE), VMNET8, OF_VMWARE, "00:50:56:f7:37:a2"), "undetermined", "port-not-forwarded",
    ),
    "windows-port-not-forwarded-vmware-unheard": Made(
        "a guest of VMware whose gateway is .2, and nobody knows the hardware address of that",
        guest(host(RULE), VMNET8, OF_VMWARE, None), "undetermined", "port-not-forwarded",
    ),
    "windows-clear-vmware-bridged": Made(
        "a guest of VMware on the network of its host: the gateway is a router",
        guest(host(RULE), LAN, OF_VMWARE, ROUTER, PHONE), "clear",
    ),
    "windows-clear-vmware-router-at-2": Made(
        "a bridged guest of VMware in a network whose router is .2", guest(host(RULE), VMNET8, OF_VMWARE, ROUTER),
        "clear",
    ),
    "windows-clear-vmware-unheard-beside": Made(
        "a guest of VMware whose gateway is .2 and was not heard, beside a device that is no guest",
        guest(host(RULE), VMNET8, OF_VMWARE, None, PHONE), "clear",
    ),
    "windows-clear-vmware-host": Made(
        "a guest behind VMware's NAT, and the client is its host, which reaches it without the NAT",
        guest(host(RULE), VMNET8, OF_VMWARE, "00:50:56:f7:37:a2"), "clear", peer="192.168.217.1",
    ),
    "freebsd-port-not-forwarded-vmware": Made(
        "a guest behind VMware's NAT", guest(bsd(texts=OPEN), VMNET8, OF_VMWARE, "00:50:56:e0:11:22"),
        "undetermined", "port-not-forwarded",
    ),
    "windows-port-not-forwarded-parallels": Made(
        "a guest in Parallels' shared network", guest(host(RULE), SHARED, OF_PARALLELS, "00:1c:42:00:00:18"),
        "undetermined", "port-not-forwarded",
    ),
    "windows-port-not-forwarded-parallels-unheard": Made(
        "a guest in Parallels' shared network, which nobody has heard yet",
        guest(host(RULE), SHARED, OF_PARALLELS, None), "undetermined", "port-not-forwarded",
    ),
    "windows-port-not-forwarded-nat-network": Made(
        "a guest in VirtualBox' NAT network, beside another guest: its gateway has one hardware address on every host",
        guest(host(RULE), ("10.0.2", 1, "255.255.255.0"), OF_VIRTUALBOX, "52:54:00:12:35:00", "08:00:27:01:02:03"),
        "undetermined", "port-not-forwarded",
    ),
    "windows-clear-parallels-bridged": Made(
        "a guest of Parallels on the network of its Mac", guest(host(RULE), LAN, OF_PARALLELS, ROUTER, PHONE), "clear"
    ),
    "windows-port-not-forwarded-default-switch": Made(
        "a guest on Hyper-V's Default Switch: its gateway has a virtual card, too",
        guest(host(RULE), DEFAULT_SWITCH, HYPERV, "00:15:5d:36:44:a9"), "undetermined", "port-not-forwarded",
    ),
    "windows-port-not-forwarded-hyperv-nat": Made(
        "a guest on a switch of Hyper-V with NAT in a network that somebody chose",
        guest(host(RULE), LAN, HYPERV, "00:15:5d:36:44:a9"), "undetermined", "port-not-forwarded",
    ),
    "windows-firewall-drops-default-switch": Made(
        "a guest on Hyper-V's Default Switch whose own firewall drops what the host would pass on",
        guest(host(), DEFAULT_SWITCH, HYPERV, "00:15:5d:36:44:a9"), "blocked", "firewall-drops",
    ),
    "windows-clear-hyperv-virtual-router": Made(
        "a guest of Hyper-V on an external switch, whose router is a virtual machine: a phone is in the same network",
        guest(host(RULE), LAN, HYPERV, "00:15:5d:36:44:a9", PHONE), "clear",
    ),
    "windows-clear-behind-virtual-router": Made(
        "a real laptop whose router is a virtual machine", guest(host(RULE), LAN, None, "00:15:5d:36:44:a9"), "clear"
    ),
    "windows-clear-azure": Made(
        "a guest in Azure: its gateway has the hardware address that all have there",
        guest(host(RULE), ("10.1.0", 1, "255.255.255.0"), "00:0d:3a:5e:11:22", "12:34:56:78:9a:bc"), "clear",
    ),
    "freebsd-port-not-forwarded-libvirt": Made(
        "a guest in libvirt's network", guest(bsd(texts=OPEN), LIBVIRT, OF_QEMU, "52:54:00:0a:0b:0c"),
        "undetermined", "port-not-forwarded",
    ),
    "freebsd-clear-kvm-bridge": Made(
        "a guest of KVM on a bridge of its host", guest(bsd(texts=OPEN), LAN, OF_QEMU, ROUTER, PHONE), "clear"
    ),
    "macos-port-not-forwarded-vmnet": Made(
        "macOS as a guest in Apple's shared network: all hardware addresses are made up",
        guest(mac(), VMNET, "5e:1b:2c:01:02:03", "be:d0:74:22:33:64"), "undetermined",
        "port-not-forwarded",
    ),
    "macos-clear-lan-of-that-name": Made(
        "a Mac in a network that has the addresses of Apple's shared one, behind a router of a maker",
        guest(mac(), VMNET, None, ROUTER, PHONE), "clear",
    ),
}  # fmt: skip
