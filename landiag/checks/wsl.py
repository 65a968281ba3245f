"""WSL2: a server inside the distribution that clients of the LAN do not reach, seen from either side."""

from __future__ import annotations

from ipaddress import ip_address

from landiag.checks.case import Case
from landiag.checks.owners import owner_evidence
from landiag.checks.wsl_sources import WSL_MODE, WSL_PORTPROXY, rights
from landiag.collect import windows as collected
from landiag.collect.exchanges.tcp import TcpOutcome, parse_connects
from landiag.collect.windows_net import PortProxy, parse_portproxy
from landiag.collect.windows_state import parse_state
from landiag.firewall.windows.registry_text import parse_entries
from landiag.firewall.windows.text import decode_console
from landiag.model.facts import Call, ParseError, ReadStatus, Socket, Unknown
from landiag.model.host import Facts
from landiag.model.report import Evidence, Finding, Fix, Outcome


def plan(case: Case) -> tuple[Call, ...]:
    """Try the addresses to which Windows passes the port on: a stale one does not answer."""
    proxies = [one for one in port_proxies(case) if one.listen_port == case.port]
    return tuple(connect_source(one) for one in proxies)


def connect_source(proxy: PortProxy) -> Call:
    """Name the attempt to connect where a port proxy leads."""
    params = (("address", proxy.connect_address), ("ports", str(proxy.connect_port)))
    return Call("connect", params, seconds=2.0)


def port_proxies(case: Case) -> tuple[PortProxy, ...]:
    """The ports that Windows passes on, out of its registry or out of netsh from inside WSL."""
    registry = case.readings.get(collected.REGISTRY.name)
    if registry is not None and registry.status is ReadStatus.OK:
        try:
            return tuple(_of_registry(registry.text))
        except ParseError:
            return ()
    listed = case.readings.get(WSL_PORTPROXY.name)
    if listed is not None and listed.status is ReadStatus.OK:
        return parse_portproxy(decode_console(listed.data))
    return ()


def _of_registry(text: str) -> list[PortProxy]:
    """``listen address/port = connect address/port`` below Services\\PortProxy."""
    found = []
    for entry in parse_entries(text):
        if "\\portproxy\\" not in entry.key.lower():
            continue
        listen, _, listen_port = entry.name.partition("/")
        connect, _, connect_port = entry.data.partition("/")
        if listen_port.isdecimal() and connect_port.isdecimal():
            found.append(PortProxy(listen, int(listen_port), connect, int(connect_port)))
    return found


def check_on_windows(case: Case) -> list[Finding] | None:
    """Check whether the port is served inside WSL2; None where that is not what happens here.

    wslrelay.exe listens on 127.0.0.1 for a server in a distribution behind NAT: nobody else reaches it. In
    mirrored mode Windows may not list what listens inside.
    """
    if isinstance(case.facts.sockets, Unknown):
        return None
    ours = case.listeners
    registry = case.readings.get(collected.REGISTRY.name)
    if not ours and (registry is None or registry.status is not ReadStatus.OK):
        return [_unseen(case, "whether Windows passes it on could not be read")]
    proxies = [one for one in port_proxies(case) if one.listen_port == case.port]
    if proxies:
        return _check_proxy(case, proxies[0], ours)
    if ours and isinstance(case.facts.processes, Unknown) and all(one.address.is_loopback for one in ours):
        return [_unseen(case, "who listens on localhost is not visible, and may be WSL")]
    if not ours and _may_be_mirrored(case):
        return [_unseen(case, "WSL has the network of Windows, which does not list what listens inside")]
    relays = [socket for socket in ours if any(_is_relay(one.name) for one in case.owners(socket))]
    if relays and len(relays) == len(ours):
        return [_not_forwarded(case, relays[0])]
    return None


