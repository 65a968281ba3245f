"""Which units hold a socket, by the path of its control group (as Debian 12 and 13, LXC and nspawn make them)."""

from __future__ import annotations

import pytest

from landiag.collect.groups import service_of, units_of
from landiag.model.process import Service

OF_ADA = "/user.slice/user-1000.slice/user@1000.service"


@pytest.mark.parametrize(
    ("cgroup", "units", "service"),
    [
        (None, (), None),
        ("/", (), None),
        ("/system.slice/shop.service", ("system.slice", "shop.service"), Service("shop.service")),
        ("/web.slice/web-a.slice/a@1.service", ("web.slice", "web-a.slice", "a@1.service"), Service("a@1.service")),
        ("/system.slice/front.socket", ("system.slice", "front.socket"), None),
        ("/user.slice/user-0.slice/session-1.scope", ("user.slice", "user-0.slice", "session-1.scope"), None),
        (
            f"{OF_ADA}/app.slice/shop.service",
            ("user.slice", "user-1000.slice", "user@1000.service"),
            Service("shop.service", is_users=True),
        ),
        (
            f"{OF_ADA}/app.slice/app-org.kde.konsole-1234.scope",
            ("user.slice", "user-1000.slice", "user@1000.service"),
            None,
        ),
        (
            "/machine.slice/machine-web.scope/payload/system.slice/shop.service",
            ("machine.slice", "machine-web.scope"),
            None,
        ),
        ("/lxc.payload.web/system.slice/shop.service", (), None),
        ("/system.slice/docker-0123456789ab.scope/init.scope", ("system.slice", "docker-0123456789ab.scope"), None),
        ("/system.slice/shop.service/worker", ("system.slice", "shop.service"), Service("shop.service")),
        ("/system.sliced/shop.services", (), None),
    ],
)  # fmt: skip
def test_units_below_a_service_or_a_scope_are_not_this_machines(
    cgroup: str | None, units: tuple[str, ...], service: Service | None
) -> None:
    assert (units_of(cgroup), service_of(cgroup)) == (units, service)
