"""Containers and NAT: what is published, to where, and which rules then count."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Container, Expected, Scenario, Step, blocked, iptables, nft, sh, ufw
from tests.lab.servers import Server, flask, sockets

WEB = (Container(),)
NO_RULES_SEEN = Expected(
    "blocked|undetermined"
)  # nothing listens on the host itself: true, if not the whole truth
INSIDE = sockets("s = socket.create_server(('0.0.0.0', 80))", port=80, user=False, on="web")
INSIDE_LOOPBACK = sockets("s = socket.create_server(('127.0.0.1', 80))", port=80, user=False, on="web")

# What docker writes for `docker run -p 5000:80`, container 172.17.0.2 on docker0.
DOCKER_RULES = """
*nat
:DOCKER -
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER{to} ! -i docker0 -p tcp -m tcp --dport 5000 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:DOCKER -
:DOCKER-ISOLATION-STAGE-1 -
:DOCKER-ISOLATION-STAGE-2 -
:DOCKER-USER -
-I FORWARD -i docker0 -o docker0 -j ACCEPT
-I FORWARD -i docker0 ! -o docker0 -j ACCEPT
-I FORWARD -o docker0 -j DOCKER
-I FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-I FORWARD -j DOCKER-ISOLATION-STAGE-1
-I FORWARD -j DOCKER-USER
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
{user}
-A DOCKER-USER -j RETURN
COMMIT
"""

PROXY = """#!%s
import argparse, socket, threading
parser = argparse.ArgumentParser()
for name in ("proto", "host-ip", "host-port", "container-ip", "container-port"):
    parser.add_argument("-" + name)
options = parser.parse_args()


