"""systemd's units: what keeps a service, its slice or its socket from clients."""

from __future__ import annotations

from tests.vm.scenario import REBOUND, SHOP, START, UNDETERMINED, Scenario, blocked, service, unit

ACTIVATED = """
import http.server, socket

class Server(http.server.HTTPServer):
    def __init__(self):
        super().__init__(("", 0), http.server.SimpleHTTPRequestHandler, bind_and_activate=False)
        self.socket = socket.socket(fileno=3)

Server().serve_forever()
"""
ON_DEMAND = "/usr/bin/python3 /srv/activated.py"
FAILS = (
    "for i in $(seq 50); do [ $(systemctl show -P NRestarts shop) -gt 1 ] && exit; sleep 0.2; done; exit 1"
)
RUNS = "[ $(systemctl show -P SubState shop) = running ] && sleep 2"


def on_demand(*lines: str, listen: str = "127.0.0.1:5000") -> dict[str, str]:
    """A service that systemd starts when somebody connects to its socket."""
    return {
        "/srv/activated.py": ACTIVATED,
        **unit("shop.service", "Service", f"ExecStart={ON_DEMAND}"),
        **unit("shop.socket", "Socket", f"ListenStream={listen}", *lines),
    }


SCENARIOS = (
    Scenario(
        "unit-open",
        fault="nothing: a service without a sandbox",
        files=service(),
        setup=START,
        as_user=UNDETERMINED,
    ),
    Scenario(
        "unit-address-deny",
        fault="IPAddressDeny=any in the service",
        files=service("IPAddressDeny=any", "IPAddressAllow=localhost"),
        setup=START,
        truth="timeout",
        expected=blocked("sandbox-denies"),
        as_user=blocked("sandbox-denies"),
        says=("IPAddressDeny of shop.service", "systemctl set-property shop.service IPAddressAllow="),
        fixed="served",
    ),
    Scenario(
        "unit-address-deny-slice",
        fault="IPAddressDeny=any in the slice of the service",
        files={**service("Slice=web.slice"), **unit("web.slice", "Slice", "IPAddressDeny=any")},
        setup=START,
        truth="timeout",
        expected=blocked("sandbox-denies"),
        says=("IPAddressDeny of web.slice", "set-property web.slice"),
        never=("[Service]",),
        fixed="served",
    ),
    Scenario(
        "unit-address-deny-socket",
        fault="IPAddressDeny=any in the socket unit",
        files=on_demand("IPAddressDeny=any", listen="5000"),
        setup="systemctl daemon-reload; systemctl start shop.socket",
        truth="timeout",
        expected=blocked("sandbox-denies"),
        says=("IPAddressDeny of shop.socket", "set-property shop.socket"),
        never=("[Service]",),
        fixed="served",
    ),
    Scenario(
        "unit-address-allow-client-only",
        fault="nothing for this client: the list lets it in, and not this machine itself",
        files=service("IPAddressDeny=any", "IPAddressAllow=192.168.77.20"),
        setup=START,
        options="--peer 192.168.77.20",
        expected=UNDETERMINED,
        says=("this machine's own test is stopped", "shop.service: IPAddressDeny="),
        cause="own-connection-stopped",
    ),
    Scenario(
        "unit-interfaces",
        fault="RestrictNetworkInterfaces=lo",
        files=service("RestrictNetworkInterfaces=lo"),
        setup=START,
        truth="timeout",
        expected=blocked("sandbox-denies"),
        says=(
            "RestrictNetworkInterfaces of shop.service",
            '"RestrictNetworkInterfaces=eth0"',
        ),
        fixed="served",
        releases=("trixie",),
    ),
    Scenario(
        "unit-interfaces-no-effect",
        fault="nothing: RestrictNetworkInterfaces=lo has no effect without BPF_FRAMEWORK",
        files=service("RestrictNetworkInterfaces=lo"),
        setup=START,
        releases=("bookworm",),
    ),
    Scenario(
        "unit-interfaces-deny-list",
        fault="RestrictNetworkInterfaces=~eth0 in the slice",
        files={**service("Slice=web.slice"), **unit("web.slice", "Slice", "RestrictNetworkInterfaces=~eth0")},
        setup=START,
        truth="timeout",
        expected=blocked("sandbox-denies"),
        says=("RestrictNetworkInterfaces of web.slice",),
        fixed="served",
        releases=("trixie",),
    ),
    Scenario(
        "unit-interfaces-socket",
        fault="RestrictNetworkInterfaces=lo in the socket unit, whose service runs",
        files=on_demand("RestrictNetworkInterfaces=lo", listen="5000"),
        setup="systemctl daemon-reload; systemctl start shop.socket shop.service",
        truth="timeout",
        expected=blocked("sandbox-denies"),
        says=("RestrictNetworkInterfaces of shop.socket", '"[Socket]" "RestrictNetworkInterfaces=eth0"'),
        fixed="served",
        releases=("trixie",),
    ),
    Scenario(
        "unit-interfaces-lan-only",
        fault="nothing: RestrictNetworkInterfaces=eth0 stops this machine's own test alone",
        files=service("RestrictNetworkInterfaces=eth0"),
        setup=START,
        expected=UNDETERMINED,
        says=("shop.service: RestrictNetworkInterfaces=eth0",),
        cause="own-connection-stopped",
        releases=("trixie",),
    ),
    Scenario(
        "unit-private-network",
        fault="PrivateNetwork=yes",
        files=service("PrivateNetwork=yes"),
        setup=START,
        ready=RUNS,
        truth="refused",
        expected=blocked("listening-in-namespace"),
        as_user=blocked("listening-in-namespace"),
        says=("shop.service", "PrivateNetwork=yes"),
        never=("docker",),
        fixed="served",
    ),
    Scenario(
        "unit-network-namespace",
        fault="NetworkNamespacePath= of a namespace that has no way out",
        files=service("NetworkNamespacePath=/run/netns/apart"),
        setup=f"ip netns add apart; {START}",
        ready=RUNS,
        truth="refused",
        expected=blocked("listening-in-namespace"),
        says=("shop.service", "NetworkNamespacePath=/run/netns/apart"),
        never=("docker",),
        fixed="served",
    ),
    Scenario(
        "unit-by-ip-netns",
        fault="the service's command enters a network namespace by itself",
        files=service(command=f"/usr/sbin/ip netns exec apart {SHOP} 5000"),
        setup=f"ip netns add apart; {START}",
        ready=RUNS,
        truth="refused",
        expected=blocked("listening-in-namespace"),
        says=("ip netns exec",),
        never=("docker",),
        by_hand="sed -i 's|/usr/sbin/ip netns exec apart ||' /etc/systemd/system/shop.service; "
        "systemctl daemon-reload; systemctl restart shop.service",
        fixed="served",
    ),
    Scenario(
        "unit-joins-namespace",
        fault="JoinsNamespaceOf= of a service with a network of its own",
        files={
            **service("PrivateNetwork=yes"),
            **unit("other.service", "Service", "ExecStart=/bin/sleep 1000", "PrivateNetwork=yes"),
            "/etc/systemd/system/shop.service.d/joins.conf": "[Unit]\nJoinsNamespaceOf=other.service\n",
        },
        setup=f"systemctl daemon-reload; systemctl start other; {START}",
        ready=RUNS,
        truth="refused",
        expected=blocked("listening-in-namespace"),
        says=("shop.service",),
        fixed="served",
    ),
    Scenario(
        "unit-bind-deny",
        fault="SocketBindDeny=any: the service fails again and again",
        files=service("SocketBindDeny=any"),
        setup=START,
        ready=f"({FAILS})",
        truth="refused",
        expected=blocked("nothing-listening"),
        as_user=blocked("nothing-listening"),
        says=("shop.service", "SocketBindDeny=any", "Operation not permitted"),
        fixed="served",
        releases=("trixie",),
    ),
    Scenario(
        "unit-bind-deny-no-effect",
        fault="nothing: SocketBindDeny=any has no effect without BPF_FRAMEWORK",
        files=service("SocketBindDeny=any"),
        setup=START,
        releases=("bookworm",),
    ),
    Scenario(
        "unit-bind-deny-slice",
        fault="SocketBindDeny=tcp:5000 in the slice: the service fails again and again",
        files={**service("Slice=web.slice"), **unit("web.slice", "Slice", "SocketBindDeny=tcp:5000")},
        setup=START,
        ready=f"({FAILS})",
        truth="refused",
        expected=blocked("nothing-listening"),
        says=("web.slice", "SocketBindDeny=tcp:5000", "Operation not permitted"),
        fixed="served",
        releases=("trixie",),
    ),
    Scenario(
        "unit-address-families",
        fault="RestrictAddressFamilies=AF_UNIX: the service fails again and again",
        files=service("RestrictAddressFamilies=AF_UNIX"),
        setup=START,
        ready=f"({FAILS})",
        truth="refused",
        expected=blocked("nothing-listening"),
        as_user=blocked("nothing-listening"),
        says=("shop.service", "RestrictAddressFamilies=AF_UNIX", "Address family not supported by protocol"),
        fixed="served",
    ),
    Scenario(
        "unit-crashes",
        fault="the service fails for a reason of its own",
        files=service(command="/usr/bin/python3 /srv/there-is-none.py 5000"),
        setup=START,
        ready=f"({FAILS})",
        truth="refused",
        expected=blocked("nothing-listening"),
        says=("shop.service fails", "No such file or directory"),
    ),
    Scenario(
        "unit-on-loopback",
        fault="the service's command binds to 127.0.0.1",
        files=service(command="/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory /srv 5000"),
        setup=START,
        truth="refused",
        expected=blocked("bound-to-loopback"),
        as_user=blocked("bound-to-loopback"),
        says=("shop.service",),
        by_hand=REBOUND,
        fixed="served",
    ),
    Scenario(
        "socket-on-loopback",
        fault="a socket unit listens on 127.0.0.1; nobody has connected yet",
        files=on_demand(),
        setup="systemctl daemon-reload; systemctl start shop.socket",
        truth="refused",
        expected=blocked("bound-to-loopback"),
        as_user=blocked("bound-to-loopback"),
        says=("shop.socket", "ListenStream=5000"),
        never=("kill",),
        fixed="served",
    ),
    Scenario(
        "socket-on-loopback-in-use",
        fault="a socket unit listens on 127.0.0.1 and on a second port; its service runs",
        files=on_demand("ListenStream=[::1]:5000", "ListenStream=5001"),
        setup="systemctl daemon-reload; systemctl start shop.socket shop.service",
        truth="refused",
        expected=blocked("bound-to-loopback"),
        says=("shop.socket", "ListenStream=[::]:5001"),
        never=("kill",),
        fixed="served",
    ),
)