def _unseen(case: Case, reason: str) -> Finding:
    return Finding(
        code="port-not-forwarded",
        outcome=Outcome.UNKNOWN,
        title=f"Whether port {case.port} leads to a server inside WSL2 is not known: {reason}",
        fixes=(
            Fix("Show what Windows passes on", ("netsh interface portproxy show all",), needs="user-action"),
            Fix(
                "Or look from inside of the distribution",
                needs="user-action",
                steps=(f"Install landiag there too, and run in its shell: landiag check --port {case.port}",),
            ),
        ),
    )


def _may_be_mirrored(case: Case) -> bool:
    """Whether a distribution may run that shares Windows' network: only the WSL that is a service knows that mode."""
    if not _has_wsl_service(case):
        return False
    state = parse_state(case.readings)
    return isinstance(state, Unknown) or (state.wsl_mode == "mirrored" and state.wsl_runs is not False)


def _has_wsl_service(case: Case) -> bool:
    registry = case.readings.get(collected.REGISTRY.name)
    return registry is not None and "\\services\\wslservice" in registry.text.lower().replace("\\\\", "\\")


def _is_relay(name: str) -> bool:
    return name.lower().startswith("wslrelay")


def _check_proxy(case: Case, proxy: PortProxy, ours: tuple[Socket, ...]) -> list[Finding] | None:
    state = parse_state(case.readings)
    stopped = not isinstance(state, Unknown) and state.ip_helper not in ("", "Running")
    text = f"{proxy.listen_address}:{proxy.listen_port} to {proxy.connect_address}:{proxy.connect_port}"
    if stopped or not ours:
        return [_helper_stopped(case, text)]
    answered = _answers(case, proxy)
    return [_stale(case, proxy, text)] if answered is False else None


def _answers(case: Case, proxy: PortProxy) -> bool | None:
    found = case.parse(connect_source(proxy), parse_connects)
    if found is None or isinstance(found, Unknown) or not found.results:
        return None
    return found.results[0].connect.outcome is TcpOutcome.CONNECTED


