"""Services of systemd that leave a port unheard (synthetic readings in the words of Debian 13)."""

from __future__ import annotations

import json
from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.checks.fixes.engines import publish_fix
from landiag.collect.machine import process_source
from landiag.collect.selinux import ENFORCE, denials_source
from landiag.collect.systemd import SERVICES, SOCKETS, USERS_SERVICES, journal_source
from landiag.model.facts import Reading, ReadStatus, Socket
from landiag.model.report import Finding, Fix, Report, Status
from tests.cases import load, replay
from tests.collect.test_selinux import LINE

SHOW = (
    "Id=shop.service\nActiveState={state}\nSubState={state}\nResult=exit-code\nNRestarts={restarts}\nMainPID={pid}\n"
    "PrivateNetwork={private}\nNetworkNamespacePath={path}\nRestrictAddressFamilies={families}\n"
    "SocketBindAllow=\nSocketBindDeny={deny}\n"
)


def show(**changed: str) -> str:
    usual = {
        "state": "active",
        "restarts": "0",
        "pid": "0",
        "private": "no",
        "path": "",
        "families": "~",
        "deny": "",
    }
    return SHOW.format(**{**usual, **changed})


def ok(source: str, text: str) -> Reading:
    return Reading(source, ReadStatus.OK, text.encode())


def report(services: str, *more: Reading) -> Report:
    """The case in which nobody listens, with these services."""
    recording = load("linux-nothing-listening").recording
    added = {one.source: one for one in (ok(SERVICES.name, services), *more)}
    return replay(replace(recording, readings={**recording.readings, **added}))


def decisive(said: Report) -> Finding:
    assert said.verdict.status is Status.BLOCKED
    return next(one for one in said.findings if one.code == said.verdict.cause)


def failing(words: str, **changed: str) -> Report:
    text = show(state="auto-restart", restarts="4", **changed)
    return report(text, ok(journal_source("shop.service").name, f"{words}\n"))


def test_a_service_that_may_make_no_such_socket_is_named_with_its_last_words() -> None:
    words = "Traceback\nOSError: [Errno 97] Address family not supported by protocol\n"
    found = decisive(failing(words, families="AF_UNIX"))
    assert found.title.endswith("the sandbox of shop.service forbids it (RestrictAddressFamilies)")
    assert "started again 4 times" in found.evidence[-1].text
    assert found.evidence[-1].text.endswith("Address family not supported by protocol")
    assert '"RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"' in found.fixes[0].commands[1]
    # Without it systemd refuses a service that has failed too often.
    assert found.fixes[0].commands[3] == "systemctl reset-failed shop.service"


@pytest.mark.parametrize(
    ("families", "line"),
    [
        ("~AF_INET AF_INET6 AF_PACKET", '"RestrictAddressFamilies=" "RestrictAddressFamilies=~AF_PACKET"'),
        ("~AF_INET AF_INET6", '"RestrictAddressFamilies=" >'),
    ],
)
def test_families_are_taken_out_of_a_list_that_denies(families: str, line: str) -> None:
    words = "OSError: [Errno 97] Address family not supported by protocol\n"
    assert line in decisive(failing(words, families=families)).fixes[0].commands[1]


def test_a_service_that_may_not_bind_the_port_is_allowed_to() -> None:
    found = decisive(failing("PermissionError: [Errno 1] Operation not permitted", deny="any"))
    assert found.title.endswith("(SocketBindDeny)")
    assert found.fixes[0].commands == (
        "systemctl set-property shop.service SocketBindAllow=tcp:5000",
        "systemctl reset-failed shop.service",
        "systemctl restart shop.service",
    )


REFUSED = "[Errno 1] Operation not permitted"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (f'PermissionError: {REFUSED}\nTraceback (most recent call last):\n  File "a.py"', REFUSED),
        (f"ERROR:    {REFUSED}\nINFO:     Waiting for shutdown.\nINFO:     Shutdown complete.", REFUSED),
        (f"[7] [ERROR] connection to ('', 5000) failed: {REFUSED}\n[7] [ERROR] Can't connect", REFUSED),
        (
            "Error: listen EPERM: operation not permitted\n    at listenInCluster\nEmitted 'error' event on Server "
            "instance at:\n  code: 'EPERM',\n}\n\nNode.js v20.19.2",
            "Error: listen EPERM: operation not permitted",
        ),
    ],
    ids=["just started again", "uvicorn", "gunicorn", "Node.js"],
)
def test_servers_say_more_after_the_line_that_tells(words: str, line: str) -> None:
    found = decisive(failing(words, deny="any"))
    assert found.title.endswith("(SocketBindDeny)")
    assert line in found.evidence[-1].text


