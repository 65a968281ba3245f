"""What each profile of Windows Firewall is set to."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from landiag.model.facts import Unknown

PROFILES = ("domain", "private", "public")
Setting = bool | Unknown | None
"""None: the source does not say it, so the default holds. Unknown: it says what is not understood."""


class ProfileSettings(Struct, frozen=True):
    """What one source says of one profile.

    ``blocks_by_default`` is the default inbound action, ``blocks_outbound`` the outbound one, ``blocks_all``
    shields-up, ``merges_local`` whether local rules count, ``notifies`` whether a prompt appears. ``excluded`` names
    interfaces without filter.
    """

    enabled: Setting = None
    blocks_by_default: Setting = None
    blocks_all: Setting = None
    merges_local: Setting = None
    notifies: Setting = None
    excluded: tuple[str, ...] = ()
    blocks_outbound: Setting = None

    def under(self, stronger: ProfileSettings) -> ProfileSettings:
        """These settings, with those that a stronger source gives in their place."""
        changed = {
            name: getattr(stronger, name)
            for name in stronger.__struct_fields__
            if getattr(stronger, name) not in (None, ())
        }
        return replace(self, **changed)


def doubted(settings: ProfileSettings, legacy: ProfileSettings) -> ProfileSettings:
    """Leave open what a policy of before Windows Vista says otherwise."""
    changed = {
        name: Unknown("a Group Policy in the form of before Windows Vista says otherwise", "Group Policy")
        for name in ("enabled", "blocks_all")
        if getattr(legacy, name) not in (None, getattr(settings, name))
    }
    return replace(settings, **changed)


DEFAULTS = ProfileSettings(
    enabled=True, blocks_by_default=True, blocks_all=False, merges_local=True, notifies=True
)
