"""Relays of container engines, virtual machines and WSL2: whose they are, and when two of them are one owner."""

from __future__ import annotations

import pytest

from landiag.model.process import Process, Service
from landiag.servers.recognise import recognise
from landiag.servers.relays import relay_of, relays, without_inner_relays
from landiag.servers.restart import restart_command


@pytest.mark.parametrize(
    ("name", "exe", "argv", "key"),
    [
        (
            "com.docker.backend.exe",
            r"C:\Program Files\Docker\Docker\resources\com.docker.backend.exe",
            (),
            "docker",
        ),
        ("com.docker.backend", "/Applications/Docker.app/Contents/MacOS/com.docker.backend", (), "docker"),
        ("vpnkit.exe", None, (), "docker"),
        ("host-switch.exe", r"C:\Program Files\Rancher Desktop\resources\host-switch.exe", (), "rancher"),
        ("gvproxy", "/opt/podman/bin/gvproxy", (), "podman"),
        ("win-sshproxy.exe", None, (), "podman"),
        ("limactl", "/opt/homebrew/bin/limactl", ("limactl", "hostagent"), "lima"),
        ("ssh", "/usr/bin/ssh", ("ssh: /Users/anna/.colima/_lima/colima/ssh.sock [mux]",), "lima"),
        ("OrbStack Helper", "/Applications/OrbStack.app/Contents/MacOS/OrbStack Helper", (), "orbstack"),
        ("VBoxHeadless.exe", r"C:\Program Files\Oracle\VirtualBox\VBoxHeadless.exe", (), "virtualbox"),
        ("vmnat.exe", r"C:\Windows\SysWOW64\vmnat.exe", (), "vmware"),
        ("prl_naptd", "/Applications/Parallels Desktop.app/Contents/MacOS/prl_naptd", (), "parallels"),
        ("qemu-system-x86", None, ("/usr/bin/qemu-system-x86_64", "-m", "2048"), "qemu"),
        ("python3", "/usr/bin/python3", ("python3", "start.py", "qemu-system-x86_64"), None),
        ("wslrelay.exe", r"C:\Program Files\WSL\wslrelay.exe", (), "wsl"),
        ("python.exe", r"C:\Python312\python.exe", ("python", "-m", "flask"), None),
        ("ssh", "/usr/bin/ssh", ("ssh", "-L", "5000:localhost:5000", "anna@host"), None),
        ("node", "/usr/bin/node", ("node", "/home/anna/docker/app.js"), None),
    ],
)
def test_whose_relay_a_process_is(name: str, exe: str | None, argv: tuple[str, ...], key: str | None) -> None:
    found = relay_of(Process(7, name, argv=argv, exe=exe))
    assert (None if found is None else found.key) == key


def test_a_relay_of_localhost_beside_an_engine_is_no_second_owner() -> None:
    assert without_inner_relays({"docker": 1, "wsl": 2}) == {"docker": 1}
    assert without_inner_relays({"wsl": 2}) == {"wsl": 2}
    assert without_inner_relays({"wsl": 2, 4711: 3}) == {"wsl": 2, 4711: 3}
    assert without_inner_relays({"docker": 1, "podman": 2}) == {"docker": 1, "podman": 2}


def test_every_product_says_what_ends_what_it_publishes() -> None:
    assert all(one.stop and "kill" not in one.stop for one in relays())


def test_the_connection_by_which_lima_publishes_is_no_forward_of_a_person() -> None:
    process = Process(7, "ssh", ("ssh: /Users/anna/.lima/default/ssh.sock [mux]",), exe="/usr/bin/ssh")
    server = recognise(process, {7: process})
    assert server is not None
    assert server.kind.title == "the port forwarder of Lima or Colima"


@pytest.mark.parametrize(
    ("name", "unit", "words"),
    [
        ("docker-proxy", "docker.service", "docker run"),
        ("rootlessport", "user@1000.service", "podman run"),
        ("pasta.avx2", "user@1000.service", "podman run"),
    ],
)
def test_a_published_port_is_published_anew_and_its_engine_left_alone(
    name: str, unit: str, words: str
) -> None:
    ends = (
        "-host-ip",
        "127.0.0.1",
        "-host-port",
        "5000",
        "-container-ip",
        "172.17.0.2",
        "-container-port",
        "80",
    )
    process = Process(7, name, (f"/usr/bin/{name}", "-proto", "tcp", *ends), exe=f"/usr/bin/{name}")
    server = recognise(process, {7: process})
    assert server is not None
    advice = restart_command(server, process, port=5000, unit=Service(unit) if unit else None)
    assert (advice.run, advice.stop_pid, advice.needs) == (None, None, "user-action")
    assert words in advice.steps[0]