def test_a_sandbox_is_not_blamed_for_another_error() -> None:
    found = decisive(failing("No such file: shop.toml --password=hunter2", families="AF_UNIX", deny="any"))
    assert found.code == "nothing-listening"
    assert "No such file: shop.toml" in found.evidence[-1].text
    assert "hunter2" not in found.evidence[-1].text


def test_the_slice_whose_list_forbids_the_port_is_named_and_the_service_started_anew() -> None:
    slices = "Id=web.slice\nSlice=-.slice\nSocketBindDeny=tcp5000\n\nId=-.slice\nSlice=\n"
    text = f"{show(state='auto-restart', restarts='4')}Slice=web.slice\n\n{slices}"
    said = ok(journal_source("shop.service").name, "PermissionError: [Errno 1] Operation not permitted\n")
    found = decisive(report(text, said))
    assert found.title.endswith("the sandbox of web.slice forbids it (SocketBindDeny)")
    assert found.fixes[0].commands == (
        "systemctl set-property web.slice SocketBindAllow=tcp:5000",
        "systemctl restart web.slice",
        "systemctl reset-failed shop.service",
        "systemctl restart shop.service",
    )
    assert "SocketBindDeny=tcp:5000" in [one.text for one in found.evidence]
    own = decisive(report(text.replace("web.slice", "system.slice"), said)).fixes[0]
    assert (len(own.commands), own.risk) == (1, "it holds from the next start of this machine on")


def test_a_service_in_a_network_of_its_own_is_known_by_its_command() -> None:
    process = {"pid": 77, "name": "python3", "argv": ["python3", "-m", "http.server", "5000"]}
    seen = ok(process_source((77,)).name, json.dumps([process]))
    found = decisive(report(show(private="yes", pid="77"), seen))
    assert found.code == "listening-in-namespace"
    assert "shop.service" in found.title
    assert '"PrivateNetwork=no"' in found.fixes[0].commands[1]
    elsewhere = json.dumps([{**process, "argv": ["python3", "-m", "http.server", "15000"]}])
    other = report(show(private="yes", pid="77"), ok(process_source((77,)).name, elsewhere))
    assert other.verdict.cause == "nothing-listening"


def of_systemd(address: str, units: str, *, own: str = "") -> Finding:
    """What is said where systemd listens on an address, by these units."""
    recording = load("linux-bound-to-loopback").recording
    line = (
        f'LISTEN 0 4096 {address} 0.0.0.0:* users:(("python3",pid=504,fd=3),("systemd",pid=1,fd=51)) '
        f"ino:12888 sk:1 cgroup:/system.slice/shop.socket {own}<->\n"
    )
    readings = {
        **recording.readings,
        "ss-listeners": replace(recording.readings["ss-listeners"], data=line.encode()),
        SOCKETS.name: ok(SOCKETS.name, units),
    }
    return decisive(replay(replace(recording, readings=readings)))


def told(*listens: str, more: str = "") -> str:
    """A socket unit as systemd describes it."""
    return "".join(f"Listen={one}\n" for one in listens) + f"{more}Id=shop.socket\nTriggers=shop.service\n"


def test_systemd_itself_listens_on_loopback() -> None:
    found = of_systemd("127.0.0.1:5000", told("127.0.0.1:5000 (Stream)", "[::]:5001 (Datagram)"))
    assert found.code == "bound-to-loopback"
    commands = found.fixes[0].commands
    assert '"[Socket]" "ListenStream=" "ListenStream=5000" "ListenDatagram=[::]:5001"' in commands[1]
    assert commands[3:] == ("systemctl stop shop.service", "systemctl restart shop.socket")


ONLY_SIX = "BindIPv6Only=ipv6-only\n"


