"""fail2ban bans a client for what the server's log says, by each of the firewalls that it knows."""

from __future__ import annotations

from tests.vm.scenario import START, Scenario, blocked, service

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


def _banned(
    name: str,
    fault: str,
    action: str = "",
    before: str = "",
    *,
    truth: str = REFUSED,
    cause: str = "firewall-rejects",
    who: str = "fail2ban jail shop",
) -> Scenario:
    """The client tries three times, is banned by ``action``, and its ban is lifted; ``before`` sets a firewall up."""
    return Scenario(
        name,
        fault=fault,
        files=jail(action),
        setup=f"{before}{WATCHED}",
        visits=TRIES,
        ready=IS_BANNED,
        options=f"--peer {CLIENT}",
        truth=truth,
        expected=blocked(cause),
        says=(who, LIFTS),
        fixed="served",
    )


SCENARIOS = (
    _banned("fail2ban-bans", "fail2ban bans the client for what it asked, as it does unless told otherwise"),
    _banned("fail2ban-bans-by-iptables", "the same, by iptables", "iptables-multiport"),
    _banned("fail2ban-bans-by-nftables", "the same, by nftables", "nftables-multiport"),
    _banned(
        "fail2ban-bans-by-ipset",
        "the same, by a set of ipset's that drops",
        "iptables-ipset-proto6-allports[blocktype=DROP]",
        truth="timeout",
        cause="firewall-drops",
    ),
    _banned(
        "fail2ban-bans-by-ufw",
        "the same, by ufw, which lets the port in",
        "ufw",
        "ufw allow 5000/tcp; ufw --force enable; ",
        truth=f"{REFUSED}|timeout",
        cause="firewall-rejects|firewall-drops",
    ),
    _banned(
        "fail2ban-bans-by-firewalld",
        "the same, by a rich rule of firewalld, which lets the port in",
        "firewallcmd-rich-rules",
        "systemctl start firewalld; firewall-cmd --add-port=5000/tcp; ",
        who="fail2ban",
    ),
    Scenario(
        "fail2ban-bans-another",
        fault="nothing for this client: another one is banned",
        files=jail(),
        setup=f"{WATCHED}; fail2ban-client set shop banip 192.168.77.66",
        ready="fail2ban-client status shop | grep -q 192.168.77.66 && sleep 2",
        options=f"--peer {CLIENT}",
    ),
)
