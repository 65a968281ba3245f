"""The server's own tools fail, hang or lie, and its surroundings are hostile: the report must still be true."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, UNDETERMINED, Expected, Scenario, Step, blocked, nft_input, sh
from tests.lab.servers import OPEN, django_project

SERVERS = (OPEN,)
DROP = nft_input("tcp dport 5000 drop")
HANGS, FAILS, NOTHING = "sleep 120", "echo something broke >&2; exit 70", "exit 0"
GARBAGE = "head -c 5000 /dev/urandom"
FLOOD = "yes '[{\"a\": 1}, ' | head -c 100000000"
NOT_BLOCKED = Expected("clear|undetermined")


def replaced(tool: str, script: str) -> Step:
    """Another program in the place of one of the server's tools."""
    return sh(
        f"printf '#!/bin/sh\\n%s\\n' {_quote(script)} > /run/lab/{tool}; chmod +x /run/lab/{tool}\n"
        f"mount --bind /run/lab/{tool} $(readlink -f $(command -v {tool}))"
    )


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def nft_is(name: str, what: str, script: str) -> Scenario:
    """A ruleset that drops, which nft does not show: never "clear"."""
    return Scenario(
        f"nft-{name}",
        fault=f"a rule drops the port, and nft {what}",
        before=(DROP, replaced("nft", script)),
        servers=SERVERS,
        truth="timeout",
        expected=UNDETERMINED,
    )


def tool_is(tool: str, name: str, what: str, script: str) -> Scenario:
    """Nothing is wrong but the tool: never "blocked"."""
    return Scenario(
        f"{tool}-{name}",
        fault=f"nothing, but {tool} {what}",
        before=(replaced(tool, script),),
        servers=SERVERS,
        truth="served",
        expected=NOT_BLOCKED,
        as_user=NOT_BLOCKED,
    )


SCENARIOS = (
    nft_is("hangs", "hangs", HANGS),
    nft_is("fails", "fails", FAILS),
    nft_is("garbage", "prints garbage", GARBAGE),
    nft_is("prints-nothing", "prints nothing", NOTHING),
    nft_is("flood", "prints 100 MB", FLOOD),
    tool_is("ss", "hangs", "hangs", HANGS),
    tool_is("ss", "fails", "fails", FAILS),
    tool_is("ss", "garbage", "prints garbage", GARBAGE),
    tool_is("ss", "flood", "prints 100 MB", FLOOD),
    tool_is("ip", "hangs", "hangs", HANGS),
    tool_is("ip", "fails", "fails", FAILS),
    tool_is("ip", "garbage", "prints garbage", GARBAGE),
    tool_is("ping", "hangs", "hangs", HANGS),
    Scenario(
        "name-server-dead",
        fault="nothing: the name server does not answer, and nobody needs it",
        before=(sh("echo nameserver 192.168.77.250 > /etc/resolv.conf"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "proxy-in-environment",
        fault="nothing: the user's shell has a proxy set, which is not asked for the user's own server",
        servers=SERVERS,
        environment={
            "http_proxy": "http://127.0.0.1:9",
            "HTTP_PROXY": "http://127.0.0.1:9",
            "ALL_PROXY": "x",
        },
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "foreign-locale",
        fault="the user's shell speaks German; rules and sockets are read all the same",
        before=(DROP,),
        servers=SERVERS,
        environment={"LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"},
        truth="timeout",
        expected=blocked("firewall-drops"),
        fixable=True,
    ),
    Scenario(
        "bare-environment",
        fault="nothing: PATH is empty, as in some services",
        servers=SERVERS,
        environment={"PATH": "", "HOME": "", "LANG": ""},
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "gateway-off",
        fault="nothing for the network's own devices: the gateway is not there",
        before=(sh("ip link set gateway down", "switch"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
        also=("peer-down",),
    ),
    Scenario(
        "django-project",
        fault="a new project's settings, which let localhost in only; landiag writes the name into them",
        servers=(django_project(),),
        truth="http 400",
        expected=blocked("host-header-rejected"),
        fixable=True,
    ),
)
