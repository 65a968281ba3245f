"""Containers of real engines, Docker and Podman, with an image made of one static program."""

from __future__ import annotations

from tests.vm.scenario import AS_ADA, Scenario, blocked

# An image is a tar file: busybox, and a page.
IMAGE = (
    "mkdir -p /root/image/bin /root/image/www; cp /bin/busybox /root/image/bin/; "
    "ln -sf busybox /root/image/bin/sh; echo shop > /root/image/www/index.html; "
    "tar -C /root/image -cf /tmp/image.tar ."
)
DOCKER = f"{IMAGE}; systemctl start docker; docker import /tmp/image.tar shop"
# Podman 4.3 takes the plugins of CNI unless told otherwise, and they are not there.
NETAVARK = (
    "mkdir -p /etc/containers/containers.conf.d; "
    "printf '[network]\\nnetwork_backend = \"netavark\"\\n' > /etc/containers/containers.conf.d/network.conf"
)
PODMAN = f"{IMAGE}; {NETAVARK}; podman import -q /tmp/image.tar shop"
ROOTLESS = (
    f"{IMAGE}; chmod 644 /tmp/image.tar; loginctl enable-linger ada; "
    "for i in $(seq 100); do [ -d /run/user/1000 ] && break; sleep 0.2; done; "
    f"{AS_ADA}; "
    "as podman --cgroup-manager=cgroupfs import -q /tmp/image.tar shop"
)
DOCKER_OF_ADA = (
    f"{IMAGE}; chmod 644 /tmp/image.tar; loginctl enable-linger ada; "
    "for i in $(seq 100); do [ -d /run/user/1000 ] && break; sleep 0.2; done; "
    f"{AS_ADA}; as setsid sh /usr/share/docker.io/contrib/dockerd-rootless.sh --storage-driver=vfs "
    "--exec-opt native.cgroupdriver=cgroupfs "
    "> /tmp/dockerd.log 2>&1 & "
    "for i in $(seq 200); do [ -S /run/user/1000/docker.sock ] && break; sleep 0.2; done; "
    "export DOCKER_HOST=unix:///run/user/1000/docker.sock; docker import /tmp/image.tar shop"
)
SERVE = "shop /bin/busybox httpd -f -h /www -p"


def docker(options: str, listen: str = "80") -> str:
    """A container of Docker's that serves a page."""
    return f"{DOCKER}; docker run -d --name web {options} {SERVE} {listen}"


def podman(options: str, listen: str = "80") -> str:
    """A container of Podman's that serves a page."""
    return f"{PODMAN}; podman run -d --name web {options} {SERVE} {listen}"


def rootless(options: str, listen: str = "80") -> str:
    """The same of an ordinary user."""
    return f"{ROOTLESS}; as podman --cgroup-manager=cgroupfs run -d --name web {options} {SERVE} {listen}"


def docker_of_ada(options: str, listen: str = "80") -> str:
    """A container of a Docker that an ordinary user runs."""
    return f"{DOCKER_OF_ADA}; docker run -d --name web {options} {SERVE} {listen}"


def configured(*settings: str) -> str:
    """Settings of Docker's."""
    return f"mkdir -p /etc/docker; echo '{{{', '.join(settings)}}}' > /etc/docker/daemon.json; "


NO_PROXY = '"userland-proxy": false'
NO_RULES = '"iptables": false'
INSIDE = "docker exec web /bin/busybox netstat -ltn | grep -q :80"
RUNS_AS_ADA = (
    f"{AS_ADA}; as podman --cgroup-manager=cgroupfs rm -f web; as podman --cgroup-manager=cgroupfs run -d"
)
HARM = ("systemctl restart docker", "kill ", "systemctl restart containerd")

