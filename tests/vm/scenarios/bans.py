"""fail2ban bans a client for what the server's log says, by each of the firewalls that it knows."""

from __future__ import annotations

from tests.vm.scenario import CLEAR, START, Scenario, blocked, service

CLIENT = "192.168.77.20"
LOG = "/var/log/shop.log"
FILES = {
    **service(f"StandardError=append:{LOG}", "StandardOutput=append:" + LOG),
    "/etc/fail2ban/filter.d/shop.conf": '[Definition]\nfailregex = ^<ADDR> .*"GET /admin[^"]*" 404\n',
}
TRIES = (
    "python3 -c 'import http.client\nfor i in range(3):\n"
    '    c = http.client.HTTPConnection("192.168.77.10", 5000, timeout=3); c.request("GET", "/admin")\n'
    "    c.getresponse().read()'"
)
IS_BANNED = f"fail2ban-client status shop | grep -q {CLIENT} && sleep 2"
LIFTS = f"fail2ban-client set shop unbanip {CLIENT}"
REFUSED = "rejected port-unreachable"


def jail(action: str = "", name: str = "shop") -> dict[str, str]:
    """The server's files, and a jail for who asks for /admin three times; it bans as usual, or by ``action``."""
    lines = ["[DEFAULT]", "backend = polling", *([f"banaction = {action}"] if action else []), "[sshd]"]
    lines += ["enabled = false", f"[{name}]", "enabled = true", "filter = shop", f"logpath = {LOG}"]
    lines += ["port = 5000", "maxretry = 3", "findtime = 600", "bantime = 600", ""]
    return {**FILES, "/etc/fail2ban/jail.local": "\n".join(lines)}


WATCHED = (
    f"touch {LOG}; {START}; systemctl start fail2ban; "
    "for i in $(seq 50); do fail2ban-client ping && break; sleep 0.3; done"
)

SCENARIOS = (
    Scenario(
        "fail2ban-bans",
        fault="fail2ban bans the client for what it asked, as it does unless told otherwise",
        files=jail(),
        setup=WATCHED,
        visits=TRIES,
        ready=IS_BANNED,
        options=f"--peer {CLIENT}",
        truth=REFUSED,
        expected=blocked("firewall-rejects"),
        says=("fail2ban jail shop", LIFTS),
        fixed="served",
    ),
    Scenario(
        "fail2ban-bans-by-iptables",
        fault="the same, by iptables",
        files=jail("iptables-multiport"),
        setup=WATCHED,
        visits=TRIES,
        ready=IS_BANNED,
        options=f"--peer {CLIENT}",
        truth=REFUSED,
        expected=blocked("firewall-rejects"),
        says=("fail2ban jail shop", LIFTS),
        fixed="served",
    ),
    Scenario(
        "fail2ban-bans-by-nftables",
        fault="the same, by nftables",
        files=jail("nftables-multiport"),
        setup=WATCHED,
        visits=TRIES,
        ready=IS_BANNED,
        options=f"--peer {CLIENT}",
        truth=REFUSED,
        expected=blocked("firewall-rejects"),
        says=("fail2ban jail shop", LIFTS),
        fixed="served",
    ),
    Scenario(
        "fail2ban-bans-by-ipset",
        fault="the same, by a set of ipset's that drops",
        files=jail("iptables-ipset-proto6-allports[blocktype=DROP]"),
        setup=WATCHED,
        visits=TRIES,
        ready=IS_BANNED,
        options=f"--peer {CLIENT}",
        truth="timeout",
        expected=blocked("firewall-drops"),
        says=("fail2ban jail shop", LIFTS),
        fixed="served",
    ),
    Scenario(
        "fail2ban-bans-by-ufw",
        fault="the same, by ufw, which lets the port in",
        files=jail("ufw"),
        setup=f"ufw allow 5000/tcp; ufw --force enable; {WATCHED}",
        visits=TRIES,
        ready=IS_BANNED,
        options=f"--peer {CLIENT}",
        truth=f"{REFUSED}|timeout",
        expected=blocked("firewall-rejects|firewall-drops"),
        says=("fail2ban jail shop", LIFTS),
        fixed="served",
    ),
    Scenario(
        "fail2ban-bans-by-firewalld",
        fault="the same, by a rich rule of firewalld, which lets the port in",
        files=jail("firewallcmd-rich-rules"),
        setup=f"systemctl start firewalld; firewall-cmd --add-port=5000/tcp; {WATCHED}",
        visits=TRIES,
        ready=IS_BANNED,
        options=f"--peer {CLIENT}",
        truth=REFUSED,
        expected=blocked("firewall-rejects"),
        says=("fail2ban", LIFTS),
        fixed="served",
    ),
    Scenario(
        "fail2ban-bans-another",
        fault="nothing for this client: another one is banned",
        files=jail(),
        setup=f"{WATCHED}; fail2ban-client set shop banip 192.168.77.66",
        ready="fail2ban-client status shop | grep -q 192.168.77.66 && sleep 2",
        options=f"--peer {CLIENT}",
        truth="served",
        expected=CLEAR,
    ),
)
