"""Rules whose answer the machine itself holds: by its clock, in limits with names, in lists of recent addresses."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from tests.lab.scenario import CLEAR, Expected, Scenario, Step, blocked, iptables, nft, nft_input, sh
from tests.lab.servers import flask

SERVERS = (flask("--host 0.0.0.0"),)
DROPS = blocked("firewall-drops")
HOUR = timedelta(hours=1)
UTC = datetime.now(timezone.utc)
NOW = UTC.astimezone()
BEFORE, LATER, AFTER = (f"{NOW + shift:%H:%M}" for shift in (-HOUR, HOUR, 2 * HOUR))
SINCE, UNTIL, THEN = (f"{UTC + shift:%H:%M}" for shift in (-HOUR, HOUR, 2 * HOUR))
TODAY, TOMORROW = f"{UTC:%a}", f"{UTC + timedelta(days=1):%a}"
ACCEPTING = "ct state established,related accept\niif lo accept\n"
POLICY_DROP = "type filter hook input priority 0; policy drop"


def _scenario(name: str, fault: str, rules: Step, expected: Expected = CLEAR) -> Scenario:
    truth = "served" if expected is CLEAR else "timeout"
    return Scenario(
        name, fault=fault, before=(rules,), servers=SERVERS, truth=truth, attempts=2, expected=expected
    )


def _timed(options: str) -> Step:
    return iptables(f"-A INPUT -p tcp --dport 5000 -m time {options} -j DROP")


def _limits(rule: str) -> Step:
    limits = (
        "limit few { rate 3/minute burst 3 packets; }\nlimit many { rate over 50/second burst 60 packets; }\n"
    )
    quotas = "quota small { over 10 bytes; }\nquota large { over 900 mbytes; }\n"
    chain = f"chain input {{\n type filter hook input priority 0\n{ACCEPTING} {rule}\n}}\n"
    return nft(f"table inet filter {{\n{limits}{quotas}{chain}}}\n")


SCENARIOS = (
    _scenario(
        "hour-nft-now",
        "a rule drops the port at this hour",
        nft_input(f'iif != "lo" tcp dport 5000 meta hour "{BEFORE}"-"{LATER}" drop'),
        DROPS,
    ),
    _scenario(
        "hour-nft-later",
        "nothing: a rule drops the port at another hour",
        nft_input(f'tcp dport 5000 meta hour "{LATER}"-"{AFTER}" drop'),
    ),
    _scenario(
        "hour-nft-closed",
        "the port is open at another hour only",
        nft_input(f'{ACCEPTING}tcp dport 5000 meta hour "{LATER}"-"{AFTER}" accept', POLICY_DROP),
        DROPS,
    ),
    _scenario(
        "day-nft-today",
        "a rule drops the port today",
        nft_input(f'iif != "lo" tcp dport 5000 meta day "{UTC:%A}" drop'),
        DROPS,
    ),
    _scenario(
        "date-nft-past",
        "nothing: a rule dropped the port until some day that is over",
        nft_input('tcp dport 5000 meta time < "2024-01-01 00:00:00" drop'),
    ),
    _scenario(
        "time-iptables-now",
        "a rule drops the port at this hour, today",
        _timed(f"--timestart {SINCE} --timestop {UNTIL} --weekdays {TODAY},{TOMORROW}"),
        DROPS,
    ),
    _scenario(
        "time-iptables-another-day",
        "nothing: a rule drops the port on another day",
        _timed(f"--weekdays {TOMORROW}"),
    ),
    _scenario(
        "time-iptables-later",
        "nothing: a rule drops the port later",
        _timed(f"--timestart {UNTIL} --timestop {THEN}"),
    ),
    _scenario(
        "length-of-a-syn",
        "a rule drops packets of the length that a SYN has",
        iptables("-A INPUT ! -i lo -p tcp --dport 5000 --syn -m length --length 40:100 -j DROP"),
        DROPS,
    ),
    _scenario(
        "named-limit-far-above",
        "nothing: more than 50 connections a second are dropped by a limit with a name",
        _limits('tcp dport 5000 ct state new limit name "many" drop'),
    ),
    Scenario(
        "named-limit-below",
        fault="beyond three connections all but three a minute are rejected, by a limit with a name",
        before=(_limits('tcp dport 5000 ct state new limit name "few" accept\ntcp dport 5000 reject'),),
        servers=SERVERS,
        truth="sometimes",
        attempts=8,
        expected=blocked("rate-limited"),
    ),
    _scenario(
        "named-quota-far-above",
        "nothing: a quota with a name is far from used up",
        _limits('tcp dport 5000 quota name "large" drop'),
    ),
    _scenario(
        "named-quota-used-up",
        "a quota with a name is used up",
        _limits('tcp dport 5000 quota name "small" drop'),
        DROPS,
    ),
)

PEER = "--peer 192.168.77.20"
LISTED = sh("echo +192.168.77.20 > /proc/net/xt_recent/bad")
CHECKS = iptables("-A INPUT ! -i lo -p tcp --dport 5000 -m recent --name bad --rcheck -j DROP")


def _asked(name: str, fault: str, rules: tuple[Step, ...], expected: Expected = CLEAR) -> Scenario:
    truth = "served" if expected is CLEAR else "timeout"
    return Scenario(
        name, fault=fault, before=rules, servers=SERVERS, truth=truth, options=PEER, expected=expected
    )


SEEN = sh("echo +192.168.77.20 > /proc/net/xt_recent/seen")
LISTS = (
    _asked("recent-listed", "a rule drops who is on a list, and the client is", (CHECKS, LISTED), DROPS),
    _asked("recent-not-listed", "nothing: the list of who is dropped is empty", (CHECKS,)),
    _asked(
        "recent-never-knocked",
        "the port is open for who has knocked, and the client has not",
        (
            iptables(
                """
                -A INPUT -i lo -j ACCEPT
                -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
                -A INPUT -p tcp --dport 7000 -m recent --name knock --set -j DROP
                -A INPUT -p tcp --dport 5000 -m recent --name knock --rcheck --seconds 30 -j ACCEPT
                -A INPUT -p tcp --dport 5000 -j DROP
                """
            ),
        ),
        DROPS,
    ),
    _asked(
        "recent-set-and-asked",
        "who asks is put on the list that the next rule drops",
        (
            iptables(
                """
                -A INPUT -i lo -j ACCEPT
                -A INPUT -p tcp --dport 5000 -m recent --name seen --set
                -A INPUT -p tcp --dport 5000 -m recent --name seen --rcheck -j DROP
                """
            ),
        ),
        DROPS,
    ),
    _asked(
        "recent-removed",
        "nothing: who asks is taken from the list before it is looked at",
        (
            iptables(
                """
                -A INPUT -p tcp --dport 5000 -m recent --name bad --remove
                -A INPUT -p tcp --dport 5000 -m recent --name bad --rcheck -j DROP
                """
            ),
            LISTED,
        ),
    ),
    _asked(
        "recent-listed-lately",
        "a rule drops for a day who was seen on a list, and the client just was",
        (
            iptables("-A INPUT -p tcp --dport 5000 -m recent --name seen --rcheck --seconds 86400 -j DROP"),
            SEEN,
        ),
        DROPS,
    ),
    _asked(
        "recent-listed-long-ago",
        "nothing: a rule drops for one second who was seen on a list, and the client was two seconds ago",
        (
            iptables("-A INPUT -p tcp --dport 5000 -m recent --name seen --rcheck --seconds 1 -j DROP"),
            SEEN,
            sh("sleep 2.2"),
        ),
    ),
    _asked(
        "recent-updated-lately",
        "each attempt makes the ban longer",
        (
            iptables("-A INPUT -p tcp --dport 5000 -m recent --name seen --update --seconds 3600 -j DROP"),
            SEEN,
        ),
        DROPS,
    ),
    _asked(
        "recent-knocked",
        "nothing: the port is open for who has knocked, and the client has",
        (
            iptables(
                """
                -A INPUT -i lo -j ACCEPT
                -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
                -A INPUT -p tcp --dport 5000 -m recent --name seen --rcheck --seconds 3600 -j ACCEPT
                -A INPUT -p tcp --dport 5000 -j DROP
                """
            ),
            SEEN,
        ),
    ),
    _asked(
        "recent-over-the-limit",
        "who was seen three times within the hour is dropped, and the client was",
        (
            iptables(
                """
                -A INPUT -i lo -j ACCEPT
                -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
                -A INPUT -p tcp --dport 5000 -m recent --name seen --update --seconds 3600 --hitcount 3 -j DROP
                """
            ),
            *(SEEN,) * 3,
        ),
        DROPS,
    ),
)
