"""The network in the hands of NetworkManager, and what systemd hands on: its proxy for sockets."""

from __future__ import annotations

from tests.vm.scenario import START, UNDETERMINED, Scenario, blocked, service, unit

PROFILE = (
    "[connection]\nid=lan\ntype=ethernet\ninterface-name=eth0\nautoconnect=true\n{more}\n"
    "[ipv4]\nmethod={method}\naddress1=192.168.77.10/24,192.168.77.1\n"
    "[ipv6]\nmethod=manual\naddress1=fd77::10/64,fd77::1\n"
)
MANAGED = (
    "chmod 600 /etc/NetworkManager/system-connections/lan.nmconnection; ifdown --force eth0; "
    "printf 'auto lo\\niface lo inet loopback\\n' > /etc/network/interfaces; "
    "systemctl start NetworkManager; nmcli connection up lan; nm-online -q -t 30"
)
HAS_ADDRESS = "ip -4 addr show dev eth0 | grep -q 192.168.77.10 && ss -Hltn 'sport = :5000' | grep -q ."


def profile(more: str = "", method: str = "manual") -> dict[str, str]:
    """NetworkManager's profile of the LAN, and the shop."""
    text = PROFILE.format(more=more, method=method)
    return {**service(), "/etc/NetworkManager/system-connections/lan.nmconnection": text}


def handed_on(*options: str, to: str = "127.0.0.1:8080", listen: str = "5000") -> dict[str, str]:
    """A server on 127.0.0.1, and systemd's proxy that hands connections of port 5000 on."""
    program = " ".join(("/usr/lib/systemd/systemd-socket-proxyd", *options, to))
    return {
        **service(command="/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory /srv 8080"),
        **unit("front.service", "Service", f"ExecStart={program}"),
        **unit("front.socket", "Socket", f"ListenStream={listen}"),
    }


HANDED = (
    "systemctl daemon-reload; systemctl start shop.service front.socket; "
    "until ss -Hltn 'sport = :8080' | grep -q .; do sleep 0.2; done"
)

RESOLVED = (
    "ln -sf /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf; mkdir -p /etc/systemd/resolved.conf.d; "
    "printf '[Resolve]\nDNS=192.168.77.1\nLLMNR=yes\n' > /etc/systemd/resolved.conf.d/lab.conf; "
    "systemctl start systemd-resolved"
)

SCENARIOS = (
    Scenario(
        "networkmanager-open",
        fault="nothing: NetworkManager has the LAN",
        files=profile(),
        setup=f"{START}; {MANAGED}",
        ready=HAS_ADDRESS,
    ),
    Scenario(
        "networkmanager-zone",
        fault="the profile puts the LAN into firewalld's zone drop; the zone public has the port",
        files=profile("zone=drop"),
        setup=f"{START}; systemctl start firewalld; firewall-cmd --zone=public --add-port=5000/tcp; {MANAGED}",
        ready=f"firewall-cmd --get-zone-of-interface=eth0 | grep -q drop && {HAS_ADDRESS}",
        truth="timeout",
        expected=blocked("firewall-drops"),
        says=("firewalld", "zone drop", "--zone=drop"),
        fixed="served",
    ),
    Scenario(
        "networkmanager-shared",
        fault="nothing: the LAN's connection is shared, with rules of NetworkManager's own",
        files=profile(method="shared"),
        setup=f"{START}; {MANAGED}",
        ready=HAS_ADDRESS,
    ),
    Scenario(
        "proxyd-open",
        fault="nothing: systemd's proxy hands connections on to a server on 127.0.0.1",
        files=handed_on(),
        setup=HANDED,
    ),
    Scenario(
        "proxyd-on-loopback",
        fault="the proxy's socket unit listens on 127.0.0.1",
        files=handed_on(listen="127.0.0.1:5000"),
        setup=HANDED,
        truth="refused",
        expected=blocked("bound-to-loopback"),
        says=("front.socket", "ListenStream=5000"),
        never=("kill",),
        fixed="served",
    ),
    Scenario(
        "proxyd-to-nobody",
        fault="the proxy hands connections on to a port where nobody listens",
        files=handed_on(to="127.0.0.1:8081"),
        setup=HANDED,
        truth="closed|reset",
        expected=UNDETERMINED,
        says=("closes the connection without an answer",),
        cause="not-http",
    ),
    Scenario(
        "resolved-stub",
        fault="resolved answers on 127.0.0.53 and 127.0.0.54 alone",
        setup=RESOLVED,
        options="--scheme tcp",
        port=53,
        truth="refused",
        expected=blocked("bound-to-loopback"),
        says=("systemd-resolved", "DNSStubListenerExtra=", "systemctl restart systemd-resolved.service"),
        never=("kill",),
        by_hand="printf '[Resolve]\\nDNSStubListenerExtra=192.168.77.10\\n' > /etc/systemd/resolved.conf.d/more.conf; "
        "systemctl restart systemd-resolved.service",
        fixed="connected",
    ),
    Scenario(
        "resolved-llmnr",
        fault="nothing: resolved takes LLMNR's connections, which no browser asks for",
        setup=RESOLVED,
        port=5355,
        options="--scheme tcp",
        truth="connected",
    ),
    Scenario(
        "resolved-asks-nobody",
        fault="nothing on this machine; the name server that resolved asks is silent when a name is looked for",
        files=service(),
        setup=f"{START}; {RESOLVED}",
        also=(("landiag probe nas.lan --port 5000", "no name server"),),
    ),
)
