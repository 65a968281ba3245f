"""Runs in a Windows CPython under Wine: imports everything, reads a registry, and checks a port.

It proves imports, the registry, encodings and structures. It proves nothing about what Windows Firewall does:
Wine has none.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys

RULE = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5000|RA4=LocalSubnet|RA6=LocalSubnet|Name=Über 5000|"
POLICY = r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"


def check_imports() -> None:
    """Import every module of landiag."""
    import landiag

    names = [
        one.name for one in pkgutil.walk_packages(landiag.__path__, "landiag.") if "__main__" not in one.name
    ]
    failed = []
    for name in names:
        try:
            importlib.import_module(name)
        except (ImportError, AttributeError, OSError) as error:
            failed.append(f"{name}: {type(error).__name__}: {error}")
    assert not failed, failed
    print(f"{len(names)} modules are imported")


def write_registry() -> None:
    """Put a rule, a profile and a port proxy into this prefix's registry."""
    if sys.platform != "win32":
        return
    import winreg

    def put(key: str, name: str, kind: int, value: str | int) -> None:
        with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
            winreg.SetValueEx(opened, name, 0, kind, value)

    put(rf"{POLICY}\FirewallRules", "{11111111-2222-3333-4444-555555555555}", winreg.REG_SZ, RULE)
    put(rf"{POLICY}\StandardProfile", "EnableFirewall", winreg.REG_DWORD, 1)
    put(rf"{POLICY}\PublicProfile", "EnableFirewall", winreg.REG_DWORD, 1)
    put(
        r"SYSTEM\CurrentControlSet\Services\PortProxy\v4tov4\tcp",
        "0.0.0.0/5000",
        winreg.REG_SZ,
        "172.20.1.2/5000",
    )


def check_registry() -> None:
    """Read it back through landiag's own door, and judge a packet by it."""
    from ipaddress import ip_address

    from landiag.collect import windows_sources
    from landiag.firewall.engine.legs import Follower
    from landiag.firewall.engine.surroundings import SavedSurroundings
    from landiag.firewall.windows.registry import build_policy
    from landiag.firewall.windows.registry_text import parse_entries
    from landiag.host import LiveHost
    from landiag.model.packet import Packet

    reading = LiveHost(float("inf")).read(windows_sources.REGISTRY)
    assert reading.status.value == "ok", reading
    policy = build_policy(parse_entries(reading.text))
    assert [rule.title for rule in policy.rules if rule.title.startswith("Über")] == ["Über 5000"]
    packet = Packet(
        5000, source=ip_address("10.0.0.2"), destination=ip_address("10.0.0.1"), profile="private",
        program=sys.executable, interface_addresses=("10.0.0.1/24",),
    )  # fmt: skip
    verdict = Follower(policy.lower(), SavedSurroundings(packet)).follow(packet).verdict
    assert verdict.value == "accept", verdict
    print(f"{len(policy.rules)} rules are read from the registry")


def check_encodings() -> None:
    """What consoles write in the OEM code page is decoded."""
    from landiag.firewall.windows import decode

    assert "Aktiviert: Ja" in decode("Regelname: Größe\nAktiviert: Ja".encode("cp850"))
    assert "Größe" in decode("Regelname: Größe".encode("oem"))


def check_sockets() -> None:
    """psutil's calls behind the door answer in the shape that the parsers read."""
    from landiag.collect import windows, windows_interfaces
    from landiag.host import LiveHost

    host = LiveHost(float("inf"))
    readings = {source.name: host.read(source) for source in windows.FIRST}
    print({name: one.status.value for name, one in readings.items()})
    sockets = windows.parse_listeners(readings)
    interfaces = windows_interfaces.parse_interfaces(readings)
    assert isinstance(sockets, tuple), sockets
    assert isinstance(interfaces, tuple), interfaces
    assert any(one.kind == "loopback" or one.addresses for one in interfaces)


def check_command() -> None:
    """`landiag check --port 5000 --json` gives a report and no traceback."""
    argv = [sys.executable, "-m", "landiag", "check", "--port", "5000", "--json", "--timeout", "60"]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=240, check=False)
    errors = done.stderr.decode("utf-8", "replace")
    assert "Traceback" not in errors, errors
    assert done.returncode in (0, 1, 3), (done.returncode, errors)
    report = json.loads(done.stdout)
    assert report["host"]["os"] in ("win32", "windows"), report["host"]
    print(f"landiag check: {report['verdict']['status']}, {report['verdict']['summary']}")


def main() -> None:
    """Run every check."""
    assert sys.platform == "win32"
    print(sys.version)
    check_imports()
    write_registry()
    check_registry()
    check_encodings()
    check_sockets()
    check_command()
    print("all of it works under Wine; what Windows Firewall does is not shown by this")


if __name__ == "__main__":
    main()
