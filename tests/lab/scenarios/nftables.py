"""Rules of nftables, wherever the packet meets them."""

from __future__ import annotations

from tests.lab.scenario import Scenario, blocked, nft_input
from tests.lab.servers import flask

SERVERS = (flask("--host 0.0.0.0"),)
DROPS = blocked("firewall-drops")

SCENARIOS = (
    Scenario(
        "nft-input-drop",
        fault="a rule drops the port",
        before=(nft_input("tcp dport 5000 drop"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
)
