"""Rules whose answer the machine itself holds: clocks, lists of addresses, limits with names, transparent sockets."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from tests.lab.hunt.machine import LIMITED, Part
from tests.lab.hunt.parts.draw import Draw
from tests.lab.scenario import Step, iptables, nft, sh
from tests.lab.servers import sockets

NEW = "tcp dport 5000 ct state new"


def held(draw: Draw) -> Part:
    """One such part; times are told from now, so that a seed is the same machine at any hour."""
    kind = draw.weighted(((3, _clock), (2, _schedule), (3, _named), (3, _recent), (3, _proxy)))
    return kind(draw)


def _table(rules: str, hook: str = "input", more: str = "") -> Step:
    chain = f" chain c {{\n  type filter hook {hook} priority 5\n  {rules}\n }}\n"
    return nft(f"table inet held {{\n{more}{chain}}}\n")


def _hours(draw: Draw, now: datetime) -> tuple[str, str]:
    """From and to, around this hour or beside it."""
    first, last = draw.one((-2, 1), (-1, 2), (1, 3), (-4, -2), (-11, 11))
    return f"{now + timedelta(hours=first):%H:%M}", f"{now + timedelta(hours=last):%H:%M}"


def _clock(draw: Draw) -> Part:
    now = datetime.now(timezone.utc).astimezone()
    first, last = _hours(draw, now)
    day = f"{datetime.now(timezone.utc) + timedelta(days=draw.one(0, 0, 1, 3)):%A}"
    condition = draw.one(
        f'meta hour "{first}"-"{last}"', f'meta hour != "{first}"-"{last}"',
        f'meta day "{day}"', f'meta day != "{day}"',
        'meta time < "2024-01-01 00:00:00"', 'meta time > "2024-01-01 00:00:00"',
    )  # fmt: skip
    end = draw.one("drop", "reject", "accept")
    return Part(f"a clock: {condition} {end}", before=(_table(f"tcp dport 5000 {condition} {end}"),))


def _schedule(draw: Draw) -> Part:
    now = datetime.now(timezone.utc)
    first, last = _hours(draw, now)
    days = ",".join(f"{now + timedelta(days=shift):%a}" for shift in draw.one((0,), (0, 1), (1, 2), (-1, 0)))
    hours = f"--timestart {first} --timestop {last}"
    over_midnight = "--contiguous" if last < first else ""
    options = draw.one(
        hours, f"{hours} {over_midnight} --weekdays {days}",
        f"--weekdays {days}", f"! --weekdays {days}", "--datestop 2024-01-01", "--datestart 2024-01-01",
    )  # fmt: skip
    rule = f"-I INPUT -p tcp --dport 5000 -m time {options} -j {draw.one('DROP', 'REJECT', 'ACCEPT')}"
    return Part(f"a schedule: {rule}", before=(iptables(rule, _tool(draw)),))


def _tool(draw: Draw) -> str:
    return "ip6tables-nft" if draw.is_ipv6 else draw.one("iptables-nft", "iptables-legacy")


def _named(draw: Draw) -> Part:
    limits = "".join(
        f" limit {name} {{ rate {rate}; }}\n"
        for name, rate in (
            ("few", "3/minute burst 3 packets"),
            ("many", "50/second burst 60 packets"),
            ("beyond", "over 3/minute burst 3 packets"),
        )
    )
    limits += " quota small { over 10 bytes; }\n quota large { over 900 mbytes; }\n"
    end = draw.one("drop", "reject with tcp reset")
    rules = draw.one(
        f'{NEW} limit name "few" accept\n{NEW} {end}', f'{NEW} limit name "many" accept\n{NEW} {end}',
        f'{NEW} limit name "beyond" {end}', f'tcp dport 5000 quota name "small" {end}',
        f'tcp dport 5000 quota name "large" {end}',
    )  # fmt: skip
    traits = frozenset({LIMITED}) if "few" in rules or "beyond" in rules else frozenset()
    return Part(f"a limit with a name: {rules}", before=(_table(rules, more=limits),), traits=traits)


def _recent(draw: Draw) -> Part:
    end = draw.one("DROP", "REJECT")
    asks = "-A INPUT -p tcp --dport 5000 -m recent --name held"
    rules = draw.one(
        f"{asks} --rcheck -j {end}", f"{asks} ! --rcheck -j {end}", f"{asks} --update --seconds 600 -j ACCEPT",
        f"{asks} --set\n{asks} --rcheck -j {end}", f"{asks} --remove\n{asks} --rcheck -j {end}",
    )  # fmt: skip
    listed = draw.client if draw.singled and draw.chance(0.6) and "--seconds" not in rules else "192.0.2.9"
    if draw.is_ipv6 and "." in listed:
        listed = "2001:db8::9"
    steps = (iptables(rules, _tool(draw)), sh(f"echo +{listed} > /proc/net/xt_recent/held"))
    return Part(f"a list with {listed}: {rules}", before=steps)


def _proxy(draw: Draw) -> Part:
    """A transparent proxy on another port, which is one or is not, or is not there."""
    level, option = ("IPPROTO_IPV6", 75) if draw.is_ipv6 else ("IPPROTO_IP", 19)
    is_there, is_transparent = draw.chance(0.8), draw.chance(0.7)
    family, every = ("AF_INET6", "::") if draw.is_ipv6 else ("AF_INET", "0.0.0.0")
    setup = (
        f"s = socket.socket(socket.{family}); s.setsockopt(socket.{level}, {option}, {int(is_transparent)})\n"
        f"s.bind(('{every}', 50080)); s.listen()"
    )
    proxy = sockets(setup, port=50080, user=False, name="proxy.py")
    after = draw.one("meta mark set 1 accept", "accept", "meta mark set 1")
    rule = f"tcp dport 5000 tproxy {draw.ip} to :50080 {after}"
    xt = "-t mangle -A PREROUTING -p tcp --dport 5000 -j TPROXY --on-port 50080 --tproxy-mark 0x1/0x1"
    step = draw.one(_table(rule, "prerouting"), iptables(xt, _tool(draw)))
    kind = f"{'a' if is_there else 'no'} {'transparent' if is_transparent else 'plain'} proxy"
    rules = step.stdin or step.command
    return Part(f"{kind}: {rules}", before=(step,), servers=(proxy,) if is_there else ())
