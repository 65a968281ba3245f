"""Real managers of firewalls, started by systemd: firewalld with its bus, ufw at the boot, fail2ban."""

from __future__ import annotations

from tests.vm.scenario import CLEAR, START, Scenario, blocked, service

FIREWALLD = "systemctl start firewalld; firewall-cmd --state"

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
        truth="served",
        expected=CLEAR,
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
        setup=f"{START}; systemctl enable ufw.service; ufw --force enable; "
        "printf '[Install]\\nWantedBy=multi-user.target\\n' >> /etc/systemd/system/shop.service; "
        "systemctl enable shop.service",
        reboots=True,
        truth="timeout",
        expected=blocked("firewall-drops"),
        says=("ufw", "ufw prepend allow"),
        fixed="served",
    ),
    Scenario(
        "fail2ban-ban",
        fault="fail2ban has banned the client",
        files={
            **service(),
            "/etc/fail2ban/jail.local": "[DEFAULT]\nbackend = systemd\nbanaction = nftables-allports\n"
            "[sshd]\nenabled = true\n",
        },
        setup=f"{START}; systemctl start fail2ban; sleep 3; fail2ban-client set sshd banip 192.168.77.20",
        ready="fail2ban-client status sshd | grep -q 192.168.77.20 && nft list ruleset | grep -q 192.168.77.20",
        options="--peer 192.168.77.20",
        truth="rejected port-unreachable|timeout",
        expected=blocked("firewall-rejects|firewall-drops"),
        says=("fail2ban",),
        by_hand="fail2ban-client set sshd unbanip 192.168.77.20",
        fixed="served",
    ),
)