def _forward_commands(port: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """PowerShell lines that pass the port on to the distribution's address of today."""
    address = "$ip = (wsl hostname -I).Trim().Split(' ')[0]"
    add = (
        f"netsh interface portproxy set v4tov4 listenaddress=0.0.0.0 listenport={port} "
        f"connectaddress=$ip connectport={port}"
    )
    allow = (
        f"New-NetFirewallRule -Name 'landiag-tcp-{port}' -DisplayName 'landiag: TCP {port}' -Direction Inbound "
        f"-Action Allow -Protocol TCP -LocalPort {port} -RemoteAddress LocalSubnet"
    )
    undo = (
        f"netsh interface portproxy delete v4tov4 listenaddress=0.0.0.0 listenport={port}",
        f"Remove-NetFirewallRule -Name 'landiag-tcp-{port}'",
    )
    return (address, add, allow), undo


def _forwarding_fixes(case: Case) -> tuple[Fix, ...]:
    commands, undo = _forward_commands(case.port)
    return (
        Fix(
            "Pass the port on (PowerShell as administrator, on Windows; again after every start of WSL)",
            commands,
            undo,
            needs=rights(case),
        ),
        Fix(
            "Or give WSL the network of Windows (Windows 11 22H2 and later)",
            needs="user-action",
            steps=(
                "Write networkingMode=mirrored under [wsl2] into .wslconfig in your Windows user folder.",
                "Run wsl --shutdown on Windows, and start the server again.",
            ),
        ),
    )


def _not_forwarded(case: Case, socket: Socket) -> Finding:
    return Finding(
        code="port-not-forwarded",
        outcome=Outcome.BLOCKS,
        title=f"The server on port {case.port} runs inside WSL2: Windows passes only its own localhost on to it",
        detail="WSL2 has a network of its own behind NAT. Nothing passes connections of other devices on to it.",
        evidence=(owner_evidence(case, socket),),
        fixes=_forwarding_fixes(case),
    )


def _helper_stopped(case: Case, text: str) -> Finding:
    return Finding(
        code="port-not-forwarded",
        outcome=Outcome.BLOCKS,
        title=f"Windows should pass port {case.port} on, but the IP Helper service does not listen for it",
        detail="Port proxies are the work of the IP Helper service (iphlpsvc); without it they are only a list.",
        evidence=(Evidence("netsh interface portproxy show all", text),),
        fixes=(
            Fix(
                "Start the IP Helper service anew (PowerShell as administrator)",
                ("Set-Service iphlpsvc -StartupType Automatic", "Restart-Service iphlpsvc -Force"),
                ("Stop-Service iphlpsvc",),
                needs="root",
            ),
        ),
    )


def _stale(case: Case, proxy: PortProxy, text: str) -> Finding:
    commands, _ = _forward_commands(case.port)
    back = (
        f"netsh interface portproxy set v4tov4 listenaddress={proxy.listen_address} listenport={proxy.listen_port} "
        f"connectaddress={proxy.connect_address} connectport={proxy.connect_port}"
    )
    return Finding(
        code="port-not-forwarded",
        outcome=Outcome.BLOCKS,
        title=f"Windows passes port {case.port} on to {proxy.connect_address}, where nothing answers",
        detail="The address of a WSL2 distribution changes when it starts; the port proxy still has an old one.",
        evidence=(Evidence("netsh interface portproxy show all", text),),
        fixes=(
            Fix(
                "Pass the port on to the address of today (PowerShell as administrator)",
                commands[:2],
                (back,),
                "root",
            ),
        ),
    )


def check_inside(case: Case) -> list[Finding]:
    """Check, from inside a WSL2 distribution, whether Windows lets clients through to it."""
    mode = _mode(case)
    if mode == "mirrored":
        return _check_mirrored(case)
    if mode not in ("nat", "virtioproxy", None):
        return []
    proxies = [one for one in port_proxies(case) if one.listen_port == case.port]
    own = _own_addresses(case.facts)
    if isinstance(case.facts.interfaces, Unknown):
        return [_unseen(case, "this distribution's addresses could not be read")]
    if any(_leads_here(one, own) for one in proxies):
        return []
    if mode is None and not proxies and case.readings.get(WSL_PORTPROXY.name) is None:
        return []
    return [_inside_nat(case, proxies[0] if proxies else None, sorted(own), certain=mode == "nat")]


def _mode(case: Case) -> str | None:
    reading = case.readings.get(WSL_MODE.name)
    if reading is None or reading.status is not ReadStatus.OK:
        return None
    return reading.text.strip().lower() or None


def _own_addresses(facts: Facts) -> set[str]:
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    return {str(one.ip) for interface in known for one in interface.addresses if not one.ip.is_loopback}


def _leads_here(proxy: PortProxy, own: set[str]) -> bool:
    try:
        return proxy.connect_address in own or ip_address(proxy.connect_address).is_loopback
    except ValueError:
        return proxy.connect_address in ("localhost", "*")


def _inside_nat(case: Case, stale: PortProxy | None, own: list[str], *, certain: bool) -> Finding:
    if stale is not None:
        title = f"Windows passes port {case.port} on to {stale.connect_address}, not to this distribution"
    else:
        title = f"This is WSL2 behind NAT: nothing on Windows passes port {case.port} on to it"
    listed = case.readings.get(WSL_PORTPROXY.name)
    known = listed is not None and listed.status is ReadStatus.OK
    evidence = [
        Evidence("wslinfo --networking-mode", _mode(case) or "not read"),
        Evidence("ip addr", ", ".join(own)),
    ]
    if listed is not None:
        evidence.append(
            Evidence("netsh interface portproxy show all", listed.text.strip() or listed.detail or "none")
        )
    return Finding(
        code="port-not-forwarded",
        outcome=Outcome.BLOCKS if certain and known else Outcome.UNKNOWN,
        title=title
        if known
        else f"This is WSL2 behind NAT: whether Windows passes port {case.port} on could not be read",
        detail="Other devices connect to the address of Windows, never to that of the distribution.",
        evidence=tuple(evidence),
        fixes=_forwarding_fixes(case),
    )


def _check_mirrored(case: Case) -> list[Finding]:
    from landiag.checks import hyperv

    return hyperv.check_mirrored(case)
