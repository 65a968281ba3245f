"""What ufw and firewalld leave on a machine."""

from __future__ import annotations

from tests.lab.hunt.machine import LIMITED, Part
from tests.lab.hunt.parts.draw import Draw
from tests.lab.scenario import Step, firewalld, sh


def ufw_layer(draw: Draw) -> Part:
    """ufw, enabled, with a few rules."""
    lines = [_ufw_rule(draw) for _ in range(draw.random.randint(0, 4))]
    traits = frozenset({LIMITED}) if any("limit" in line for line in lines) else frozenset()
    first = draw.one("", "", "", "default allow incoming", "default reject incoming", "default deny outgoing")
    lines = [first, *lines] if first else lines
    lines += ["allow 5000/tcp"] if draw.chance(0.4) else []

    def make(rules: tuple[str, ...]) -> Step:
        return sh(
            "\n".join([*(f"ufw {rule} > /dev/null" for rule in rules), "ufw --force enable > /dev/null"])
        )

    return Part("ufw", traits=frozenset(traits), lines=tuple(lines), make=make)


def _ufw_rule(draw: Draw) -> str:
    action = draw.one("allow", "allow", "allow", "deny", "reject")
    hosts = [draw.subnet, draw.subnet, "fd99::/64" if draw.is_ipv6 else "10.0.0.0/8"]
    hosts += [draw.client] if draw.singled else []
    host = draw.one(*hosts)
    return draw.one(
        f"{action} 5000/tcp", f"{action} 5000", "allow ssh", "allow 8000/tcp", "allow 5000/udp", "limit 5000/tcp",
        f"{action} from {host}", f"{action} from {host} to any port 5000 proto tcp", "limit ssh",
        f"{action} in on {draw.interface} to any port 5000", f"{action} in on tun0", f"{action} 4000:6000/tcp",
        f"prepend {action} from {host} to any port 5000 proto tcp",
    )  # fmt: skip


def firewalld_layer(draw: Draw) -> Part:
    """firewalld with a zone or two, and now and then a policy."""
    lines = ["--zone=public --add-port=5000/tcp"] if draw.chance(0.4) else []
    lines += draw.some(
        3,
        "--zone=public --add-service=http",
        "--zone=home --add-port=5000/tcp",
        "--zone=public --add-port=4000-6000/tcp",
        f"--zone={draw.one('trusted', 'home', 'drop', 'block')} --change-interface={draw.interface}",
        f"--zone={draw.one('trusted', 'home', 'drop', 'block')} --add-source={draw.subnet}",
        f"--zone=public --add-rich-rule='rule family={'ipv6' if draw.is_ipv6 else 'ipv4'} source address={draw.subnet}"
        f" port port=5000 protocol=tcp {draw.one('accept', 'drop', 'reject')}'",
        f"--set-default-zone={draw.one('home', 'trusted', 'drop')}",
    )
    if draw.chance(0.2):
        target = draw.one("DROP", "REJECT", "ACCEPT")
        words = "--permanent --policy=own --"
        lines += [
            "--permanent --new-policy=own", f"{words}set-priority=-10", f"{words}set-target={target}",
            f"{words}add-ingress-zone=ANY", f"{words}add-egress-zone=HOST", "--reload",
        ]  # fmt: skip
    return Part("firewalld", lines=tuple(lines), make=lambda rules: firewalld(*rules))
