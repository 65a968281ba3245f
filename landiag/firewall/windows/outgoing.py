"""What Windows Firewall does with connections that Windows itself makes, such as those of a port proxy."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.windows.policy import FirewallRule, Policy, Store
from landiag.firewall.windows.settings import PROFILES, ProfileSettings


def outgoing(policy: Policy) -> Policy:
    """The outbound rules, for packets that are written as if they came from the far end.

    The far end is their source, and what is local their destination, so that every condition keeps its side. What no
    rule stops passes, unless the profile's setting says otherwise; blocking all that comes in stops nothing here. The
    restrictions that Windows ships for its own services are left out: they leave them their work.
    """
    settings = {key: _outbound(one) for key, one in policy.settings.items()}
    for profile in PROFILES:
        first = settings.get((Store.LOCAL, profile), ProfileSettings())
        settings[Store.LOCAL, profile] = ProfileSettings(blocks_by_default=False).under(first)
    kept = [_turned(rule) for rule in policy.rules if rule.store is not Store.RESTRICTED]
    turned = Policy(kept, settings, policy.has_rules)
    turned.gaps = list(policy.gaps)
    turned.legacy = {profile: replace(one, blocks_all=None) for profile, one in policy.legacy.items()}
    return turned


def _outbound(settings: ProfileSettings) -> ProfileSettings:
    return replace(settings, blocks_by_default=settings.blocks_outbound, blocks_all=None)


def _turned(rule: FirewallRule) -> FirewallRule:
    return replace(rule, inbound=None if rule.inbound is None else not rule.inbound, _matches=None)
