"""What fixes change in firewalld, typed: rich rules of zones and policies, and direct rules."""

from __future__ import annotations

from ipaddress import ip_network

from msgspec import Struct

POLICY_PREFIX = "policy_"
"""What the chains of a policy of firewalld begin with, before its name."""


class FirewalldRule(Struct, frozen=True, tag_field="change", tag="firewalld-rule"):
    """A rich rule of a zone or policy of firewalld, now or in what it loads at its next start (``permanent``).

    ``zone`` is the name in its chains: those of a policy begin with ``policy_`` (firewalld.policies(5)).
    """

    zone: str
    clients: str
    port: int
    permanent: bool = False

    @property
    def rule(self) -> str:
        """The rule in firewalld.richlanguage(5); the lowest priority comes before every other rule of the zone."""
        family = f"ipv{ip_network(self.clients).version}"
        return (
            f'rule priority="-32768" family="{family}" source address="{self.clients}" '
            f'port port="{self.port}" protocol="tcp" accept'
        )

    def ask(self, option: str) -> tuple[str, ...]:
        """A command about the rules of this zone or policy."""
        permanent = ("--permanent",) if self.permanent else ()
        policy = self.zone.removeprefix(POLICY_PREFIX)
        where = f"--zone={self.zone}" if policy == self.zone else f"--policy={policy}"
        return ("firewall-cmd", *permanent, where, option)

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that adds it."""
        return self.ask(f"--add-rich-rule={self.rule}")

    @property
    def undo_argv(self) -> tuple[str, ...]:
        """The command that removes it."""
        return self.ask(f"--remove-rich-rule={self.rule}")


class FirewalldDirectRule(Struct, frozen=True, tag_field="change", tag="firewalld-direct-rule"):
    """A direct rule of firewalld in a chain of iptables, now or in what it loads at its next start (``permanent``).

    ``is_answer``: it lets the server's answers out, rather than clients in.
    """

    version: int
    table: str
    chain: str
    priority: int
    clients: str
    port: int
    is_answer: bool = False
    permanent: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The rule as firewalld is told it, and as it lists it."""
        side, end = ("-d", "--sport") if self.is_answer else ("-s", "--dport")
        match = (side, self.clients, "-p", "tcp", end, str(self.port), "-j", "ACCEPT")
        return (f"ipv{self.version}", self.table, self.chain, str(self.priority), *match)

    def ask(self, *words: str) -> tuple[str, ...]:
        """A command about direct rules."""
        permanent = ("--permanent",) if self.permanent else ()
        return ("firewall-cmd", *permanent, "--direct", *words)

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that adds it."""
        return self.ask("--add-rule", *self.words)

    @property
    def undo_argv(self) -> tuple[str, ...]:
        """The command that removes it."""
        return self.ask("--remove-rule", *self.words)