@pytest.mark.parametrize(
    ("address", "own", "units", "code", "lines"),
    [
        ("10.99.0.1:5000", "", told("10.99.0.1:5000 (Stream)"), "bound-to-other-address", '"ListenStream=5000"'),
        (
            "[::]:5000",
            "v6only:1 ",
            told("[::]:5000 (Stream)", "[::]:5001 (Stream)", more=ONLY_SIX),
            "bound-to-ipv6-only",
            '"ListenStream=0.0.0.0:5000" "ListenStream=[::]:5000" "ListenStream=[::]:5001"',
        ),
        (
            "127.0.0.1:5000",
            "",
            told("/run/a (Stream)", "127.0.0.1:5000 (Stream)", "[fe80::1]:5000%eth0 (Stream)", "1.2.3:5000 (Stream)"),
            "bound-to-loopback",
            '"ListenStream=/run/a" "ListenStream=5000" "ListenStream=1.2.3:5000"',
        ),
    ],
    ids=("free-bind", "ipv6-only", "several-and-no-address"),
)  # fmt: skip
def test_a_socket_unit_is_told_one_place_for_the_port_that_all_clients_reach(
    address: str, own: str, units: str, code: str, lines: str
) -> None:
    found = of_systemd(address, units, own=own)
    assert found.code == code
    assert f'"[Socket]" "ListenStream=" {lines} >' in found.fixes[0].commands[1]


@pytest.mark.parametrize(("state", "says"), [("failed", "has failed"), ("inactive", "is stopped")])
def test_a_socket_unit_that_has_stopped_is_named(state: str, says: str) -> None:
    units = told("[::]:5000 (Stream)", more=f"ActiveState={state}\nResult=trigger-limit-hit\n")
    found = decisive(report("", ok(SOCKETS.name, units)))
    assert found.title == f"Nothing is listening on port 5000: shop.socket {says}"
    assert f"{state} (trigger-limit-hit): ListenStream=[::]:5000" in [one.text for one in found.evidence]
    other = decisive(report("", ok(SOCKETS.name, units.replace("5000", "5001"))))
    assert "shop.socket" not in other.title


@pytest.mark.parametrize(
    ("setting", "reset"),
    [
        ("PrivateNetwork=yes", "PrivateNetwork=no"),
        ("NetworkNamespacePath=/run/netns/a", "NetworkNamespacePath="),
    ],
)
def test_a_socket_unit_in_a_network_of_its_own_is_named(setting: str, reset: str) -> None:
    units = told("[::]:5000 (Stream)", more=f"ActiveState=active\n{setting}\n")
    found = decisive(report("", ok(SOCKETS.name, units)))
    assert found.code == "listening-in-namespace"
    assert found.title.startswith(f"shop.socket has a network of its own ({setting})")
    assert f'"[Socket]" "{reset}" >' in found.fixes[0].commands[1]
    assert found.fixes[0].commands[3:] == ("systemctl stop shop.service", "systemctl restart shop.socket")
    stopped = decisive(report("", ok(SOCKETS.name, units.replace("=active", "=inactive"))))
    assert stopped.title.endswith("shop.socket is stopped")


def test_a_service_that_has_not_started_yet_is_named() -> None:
    text = show(state="start-pre").replace("ActiveState=start-pre", "Type=simple\nActiveState=activating")
    texts = [one.text for one in decisive(report(text)).evidence]
    assert "shop.service is still starting (start-pre)" in texts
    assert (
        decisive(report(text)).fixes[0].steps[-1] == "If it is shop.service: it is still starting (start-pre)"
    )
    oneshot = decisive(report(text.replace("simple", "oneshot")))
    assert not any("still starting" in one.text for one in oneshot.evidence)


def test_a_service_of_no_root_gets_the_capability_for_a_low_port() -> None:
    recording = load("linux-nothing-listening").recording
    text = f"{show(state='auto-restart', restarts='4')}User=ada\n"
    said = ok(journal_source("shop.service").name, "PermissionError: [Errno 13] Permission denied\n")
    readings = {**recording.readings, SERVICES.name: ok(SERVICES.name, text), said.source: said}
    low = replace(recording, readings=readings, target=replace(recording.target, port=80))
    found = decisive(replay(low))
    assert (
        found.title
        == "Nothing is listening on port 80: shop.service may not take a port below 1024 (User=ada)"
    )
    assert '"[Service]" "AmbientCapabilities=CAP_NET_BIND_SERVICE"' in found.fixes[0].commands[1]
    high = decisive(replay(replace(low, target=replace(low.target, port=5000))))
    assert "may not" not in high.title


