"""Real managers of firewalls, started by systemd: firewalld with its bus and policies, ufw at the boot."""

from __future__ import annotations

from tests.vm.scenario import START, Scenario, blocked, service

FIREWALLD = "systemctl start firewalld; firewall-cmd --state"
AT_BOOT = (
    "printf '[Install]\\nWantedBy=multi-user.target\\n' >> /etc/systemd/system/shop.service; "
    "systemctl enable shop.service"
)
DUAL = service(command="/usr/bin/python3 -m http.server --bind :: --directory /srv 5000")


def policy(*settings: str, name: str = "guard") -> str:
    """A policy of firewalld's for what comes from the zone to this machine, and a zone that has the port.

    firewalld 1.3 leaves policies out for zones without an interface of their own, the default zone as well.
    """
    lines = [
        "--permanent --zone=public --add-interface=eth0",
        "--permanent --zone=public --add-port=5000/tcp",
    ]
    lines += [f"--permanent --new-policy={name}"]
    lines += [f"--permanent --policy={name} --{one}" for one in ("add-ingress-zone=public", *settings)]
    return "; ".join([FIREWALLD, *(f"firewall-cmd {line}" for line in (*lines, "--reload"))])


SCENARIOS = (
    Scenario(
        "firewalld-public",
        fault="firewalld's zone public has no such port",
        files=service(),
        setup=f"{START}; {FIREWALLD}",
        truth="rejected admin-prohibited",
        expected=blocked("firewall-rejects"),
        says=("firewalld", "zone public", "firewall-cmd"),
        fixed="served",
    ),
    Scenario(
        "firewalld-open",
        fault="nothing: the zone has the port",
        files=service(),
        setup=f"{START}; {FIREWALLD}; firewall-cmd --add-port=5000/tcp",
    ),
    Scenario(
        "firewalld-panic",
        fault="firewall-cmd --panic-on",
        files=service(),
        setup=f"{START}; {FIREWALLD}; firewall-cmd --add-port=5000/tcp; firewall-cmd --panic-on",
        truth="timeout|unreachable",
        expected=blocked("firewall-drops"),
        says=("panic", "firewall-cmd --panic-off"),
        fixed="served",
    ),
    Scenario(
        "ufw-at-boot",
        fault="ufw was enabled, and denies incoming since the machine was started",
        files=service(name="shop"),
        setup=f"{START}; systemctl enable ufw.service; ufw --force enable; {AT_BOOT}",
        reboots=True,
        truth="timeout",
        expected=blocked("firewall-drops"),
        says=("ufw", "ufw prepend allow"),
        fixed="served",
    ),
    Scenario(
        "ufw-ipv6",
        fault="ufw lets the port in for the LAN's IPv4 addresses alone",
        files=DUAL,
        setup=f"{START}; ufw allow from 192.168.77.0/24 to any port 5000 proto tcp; ufw --force enable",
        truth="timeout",
        expected=blocked("firewall-drops"),
        says=("ufw", "ufw prepend allow", "fd77::/64"),
        fixed="served",
        address="fd77::10",
        options="--to fd77::10",
    ),
    Scenario(
        "ufw-allows-at-boot",
        fault="nothing: ufw rejects since the machine was started, and has the port",
        files=service(),
        setup=f"{START}; systemctl enable ufw.service; ufw default reject incoming; ufw allow 5000/tcp; "
        f"ufw --force enable; {AT_BOOT}",
        reboots=True,
    ),
    Scenario(
        "firewalld-policy-drops",
        fault="a policy of firewalld's drops what comes from the zone to this machine, and the zone has the port",
        files=service(),
        setup=f"{START}; {policy('add-egress-zone=HOST', 'set-target=DROP', 'set-priority=-5')}",
        truth="timeout",
        expected=blocked("firewall-drops"),
        says=("firewalld", "policy guard", "firewall-cmd --policy=guard"),
        never=("--zone=guard",),
        fixed="served",
    ),
    Scenario(
        "firewalld-policy-rejects",
        fault="a policy with a rich rule rejects the LAN",
        files=service(),
        setup=f"{START}; "
        + policy(
            "add-egress-zone=HOST",
            "set-priority=-5",
            "add-rich-rule='rule family=ipv4 source address=192.168.77.0/24 reject'",
        ),
        truth="rejected port-unreachable",
        expected=blocked("firewall-rejects"),
        says=("firewalld", "policy guard"),
        fixed="served",
    ),
    Scenario(
        "firewalld-policy-after-zone",
        fault="nothing: the policy that drops is asked after the zone, which has the port",
        files=service(),
        setup=f"{START}; {policy('add-egress-zone=HOST', 'set-target=DROP', 'set-priority=5')}",
    ),
    Scenario(
        "firewalld-ipv6",
        fault="a rich rule of the zone lets IPv4 clients in alone",
        files=DUAL,
        setup=f"{START}; {FIREWALLD}; "
        "firewall-cmd --add-rich-rule='rule family=ipv4 port port=5000 protocol=tcp accept'",
        truth="rejected admin-prohibited",
        expected=blocked("firewall-rejects"),
        says=("firewalld", "zone public"),
        fixed="served",
        address="fd77::10",
        options="--to fd77::10",
    ),
    Scenario(
        "nftables-service",
        fault="nftables.service has loaded the rules of its file, which drop",
        files={
            **service(),
            "/etc/nftables.conf": "flush ruleset\ntable inet filter {\n  chain input {\n    type filter hook input "
            "priority 0; policy drop;\n    iif lo accept\n    ct state established,related accept\n"
            "    tcp dport 22 accept\n    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n  }\n}\n",
        },
        setup=f"{START}; systemctl enable --now nftables.service",
        truth="timeout",
        expected=blocked("firewall-drops"),
        says=("/etc/nftables.conf",),
        fixed="served",
    ),
)
