"""Sockets that systemd itself listens on: where, for which family, by which interface, and for whom."""

from __future__ import annotations

from tests.vm.scenario import Scenario, blocked, unit
from tests.vm.scenarios.units import on_demand

LISTEN = "systemctl daemon-reload; systemctl start shop.socket"
EACH = {
    **unit("shop@.service", "Service", "ExecStart=/bin/busybox httpd -i -h /srv", "StandardInput=socket"),
    **unit("shop.socket", "Socket", "ListenStream=127.0.0.1:5000", "Accept=yes"),
    "/srv/index.html": "shop\n",
}
BROKEN = {
    **unit("shop.service", "Service", "ExecStart=/usr/bin/python3 /srv/there-is-none.py"),
    **unit("shop.socket", "Socket", "ListenStream=5000"),
}
COMES = (
    "python3 -c 'import socket, time\nfor i in range(40):\n    try:\n"
    '        socket.create_connection(("192.168.77.10", 5000), timeout=1)\n'
    "    except OSError:\n        break\n    time.sleep(0.2)'"
)
GIVES_UP = "[ $(systemctl show -P ActiveState shop.socket) = failed ]"

SCENARIOS = (
    Scenario(
        "socket-open",
        fault="nothing: a socket unit that names the port alone",
        files=on_demand(listen="5000"),
        setup=LISTEN,
    ),
    Scenario(
        "socket-device",
        fault="BindToDevice=lo in the socket unit",
        files=on_demand("BindToDevice=lo", listen="5000"),
        setup=LISTEN,
        truth="refused",
        expected=blocked("bound-to-device"),
        says=("shop.socket", "BindToDevice="),
        never=("kill",),
        fixed="served",
    ),
    Scenario(
        "socket-free-bind",
        fault="FreeBind=yes: it listens on an address that this machine does not have",
        files=on_demand("FreeBind=yes", listen="10.99.0.1:5000"),
        setup=LISTEN,
        truth="refused",
        expected=blocked("bound-to-other-address"),
        says=("shop.socket", "ListenStream="),
        never=("kill",),
        fixed="served",
    ),
    Scenario(
        "socket-ipv6-only",
        fault="BindIPv6Only=ipv6-only: no client of IPv4",
        files=on_demand("BindIPv6Only=ipv6-only", listen="5000"),
        setup=LISTEN,
        truth="refused",
        expected=blocked("bound-to-ipv6-only"),
        says=("shop.socket",),
        never=("kill",),
        fixed="served",
    ),
    Scenario(
        "socket-ipv4-only",
        fault="it listens on 0.0.0.0, and the client uses IPv6",
        files=on_demand(listen="0.0.0.0:5000"),
        setup=LISTEN,
        address="fd77::10",
        options="--to fd77::10",
        truth="refused",
        expected=blocked("bound-to-ipv4-only"),
        says=("shop.socket",),
        never=("kill",),
        fixed="served",
    ),
    Scenario(
        "socket-on-ipv6-loopback",
        fault="it listens on ::1",
        files=on_demand(listen="[::1]:5000"),
        setup=LISTEN,
        truth="refused",
        expected=blocked("bound-to-loopback"),
        says=("shop.socket", "ListenStream=5000"),
        never=("kill",),
        fixed="served",
    ),
    Scenario(
        "socket-of-several-kinds",
        fault="a socket unit of a slice listens on 127.0.0.1, on datagrams, on a FIFO and in the file system",
        files=on_demand(
            "ListenDatagram=127.0.0.1:5000",
            "ListenStream=/run/shop.sock",
            "ListenFIFO=/run/shop.fifo",
            "Slice=web.slice",
        ),
        setup=LISTEN,
        truth="refused",
        expected=blocked("bound-to-loopback"),
        says=(
            "shop.socket",
            "ListenDatagram=127.0.0.1:5000",
            "ListenStream=/run/shop.sock",
            "ListenFIFO=/run/shop.fifo",
        ),
        never=("kill",),
        fixed="served",
    ),
    Scenario(
        "socket-for-each-connection",
        fault="Accept=yes on 127.0.0.1: a service for each connection",
        files=EACH,
        setup=LISTEN,
        truth="refused",
        expected=blocked("bound-to-loopback"),
        says=("shop.socket", "ListenStream=5000"),
        never=("kill",),
        fixed="served",
    ),
    Scenario(
        "socket-private-network",
        fault="PrivateNetwork=yes in the socket unit",
        files=on_demand("PrivateNetwork=yes", listen="5000"),
        setup=LISTEN,
        ready="systemctl is-active shop.socket",
        truth="refused",
        expected=blocked("listening-in-namespace"),
        as_user=blocked("listening-in-namespace"),
        says=("shop.socket", "PrivateNetwork=yes", "[Socket]"),
        never=("docker",),
        fixed="served",
    ),
    Scenario(
        "socket-network-namespace",
        fault="NetworkNamespacePath= in the socket unit, whose service runs",
        files=on_demand("NetworkNamespacePath=/run/netns/apart", listen="5000"),
        setup=f"ip netns add apart; {LISTEN} shop.service",
        ready="systemctl is-active shop.socket",
        truth="refused",
        expected=blocked("listening-in-namespace"),
        says=("shop.socket", "NetworkNamespacePath=/run/netns/apart", "[Socket]"),
        never=("docker",),
        fixed="served",
    ),
    Scenario(
        "socket-gives-up",
        fault="the service fails whenever somebody connects, until the socket unit gives up",
        files=BROKEN,
        setup=LISTEN,
        visits=COMES,
        ready=GIVES_UP,
        truth="refused",
        expected=blocked("nothing-listening"),
        says=("shop.socket", "shop.service", "No such file or directory"),
    ),
    Scenario(
        "socket-of-a-denied-service",
        fault="nothing: IPAddressDeny=any of the service does not bear on the socket that systemd hands it",
        files={
            **on_demand(listen="5000"),
            "/etc/systemd/system/shop.service.d/deny.conf": "[Service]\nIPAddressDeny=any\n",
        },
        setup=LISTEN,
    ),
    Scenario(
        "socket-of-a-private-service",
        fault="nothing: PrivateNetwork=yes of the service does not bear on the socket that systemd hands it",
        files={
            **on_demand(listen="5000"),
            "/etc/systemd/system/shop.service.d/private.conf": "[Service]\nPrivateNetwork=yes\n",
        },
        setup=LISTEN,
    ),
)