def test_what_fails_is_told_with_the_advice_to_start_it_and_no_task_is() -> None:
    found = decisive(failing("Traceback\nModuleNotFoundError: No module named 'flask'\n"))
    assert found.fixes[0].steps[-1] == (
        "If it is shop.service: it fails (started again 4 times): ModuleNotFoundError: No module named 'flask'"
    )
    task = report(f"{show(state='failed')}Type=oneshot\n")
    assert "shop.service" not in " ".join(decisive(task).fixes[0].steps)


def test_a_service_of_the_users_own_systemd_is_told_with_its_words() -> None:
    text = show(state="auto-restart", restarts="4")
    said = ok(
        journal_source("shop.service", "--user ").name, "ModuleNotFoundError: No module named 'flask'\n"
    )
    found = decisive(report("", ok(USERS_SERVICES.name, text), said))
    assert found.title == "Nothing is listening on port 5000"
    last = found.evidence[-1]
    assert last.source == "journalctl --user -u shop.service"
    assert last.text.endswith("fails (started again 4 times): ModuleNotFoundError: No module named 'flask'")


def is_for_the_user(fix: Fix, line: str) -> bool:
    """Whether a fix writes a line to the user's own unit, and needs no root."""
    orders = ("systemctl --user daemon-reload", "systemctl --user restart shop.service")
    where = f'"[Service]" {line} > ~/.config/systemd/user/shop.service.d/zz-landiag.conf'
    return fix.needs is None and where in fix.commands[1] and {*orders} <= {*fix.commands}


def test_what_the_sandbox_of_a_users_own_service_forbids_is_undone_by_that_user() -> None:
    text = show(state="auto-restart", restarts="4", families="AF_UNIX")
    said = ok(
        journal_source("shop.service", "--user ").name, "OSError: [Errno 97] Address family not supported\n"
    )
    found = decisive(report("", ok(USERS_SERVICES.name, text), said))
    assert found.title.endswith("the sandbox of shop.service forbids it (RestrictAddressFamilies)")
    assert "systemctl --user show shop.service" in [one.source for one in found.evidence]
    lines = '"RestrictAddressFamilies=" "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"'
    assert is_for_the_user(found.fixes[0], lines)


def test_a_users_own_service_in_a_network_of_its_own_is_named() -> None:
    process = {"pid": 77, "name": "python3", "argv": ["python3", "-m", "http.server", "5000"]}
    seen = ok(process_source((77,)).name, json.dumps([process]))
    found = decisive(report("", ok(USERS_SERVICES.name, show(private="yes", pid="77")), seen))
    assert found.code == "listening-in-namespace"
    assert is_for_the_user(found.fixes[0], '"PrivateNetwork=no"')


@pytest.mark.parametrize(
    ("group", "shown"),
    [
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service",
            "systemctl --user cat shop.service",
        ),
        ("/system.slice/shop.service", "systemctl cat shop.service"),
    ],
)
def test_the_unit_of_a_server_in_a_network_of_its_own_is_named_by_its_control_group(
    group: str, shown: str
) -> None:
    steps = publish_fix(5000, Socket(ip_address("0.0.0.0"), 5000, cgroup=group)).steps
    assert steps[-1] == f"Its unit is shop.service: {shown} shows it."


@pytest.mark.parametrize(
    ("domain", "of_port", "commands"),
    [
        ("httpd_t", "commplex_main_port_t", ("semanage port --modify --type http_port_t --proto tcp 5000",)),
        ("httpd_t", "unreserved_port_t", ("semanage port --add --type http_port_t --proto tcp 5000",)),
        ("shop_t", "unreserved_port_t", ()),
    ],
)
def test_selinux_is_named_by_what_the_kernel_wrote(
    domain: str, of_port: str, commands: tuple[str, ...]
) -> None:
    denial = LINE.replace("httpd_t", domain).replace("commplex_main_port_t", of_port)
    failed = show(state="auto-restart", restarts="4")
    said = ok(journal_source("shop.service").name, "PermissionError: [Errno 13] Permission denied\n")
    told = (ok(ENFORCE.name, "1\n"), ok(denials_source(5000).name, f"audit: {denial}\n"))
    found = decisive(report(failed, said, *told))
    assert found.title.endswith(f"SELinux forbids it to shop.service ({domain} may not bind to {of_port})")
    assert denial in [one.text for one in found.evidence]
    assert found.fixes[0].commands[:1] == commands
    other = report(failed, ok(journal_source("shop.service").name, "out of memory\n"), *told)
    assert "SELinux" not in decisive(other).title