SCENARIOS = (
    Scenario(
        "docker-published",
        fault="nothing: the container's port is published",
        setup=docker("-p 5000:80"),
    ),
    Scenario(
        "docker-published-on-loopback",
        fault="published as 127.0.0.1:5000:80",
        setup=docker("-p 127.0.0.1:5000:80"),
        truth="refused",
        expected=blocked("published-on-loopback"),
        as_user=blocked("published-on-loopback|bound-to-loopback"),
        never=HARM,
        by_hand=f"docker rm -f web; docker run -d --name web -p 5000:80 {SERVE} 80",
        fixed="served",
    ),
    Scenario(
        "docker-app-on-loopback",
        fault="published; inside the container the server listens on 127.0.0.1",
        setup=docker("-p 5000:80", "127.0.0.1:80"),
        truth="refused|reset|closed",
        expected=blocked("bound-to-loopback"),
        never=(*HARM, "remove the rule", "emove the translation"),
        by_hand=f"docker rm -f web; docker run -d --name web -p 5000:80 {SERVE} 80",
        fixed="served",
    ),
    Scenario(
        "docker-not-published",
        fault="the container's port is not published",
        setup=docker("", "5000"),
        ready="docker exec web /bin/busybox netstat -ltn | grep -q 5000",
        truth="refused",
        expected=blocked("listening-in-namespace"),
        says=("docker",),
        by_hand=f"docker rm -f web; docker run -d --name web -p 5000:5000 {SERVE} 5000",
        fixed="served",
    ),
    Scenario(
        "docker-host-network",
        fault="nothing: the container uses the machine's own network",
        setup=docker("--network host", "5000"),
    ),
    Scenario(
        "docker-host-network-on-loopback",
        fault="the container uses the machine's own network, and its server listens on 127.0.0.1",
        setup=docker("--network host", "127.0.0.1:5000"),
        truth="refused",
        expected=blocked("bound-to-loopback"),
        never=HARM,
        by_hand=f"docker rm -f web; docker run -d --name web --network host {SERVE} 5000",
        fixed="served",
    ),
    Scenario(
        "docker-user-drops",
        fault="a rule in DOCKER-USER drops what comes to the container's port",
        setup=f"{docker('-p 5000:80')}; iptables -I DOCKER-USER -i eth0 -p tcp --dport 80 -j DROP",
        truth="timeout",
        expected=blocked("firewall-drops"),
        fixed="served",
    ),
    Scenario(
        "docker-no-proxy-on-loopback",
        fault="published on 127.0.0.1 by a Docker without its proxy",
        setup=configured(NO_PROXY) + docker("-p 127.0.0.1:5000:80"),
        ready=INSIDE,
        truth="refused",
        expected=blocked("published-on-loopback|bound-to-loopback|listening-in-namespace|nothing-listening"),
        never=HARM,
        by_hand=f"docker rm -f web; docker run -d --name web -p 5000:80 {SERVE} 80",
        fixed="served",
    ),
    Scenario(
        "docker-no-proxy",
        fault="nothing: published by a Docker without its proxy, by rules alone",
        setup=configured(NO_PROXY) + docker("-p 5000:80"),
        ready=INSIDE,
    ),
    Scenario(
        "docker-no-proxy-ipv6",
        fault="a Docker without its proxy publishes for IPv4 alone, and the client uses IPv6",
        setup=configured(NO_PROXY) + docker("-p 5000:80"),
        ready=INSIDE,
        address="fd77::10",
        options="--to fd77::10",
        truth="refused",
        expected=blocked("bound-to-ipv4-only|listening-in-namespace|nothing-listening"),
        never=HARM,
    ),
    Scenario(
        "docker-no-rules",
        fault="nothing: a Docker that writes no rules publishes by its proxy",
        setup=configured(NO_RULES) + docker("-p 5000:80"),
    ),
    Scenario(
        "docker-no-rules-no-proxy",
        fault="a Docker that writes no rules and starts no proxy holds the port, and takes no connection",
        setup=configured(NO_RULES, NO_PROXY) + docker("-p 5000:80"),
        ready=INSIDE,
        truth="silent",
        expected=blocked("server-silent"),
        says=("Docker holds port 5000 for a container", "/etc/docker/daemon.json"),
        by_hand="rm /etc/docker/daemon.json; systemctl restart docker; docker start web",
        fixed="served",
    ),
    Scenario(
        "docker-rules-flushed",
        fault="nothing: all rules were flushed, and Docker's proxy serves clients still",
        setup=docker("-p 5000:80") + "; nft flush ruleset",
    ),
    Scenario(
        "docker-no-proxy-rules-flushed",
        fault="all rules were flushed, those by which Docker publishes, too",
        setup=configured(NO_PROXY) + docker("-p 5000:80") + "; nft flush ruleset",
        ready=INSIDE,
        truth="silent",
        expected=blocked("server-silent"),
        says=("Docker holds port 5000 for a container", "systemctl restart docker"),
        by_hand="systemctl restart docker; docker start web",
        fixed="served",
    ),
    Scenario(
        "docker-published-ipv6",
        fault="nothing: Docker's proxy takes clients of the IPv6 address",
        setup=docker("-p 5000:80"),
        address="fd77::10",
        options="--to fd77::10",
    ),
    Scenario(
        "docker-beside-ufw",
        fault="nothing stops a client: ufw denies incoming, and Docker's port passes by it",
        setup=f"ufw --force enable; {docker('-p 5000:80')}",
    ),
    Scenario(
        "docker-strict-firewalld",
        fault="firewalld's StrictForwardPorts=yes: no container's port is published without firewalld",
        setup="sed -i 's/^StrictForwardPorts=.*/StrictForwardPorts=yes/' /etc/firewalld/firewalld.conf; "
        f"systemctl start firewalld; {docker('-p 5000:80')}",
        ready=INSIDE,
        truth="timeout|rejected admin-prohibited",
        expected=blocked("firewall-rejects|firewall-drops"),
        says=("firewalld", "StrictForwardPorts=no", "firewall-cmd --reload"),
        by_hand="sed -i s/StrictForwardPorts=yes/StrictForwardPorts=no/ /etc/firewalld/firewalld.conf; "
        "firewall-cmd --reload",
        fixed="served",
        releases=("trixie",),
    ),
    Scenario(
        "docker-beside-firewalld",
        fault="nothing stops a client: the zone has no such port, and Docker's port passes by it",
        setup=f"systemctl start firewalld; {docker('-p 5000:80')}",
        ready=INSIDE,
    ),
    Scenario(
        "podman-published",
        fault="nothing: root's container is published",
        setup=podman("-p 5000:80"),
        ready="podman exec web /bin/busybox netstat -ltn | grep -q :80",
    ),
    Scenario(
        "podman-published-on-loopback",
        fault="root's container is published on 127.0.0.1",
        setup=podman("-p 127.0.0.1:5000:80"),
        ready="podman exec web /bin/busybox netstat -ltn | grep -q :80",
        truth="refused|timeout",
        expected=blocked("published-on-loopback|port-redirected|nothing-listening|bound-to-loopback"),
        never=HARM,
        by_hand=f"podman rm -f web; podman run -d --name web -p 5000:80 {SERVE} 80",
        fixed="served",
    ),
    Scenario(
        "podman-rules-flushed",
        fault="all rules were flushed, those by which Podman publishes, too",
        setup=podman("-p 5000:80") + "; nft flush ruleset",
        ready="podman exec web /bin/busybox netstat -ltn | grep -q :80",
        truth="silent|refused",
        expected=blocked("server-silent|nothing-listening|listening-in-namespace"),
        fixed="served",
    ),
    Scenario(
        "quadlet-on-loopback",
        fault="a container's unit file publishes on 127.0.0.1",
        files={
            "/etc/containers/systemd/web.container": "[Container]\nImage=localhost/shop:latest\n"
            "PublishPort=127.0.0.1:5000:80\nExec=/bin/busybox httpd -f -h /www -p 80\nPull=never\n"
        },
        setup=f"{PODMAN}; systemctl daemon-reload; systemctl start web.service",
        ready="podman exec systemd-web /bin/busybox netstat -ltn | grep -q :80",
        truth="refused|timeout",
        expected=blocked("published-on-loopback|port-redirected|bound-to-loopback"),
        never=HARM,
        by_hand="sed -i s/127.0.0.1:// /etc/containers/systemd/web.container; systemctl daemon-reload; "
        "systemctl restart web.service",
        fixed="served",
        releases=("trixie",),
    ),
    Scenario(
        "rootless-published",
        fault="nothing: an ordinary user's container is published",
        setup=rootless("-p 5000:80"),
    ),
    Scenario(
        "rootless-published-on-loopback",
        fault="an ordinary user's container is published on 127.0.0.1",
        setup=rootless("-p 127.0.0.1:5000:80"),
        truth="refused",
        expected=blocked("published-on-loopback"),
        never=("docker", *HARM),
        by_hand=f"{RUNS_AS_ADA} --name web -p 5000:80 {SERVE} 80",
        fixed="served",
    ),
    Scenario(
        "rootless-pasta-app-on-loopback",
        fault="pasta carries the port in; inside the server listens on 127.0.0.1",
        setup=rootless("--network pasta -p 5000:80", "127.0.0.1:80"),
        truth="refused|reset|closed",
        expected=blocked("bound-to-loopback"),
        never=("docker", *HARM),
        by_hand=f"{RUNS_AS_ADA} --name web --network pasta -p 5000:80 {SERVE} 80",
        fixed="served",
        releases=("trixie",),
    ),
    Scenario(
        "pasta-app-on-loopback",
        fault="pasta alone carries the port into a network of its own; inside the server listens on 127.0.0.1",
        setup=f"{AS_ADA}; as setsid pasta --config-net -t 5000 -u none -T none -U none -- "
        "/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory /srv 5000 > /dev/null 2>&1 &",
        ready="ss -Hltn 'sport = :5000' | grep -q . && sleep 3",
        truth="refused|reset|closed",
        expected=blocked("bound-to-loopback"),
        never=("docker", "podman", *HARM),
    ),
    Scenario(
        "rootless-slirp-app-on-loopback",
        fault="slirp4netns carries the port in; inside the server listens on 127.0.0.1",
        setup=rootless("--network slirp4netns -p 5000:80", "127.0.0.1:80"),
        truth="refused|reset|closed",
        expected=blocked("bound-to-loopback"),
        never=("docker", *HARM),
        by_hand=f"{RUNS_AS_ADA} --name web --network slirp4netns -p 5000:80 {SERVE} 80",
        fixed="served",
    ),
    Scenario(
        "rootless-slirp",
        fault="nothing: slirp4netns carries the port in",
        setup=rootless("--network slirp4netns -p 5000:80"),
    ),
    Scenario(
        "rootless-slirp-on-loopback",
        fault="slirp4netns carries a port of 127.0.0.1 in",
        setup=rootless("--network slirp4netns -p 127.0.0.1:5000:80"),
        truth="refused",
        expected=blocked("published-on-loopback"),
        never=("docker", *HARM),
        by_hand=f"{RUNS_AS_ADA} --name web --network slirp4netns -p 5000:80 {SERVE} 80",
        fixed="served",
    ),
    Scenario(
        "docker-of-a-user",
        fault="nothing: a container of an ordinary user's Docker is published",
        setup=docker_of_ada("-p 5000:80"),
    ),
    Scenario(
        "docker-of-a-user-on-loopback",
        fault="a container of an ordinary user's Docker is published on 127.0.0.1",
        setup=docker_of_ada("-p 127.0.0.1:5000:80"),
        truth="refused",
        expected=blocked("published-on-loopback"),
        as_user=blocked("published-on-loopback"),
        never=HARM,
        by_hand="export DOCKER_HOST=unix:///run/user/1000/docker.sock; docker rm -f web; "
        f"docker run -d --name web -p 5000:80 {SERVE} 80",
        fixed="served",
    ),
)
