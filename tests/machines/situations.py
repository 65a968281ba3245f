"""More machines, for what is printed on them: faults that are the same on every system, one of each."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.machines import bsd, windows
from tests.machines.case import Made

_NO_LINK = json.dumps([{**one, "up": False, "addresses": []} if one["name"] == "Wi-Fi" else one
                       for one in windows.ADAPTERS if not one["name"].startswith("vEth")])  # fmt: skip
_MAC_DOWN = bsd.IFCONFIG.replace("en0: flags=8863<UP,", "en0: flags=8862<").replace("\tinet 192.168.77.10 netmask "
            "0xffffff00 broadcast 192.168.77.255\n", "").partition("bridge100")[0]  # fmt: skip
_UNPLUGGED = _MAC_DOWN.replace("flags=8862<", "flags=8863<UP,").replace("status: active", "status: inactive")
_BSD_DOWN = bsd.FREEBSD_IFCONFIG.replace("em0: flags=1008843<UP,", "em0: flags=8802<").replace(
    "\tinet 192.168.77.10 netmask 0xffffff00 broadcast 192.168.77.255\n", "")  # fmt: skip
_NO_WAY = bsd.ROUTES.replace("192.168.77         link#6             UCS                   en0      !",
                             "192.168.77         127.0.0.1          UGSR                  lo0       ")  # fmt: skip
_EMPTY_ARP = "? (192.168.77.1) at 9c:c7:a6:1:2:3 on en0 ifscope [ethernet]\n"
_STOPPED = {"state": "stopped"}
_MINE = {"{F0E1D2C3-0000-4000-8000-000000000001}": windows.ALLOW}
_SERVICE = {**windows.process(), "parent": 700}
_SERVICES = windows.process(700, r"C:\Windows\System32\services.exe", [], "services.exe")

SITUATIONS: Mapping[str, Made] = {
    "windows, suspended": Made(
        "the server was suspended", windows.host(_MINE, processes=[{**windows.process(), **_STOPPED}], http="silent"),
        "blocked", "server-silent",
    ),
    "windows, held": Made(
        "the port is held by a connection", windows.host(_MINE, listen=[], bind="EADDRINUSE", http="refused"),
        "blocked", "nothing-listening",
    ),
    "windows, other program": Made(
        "another program has the port", windows.host(_MINE), "blocked", "port-taken", program="nginx"
    ),
    "windows, no link": Made(
        "the Wi-Fi is off", windows.host(_MINE, texts={"adapters": _NO_LINK}), "blocked", "link-down"
    ),
    "windows, peer down": Made(
        "the client does not answer", windows.host(_MINE, texts={"arp-after": windows.ARP}, silent=True), "blocked",
        "peer-down", peer="192.168.77.99",
    ),
    "windows, peer there": Made(
        "the client is on the link and answers nothing", windows.host(_MINE, texts={"arp-after": windows.ARP},
        silent=True), "clear", peer="192.168.77.20",
    ),
    "windows, unreadable": Made(
        "nothing can be read", windows.host(denied=dict.fromkeys(("registry", "listeners", "adapters", "windows-state",
        "route-print-4", "route-print-6", "arp"), "access is denied")), "undetermined", "nothing-listening",
    ),
    "windows, a service": Made(
        "Windows starts the server", windows.host(_MINE, listen=[{"address": "127.0.0.1", "port": 5000, "pid":
        windows.PID}], processes=[_SERVICE, _SERVICES], http="refused"), "blocked", "bound-to-loopback",
    ),
    "macos, stopped": Made(
        "the server was stopped", bsd.mac(processes=[{**bsd.process(), **_STOPPED}], http="silent"), "blocked",
        "server-silent",
    ),
    "macos, held": Made(
        "the port is held by a connection", bsd.mac(listeners=bsd.netstat(("*.22", 1)), processes=[],
        bind="EADDRINUSE", http="refused"), "blocked", "nothing-listening", port=4999,
    ),
    "macos, privileged": Made(
        "the port is privileged", bsd.mac(listeners=bsd.netstat(("*.22", 1)), processes=[], bind="EACCES",
        http="refused"), "blocked", "nothing-listening", port=80,
    ),
    "macos, other program": Made("another program has the port", bsd.mac(), "blocked", "port-taken", program="nginx"),
    "macos, switched off": Made(
        "the Wi-Fi is off", bsd.mac(texts={"ifconfig": _MAC_DOWN}), "blocked", "link-down"
    ),
    "macos, unplugged": Made(
        "the cable is out", bsd.mac(texts={"ifconfig": _UNPLUGGED}), "blocked", "link-down"
    ),
    "macos, no way back": Made(
        "a route rejects the LAN", bsd.mac(texts={"netstat-routes": _NO_WAY}), "blocked", "no-route-to-client"
    ),
    "macos, peer down": Made(
        "the client does not answer", bsd.mac(texts={"arp-after": _EMPTY_ARP}, silent=True), "blocked", "peer-down",
        peer="192.168.77.99",
    ),
    "macos, docker on loopback": Made(
        "Docker Desktop publishes the port on 127.0.0.1",
        bsd.mac(listeners=bsd.netstat(("127.0.0.1.5000", 900)), processes=[bsd.DOCKER], http="refused"), "blocked",
        "published-on-loopback",
    ),
    "macos, colima on loopback": Made(
        "Colima's Lima forwards the port to 127.0.0.1, as it does by itself",
        bsd.mac(listeners=bsd.netstat(("127.0.0.1.5000", 901)), processes=[bsd.LIMA], http="refused"), "blocked",
        "published-on-loopback",
    ),
    "freebsd, stopped": Made(
        "the server was stopped", bsd.bsd(texts={**bsd.pf("pass all\n"), f"processes pids={bsd.PID}": json.dumps(
        [{**bsd.process(), **_STOPPED}])}, http="silent"), "blocked", "server-silent",
    ),
    "freebsd, switched off": Made(
        "the interface is off", bsd.bsd(texts={"ifconfig": _BSD_DOWN}), "blocked", "link-down"
    ),
    "openbsd, held": Made(
        "the port is held", bsd.bsd("openbsd7", texts=bsd.pf("pass all\n"), bind="EADDRINUSE", http="refused"),
        "blocked", "nothing-listening", port=4999,
    ),
}  # fmt: skip