def copy(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


listener = socket.create_server((options.host_ip, int(options.host_port)))
while True:
    client, _ = listener.accept()
    try:
        server = socket.create_connection((options.container_ip, int(options.container_port)))
    except OSError:
        client.close()
        continue
    threading.Thread(target=copy, args=(client, server)).start()
    threading.Thread(target=copy, args=(server, client)).start()
"""


def docker(published_on: str = "0.0.0.0", user_rules: str = "") -> Step:
    """Docker's rules for a container's port 80, published as 5000 on that address of the host."""
    to = "" if published_on == "0.0.0.0" else f" -d {published_on}/32"
    rules = DOCKER_RULES.format(to=to, user=user_rules)
    return Step("iptables -P FORWARD DROP; iptables-restore -n", rules)


def docker_proxy(address: str = "0.0.0.0", options: str = "") -> Server:
    """Docker's proxy, which holds the port on the host: a stand-in with its name and its arguments."""
    arguments = f"-proto tcp -host-ip {address} -host-port 5000 -container-ip 172.17.0.2 -container-port 80"
    return Server(
        f"chmod +x docker-proxy; exec ./docker-proxy {arguments} {options}".rstrip(),
        {"docker-proxy": PROXY % "/usr/bin/env python3"},
        user=False,
        folder="/srv/docker",
    )


DROPPED_EARLY = Scenario(
    "docker-dropped-before-its-translation",
    fault="a rule of the raw table drops what a translation would have sent to the container",
    containers=WEB,
    before=(docker(), iptables("-t raw -A PREROUTING -d 192.168.77.10/32 -p tcp --dport 5000 -j DROP")),
    servers=(INSIDE,),
    truth="timeout",
    expected=blocked("firewall-drops"),
)

SCENARIOS = (
    DROPPED_EARLY,
    Scenario(
        "docker-published",
        fault="nothing: the container's port is published",
        containers=WEB,
        before=(docker(),),
        servers=(INSIDE, docker_proxy()),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "docker-published-behind-ufw",
        fault="nothing: ufw denies incoming, and docker's published port goes round it",
        containers=WEB,
        before=(ufw(), docker()),
        servers=(INSIDE, docker_proxy()),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "docker-without-proxy",
        fault="nothing: without a proxy nothing listens on the host, and the port is open",
        containers=WEB,
        before=(docker(),),
        servers=(INSIDE,),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "docker-published-on-loopback",
        fault="published as 127.0.0.1:5000:80",
        containers=WEB,
        before=(docker("127.0.0.1"),),
        servers=(INSIDE, docker_proxy("127.0.0.1")),
        truth="refused",
        expected=blocked("published-on-loopback"),
        as_user=blocked("published-on-loopback|bound-to-loopback"),
    ),
    Scenario(
        "docker-app-on-loopback",
        fault="the port is published; inside the container the server listens on 127.0.0.1",
        containers=WEB,
        before=(docker(),),
        servers=(INSIDE_LOOPBACK, docker_proxy()),
        truth="refused",
        expected=blocked("bound-to-loopback|port-redirected"),
        as_user=NO_RULES_SEEN,
    ),
    Scenario(
        "docker-not-published",
        fault="the container's port is not published",
        containers=WEB,
        servers=(sockets("s = socket.create_server(('0.0.0.0', 5000))", user=False, on="web"),),
        truth="refused",
        expected=blocked("listening-in-namespace"),
        as_user=blocked("nothing-listening"),
    ),
    Scenario(
        "docker-user-drops",
        fault="a rule in DOCKER-USER drops what comes to the container's port",
        containers=WEB,
        before=(docker(user_rules="-A DOCKER-USER -i eth0 -p tcp --dport 80 -j DROP"),),
        servers=(INSIDE, docker_proxy()),
        truth="timeout",
        expected=blocked("firewall-drops"),
        fixable=True,
    ),
    Scenario(
        "docker-input-drops",
        fault="nothing: INPUT drops the port, and what is published does not pass INPUT",
        containers=WEB,
        before=(docker(), iptables("-A INPUT -i eth0 -p tcp --dport 5000 -j DROP")),
        servers=(INSIDE, docker_proxy()),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "proxy-only",
        fault="nothing: a rootless engine forwards the port in user space, without any rule",
        containers=WEB,
        servers=(INSIDE, docker_proxy()),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "proxy-only-app-on-loopback",
        fault="a proxy in user space accepts, and inside the container nobody answers",
        containers=WEB,
        servers=(INSIDE_LOOPBACK, docker_proxy()),
        truth="closed|reset",
        expected=Expected("blocked|undetermined", "bound-to-loopback|port-not-forwarded|not-http"),
        as_user=Expected("blocked|undetermined"),
    ),
    Scenario(
        "forwarding-off",
        fault="the port is published, and the kernel forwards nothing",
        containers=WEB,
        before=(docker(), sh("echo 0 > /proc/sys/net/ipv4/ip_forward")),
        servers=(INSIDE,),
        truth="timeout",
        expected=blocked("port-not-forwarded"),
        as_user=NO_RULES_SEEN,
    ),
    Scenario(
        "redirected-to-closed-port",
        fault="NAT sends the port to another, where nothing listens",
        before=(iptables("-t nat -A PREROUTING -p tcp --dport 5000 -j REDIRECT --to-ports 5999"),),
        servers=(flask("--host 0.0.0.0"),),
        truth="refused",
        expected=blocked("port-redirected"),
    ),
    Scenario(
        "redirected-to-the-server",
        fault="nothing: NAT sends port 80 to the server on 5000",
        before=(
            nft(
                """
                table ip nat {
                  chain prerouting {
                    type nat hook prerouting priority -100;
                    tcp dport 80 redirect to :5000
                  }
                }
                """
            ),
        ),
        servers=(flask("--host 0.0.0.0"),),
        port=80,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "redirected-and-dropped",
        fault="NAT sends port 80 to 5000, and a rule lets only 80 in",
        before=(
            nft(
                """
                table ip nat {
                  chain prerouting {
                    type nat hook prerouting priority -100;
                    tcp dport 80 redirect to :5000
                  }
                  chain input {
                    type filter hook input priority 0; policy drop;
                    ct state established,related accept
                    iif lo accept
                    tcp dport 80 accept
                  }
                }
                """
            ),
        ),
        servers=(flask("--host 0.0.0.0"),),
        port=80,
        truth="timeout",
        expected=blocked("firewall-drops"),
        as_user=NO_RULES_SEEN,
        fixable=True,
    ),
    Scenario(
        "sent-to-a-dead-address",
        fault="NAT sends the port to the address that a container had yesterday",
        containers=WEB,
        before=(
            iptables("-t nat -A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 172.17.0.9:80"),
            sh("echo 0 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv4/ip_forward"),
        ),
        truth="rejected host-unreachable|timeout",
        expected=blocked("port-redirected|port-not-forwarded"),
        as_user=NO_RULES_SEEN,
    ),
)
