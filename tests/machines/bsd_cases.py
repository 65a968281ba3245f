"""The cases of FreeBSD and OpenBSD."""

from __future__ import annotations

from collections.abc import Mapping

from tests.machines.bsd import DENIED, NOT_ROOT, bsd, pf
from tests.machines.case import Made
from tests.machines.situations import SITUATIONS

PASS = "block drop in all\npass in on em0 inet proto tcp from any to any port = 5000 flags S/SA keep state\n"
TABLE = "block drop in quick from <bruteforce> to any\npass in all flags S/SA keep state\n"
STATELESS = (
    "block drop all\npass in quick on em0 proto tcp from any to any port = 5000 flags S/SA no state\n"
    "pass out quick proto udp all keep state\n"
)
ANCHOR = 'block drop in all\nanchor "web/*" all\n'

CASES: Mapping[str, Made] = {
    "freebsd-clear-pass-rule": Made("the last rule that matches passes", bsd(texts=pf(PASS)), "clear"),
    "freebsd-clear-disabled": Made(
        "pf is loaded and disabled", bsd(texts=pf("block drop in all\n",
        info="Status: Disabled          Debug: Urgent\n")),
        "clear",
    ),
    "freebsd-clear-anchor": Made(
        "an anchor passes what the main ruleset drops",
        bsd(texts=pf(ANCHOR, anchors={"web/flask": "pass in quick proto tcp from any to any port = 5000\n"})),
        "clear",
    ),
    "freebsd-firewall-drops": Made("everything is dropped", bsd(), "blocked", "firewall-drops"),
    "freebsd-firewall-rejects": Made(
        "everything is answered with a reset", bsd(texts=pf("block return in all\n")), "blocked", "firewall-rejects"
    ),
    "freebsd-firewall-drops-replies": Made(
        "the rule leaves no state, and the answer may not leave", bsd(texts=pf(STATELESS)), "blocked",
        "firewall-drops-replies",
    ),
    "freebsd-clear-table-empty": Made(
        "a table of attackers that is empty", bsd(texts=pf(TABLE, tables={"bruteforce": ""})), "clear"
    ),
    "freebsd-firewall-unreadable": Made(
        "pf may not be read", bsd(denied=NOT_ROOT), "undetermined", "firewall-unreadable"
    ),
    "freebsd-firewall-unreadable-anchor": Made(
        "an anchor's rules could not be read",
        bsd(texts=pf('anchor "web/*" all\n'), denied={"pf-anchors": DENIED}), "undetermined", "firewall-unreadable",
    ),
    "openbsd-firewall-drops": Made(
        "OpenBSD: everything is dropped",
        bsd("openbsd7", texts=pf("block drop in log all\npass out all flags S/SA\n")), "blocked", "firewall-drops",
    ),
    "openbsd-firewall-unreadable": Made(
        "OpenBSD: pf may not be read", bsd("openbsd7", denied=NOT_ROOT), "undetermined", "firewall-unreadable"
    ),
    "openbsd-firewall-rejects": Made(
        "OpenBSD: the last rule that matches answers with a reset",
        bsd("openbsd7", texts=pf("pass all flags S/SA\nblock return in on em0 proto tcp to any port = 5000\n")),
        "blocked", "firewall-rejects",
    ),
    "openbsd-clear-skipped": Made(
        "OpenBSD: everything is dropped, and pf passes over the interface",
        bsd("openbsd7", texts=pf("block drop all\n", skipped=["em0"])), "clear",
    ),
    "freebsd-firewall-drops-table": Made(
        "a table holds the LAN",
        bsd(texts=pf(TABLE, tables={"bruteforce": "   192.168.77.0/24\n"})), "blocked", "firewall-drops",
    ),
    "freebsd-clear-quick": Made(
        "a quick rule passes before the last one drops",
        bsd(texts=pf("pass in quick proto tcp from any to any port = 5000 flags S/SA keep state\nblock drop all\n")),
        "clear",
    ),
    "freebsd-link-down": SITUATIONS["freebsd, switched off"],
    "freebsd-server-silent-stopped": SITUATIONS["freebsd, stopped"],
    "openbsd-clear": Made(
        "OpenBSD: a pass rule without the word keep",
        bsd("openbsd7", texts=pf("block drop all\npass in inet proto tcp from any to (em0) port = 5000 flags S/SA\n")),
        "clear",
    ),
}  # fmt: skip
