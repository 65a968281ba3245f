"""firewalld: zones, services, sources, rich rules."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Scenario, blocked, firewalld, nft_input, sh
from tests.lab.servers import OPEN, http_server

SERVERS = (OPEN,)
REJECTS = blocked("firewall-rejects")
DROPS = blocked("firewall-drops")

SCENARIOS = (
    Scenario(
        "firewalld-public",
        fault="the zone public, which is every interface's unless told otherwise, lets ssh in",
        before=(firewalld(),),
        servers=SERVERS,
        truth="rejected admin-prohibited",
        expected=REJECTS,
        fixable=True,
    ),
    Scenario(
        "firewalld-port-in-another-zone",
        fault="the port was opened in the zone home, the interface is in public",
        before=(firewalld("--zone=home --add-port=5000/tcp", "--zone=public --change-interface=eth0"),),
        servers=SERVERS,
        truth="rejected admin-prohibited",
        expected=REJECTS,
        fixable=True,
    ),
    Scenario(
        "firewalld-drop-zone",
        fault="the LAN is a source of the zone drop, though its interface is in trusted",
        before=(
            firewalld("--zone=trusted --change-interface=eth0", "--zone=drop --add-source=192.168.77.0/24"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "firewalld-drop-zone-of-one",
        fault="one client is a source of the zone drop, all others are let in",
        before=(
            firewalld("--zone=trusted --change-interface=eth0", "--zone=drop --add-source=192.168.77.20"),
        ),
        servers=SERVERS,
        options="--peer 192.168.77.20",
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "firewalld-ipv6-rpfilter",
        fault="the port is open, and answers to the client would leave by another interface",
        before=(
            firewalld("--zone=public --add-port=5000/tcp"),
            sh(
                "ip link add d1 type veth peer d2; ip link set d2 up; ip link set d1 up\n"
                "ip -6 route add fd77::20/128 dev d1"
            ),
        ),
        servers=(http_server("--bind ::"),),
        address="fd77::10",
        peer="fd77::20",
        options="--to fd77::10 --peer fd77::20",
        truth="timeout",
        as_user=blocked("no-route-to-client"),
        expected=DROPS,
    ),
    Scenario(
        "firewalld-permanent-only",
        fault="the port was opened permanently, and nobody has reloaded",
        before=(firewalld("--permanent --zone=public --add-port=5000/tcp"),),
        servers=SERVERS,
        truth="rejected admin-prohibited",
        expected=REJECTS,
        fixable=True,
    ),
    Scenario(
        "firewalld-and-nft",
        fault="firewalld lets the port in, a table of somebody else drops it before",
        before=(firewalld("--zone=public --add-port=5000/tcp"), nft_input("tcp dport 5000 drop")),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "firewalld-port-open",
        fault="nothing: the port is open in the zone",
        before=(firewalld("--zone=public --add-port=5000/tcp"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "firewalld-workstation",
        fault="nothing: the zone opens all ports above 1024, as Fedora Workstation's does",
        before=(firewalld("--zone=public --add-port=1025-65535/tcp"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "firewalld-rich-rule",
        fault="nothing: a rich rule lets the LAN in",
        before=(
            firewalld(
                "--zone=public --add-rich-rule='rule family=ipv4 source address=192.168.77.0/24"
                " port port=5000 protocol=tcp accept'"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
)
