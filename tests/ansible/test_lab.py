"""Real ansible-core over real hosts: recordings, a policy, probes with stubs, and what it leaves behind."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from landiag.cli.files.fleet_files import read_fleet
from landiag.fleet.exposed import describe_gap, list_cells
from tests.ansible.collection import PROGRAMS, lay_out, run
from tests.lab.build import wait_for_listeners
from tests.lab.network import Lab, build_lab

pytest.importorskip("ansible", reason="ansible-core is not installed (./setup test)")
pytestmark = pytest.mark.lab

RULES = """table inet f {
  chain in { type filter hook input priority 0; policy drop;
    ct state established,related accept
    ip saddr 192.168.77.20 tcp dport { 80, 8081 } accept
    ip saddr 192.168.77.21 tcp dport 80 ct state new accept
    ip6 saddr { fd77::20, fd77::21 } tcp dport 80 accept
    meta l4proto { icmp, ipv6-icmp } accept
  }
}
"""
SERVE = "exec python3 -m http.server 80 --bind :: --directory /srv/shop"
POLICY = """schema = "landiag.policy/1"
[groups]
web = ["inventory:web"]
[[expect]]
to = "server"
port = 80
from = ["client", "neighbour"]
be = "reachable"
[[expect]]
to = "inventory:web"
port = 80
from = ["client"]
be = "reachable"
[[expect]]
to = "server"
port = 8081
from = ["client"]
be = "reachable"
"""
# sudo itself cannot run in the lab: a stand-in hands each command, with its standard input, to a program of root's.
ROOTS = """
import json, os, socket, subprocess
server = socket.socket(socket.AF_UNIX)
server.bind("/run/lab/sudo.sock")
os.chmod("/run/lab/sudo.sock", 0o777)
server.listen(8)
while True:
    with server.accept()[0] as connection, connection.makefile("rw") as talk:
        argv, said = json.loads(talk.readline())
        done = subprocess.run(argv, input=said, capture_output=True, text=True)
        talk.write(json.dumps([done.returncode, done.stdout, done.stderr]))
"""
SUDO = """#!/usr/bin/python3 -IS
import json, socket, sys
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect("/run/lab/sudo.sock")
    talk = asked.makefile("rw")
    talk.write(json.dumps([sys.argv[sys.argv.index("root") + 1:], sys.stdin.read()]) + "\\n")
    talk.flush()
    status, said, errors = json.load(talk)
sys.stdout.write(said)
sys.stderr.write(errors)
sys.exit(status)
"""


class Controller(Struct, frozen=True):
    """Where Ansible runs, and the lab that it runs over."""

    lab: Lab
    home: Path
    collections: Path

    def play(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        words = (*words, "-i", "inventory.json", "-e", f"landiag_program={PROGRAMS / 'landiag'}")
        return run("ansible-playbook", *words, home=self.home, collections=self.collections, **settings)

    def landiag(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = (str(PROGRAMS / "landiag"), "fleet", *words)
        return subprocess.run(argv, cwd=self.home, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    home = tmp_path_factory.mktemp("controller")
    with build_lab() as lab:
        lab.server.run("nft -f -", stdin=RULES)
        lab.server.spawn(SERVE)
        assert wait_for_listeners(lab.server, 80, 1)
        hosts: dict[str, Any] = {host.name: {"lab_pid": host.pid} for host in lab.hosts()}
        common = {"ansible_connection": "lab", "ansible_python_interpreter": "/usr/bin/python3"}
        groups: dict[str, Any] = {
            "web": {"hosts": {"server": {}, "gone": {}}},
            "clients": {"hosts": {"client": {}}},
        }
        inventory = {"all": {"vars": common, "hosts": {**hosts, "gone": {}}, "children": groups}}
        (home / "inventory.json").write_text(json.dumps(inventory))
        (home / "policy.toml").write_text(POLICY)
        yield Controller(lab, home, lay_out(home / "collections"))


@pytest.fixture(scope="module")
def played(controller: Controller) -> subprocess.CompletedProcess[str]:
    """The policy of the whole inventory, of which one host cannot be reached."""
    return controller.play("landiag.landiag.policy", "-e", "landiag_become=false", "--forks", "3", "-vvv")


def test_hosts_are_recorded_and_nothing_changes(
    controller: Controller, played: subprocess.CompletedProcess[str]
) -> None:
    counts = dict(re.findall(r"^(\w+) +: ok=\d+ +changed=0 +unreachable=(\d) ", played.stdout, re.M))
    assert counts == {
        "client": "0", "gateway": "0", "neighbour": "0", "server": "0", "stranger": "0", "localhost": "0", "gone": "1",
    }  # fmt: skip
    files = sorted((controller.home / "recordings").iterdir())
    assert [file.name for file in files] == [
        f"{name}.json.gz" for name in ("client", "gateway", "gone", "neighbour", "server", "stranger")
    ]
    assert {file.stat().st_mode & 0o777 for file in (*files, files[0].parent)} == {0o600, 0o700}
    assert "H4sI" not in played.stdout + played.stderr, "a recording was printed"
    for host in controller.lab.hosts():
        assert host.run("find /srv/home -name 'ansible-tmp-*'").stdout == ""


def test_an_unreachable_host_is_unknown_and_the_rest_stands(
    controller: Controller, played: subprocess.CompletedProcess[str]
) -> None:
    states = re.findall(r'"(holds|UNKNOWN|VIOLATED) +(\d)\.', played.stdout)
    assert dict(states) == {"VIOLATED": "3", "UNKNOWN": "2", "holds": "1"}
    assert played.returncode != 0
    reach = read_fleet(controller.home / "recordings")
    assert "could not be reached: Connection timed out" in reach.by_name["gone"].problem
    assert [host.name for host in reach.hosts if host.problem] == ["gone"]
    assert {name: reach.by_name[name].groups for name in ("server", "gone", "client", "stranger")} == {
        "server": ("web",), "gone": ("web",), "client": ("clients",), "stranger": (),
    }  # fmt: skip
    cells = {(cell.client, cell.server): cell.fate.verdict.value for cell in list_cells(reach, [80])}
    assert cells["client", "server"] == "reachable"
    assert cells["stranger", "server"] == "blocked"


TASKS = """
- hosts: server
  gather_facts: false
  tasks:
    - landiag.landiag.record: {dest: unwritten}
      check_mode: true
      register: said
    - ansible.builtin.debug: {var: said}
    - landiag.landiag.record: {dest: as-user}
      vars: {lab_session: SESSION}
    - landiag.landiag.record: {dest: as-root}
      vars: {lab_session: SESSION, ansible_become_exe: /srv/sudo}
      become: true
"""


@pytest.fixture(scope="module")
def told(controller: Controller) -> str:
    """What tasks of a play of one's own say: in check mode, as an ordinary user, and by become."""
    server = controller.lab.server
    server.write("/srv/sudo", SUDO)
    server.write("/srv/roots.py", ROOTS)
    server.run("chmod 755 /srv/sudo; chmod 777 /srv/home")
    server.spawn("exec /usr/bin/python3 /srv/roots.py", log="roots")
    (controller.home / "tasks.yml").write_text(TASKS.replace("SESSION", server._user_session()))
    done = controller.play("tasks.yml")
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_check_mode_reads_and_writes_nothing(controller: Controller, told: str) -> None:
    assert not (controller.home / "unwritten").exists()
    said = json.loads("{" + told.partition('"said": {')[2].partition("\n    }")[0] + "}")
    assert (said["changed"], said["bytes"] > 10_000) == (False, True)
    assert set(said) == {"bytes", "changed", "failed"}, "a recording became a variable"


@pytest.mark.usefixtures("told")
def test_become_reads_what_an_ordinary_user_cannot(controller: Controller) -> None:
    gaps = {
        folder: describe_gap(read_fleet(controller.home / folder).by_name["server"])
        for folder in ("as-user", "as-root")
    }
    assert gaps["as-root"] == ""
    assert "firewall could not be read" in gaps["as-user"]


def test_probes_agree_with_what_was_computed(
    controller: Controller, played: subprocess.CompletedProcess[str]
) -> None:
    assert played.returncode
    words = ("--port", "80", "--port", "8081")
    plan = controller.landiag("probes", "recordings", *words).stdout
    (controller.home / "probes.jsonl").write_text(plan)
    done = controller.play(
        "landiag.landiag.probe", "-e", "landiag_stub=true", "-e", "landiag_become=false",
        "-e", "landiag_connect_timeout=2",
    )  # fmt: skip
    lines = [
        json.loads(line)
        for file in sorted((controller.home / "outcomes").glob("*.jsonl"))
        for line in file.read_text().splitlines()
    ]
    assert len(lines) == len(plan.splitlines()), done.stdout
    found = {(one["from"], one["to"], one["address"], one["port"]): one for one in lines}
    open_one = found["client", "server", "192.168.77.10", 8081]
    assert (open_one["expect"], open_one["outcome"], open_one["stub"]) == ("no-listener", "silent", True)
    assert {one["outcome"] for one in lines} >= {"silent", "timeout"}
    said = controller.landiag("matrix", "recordings", *words, "--probes", "outcomes", "--format", "json")
    cells = json.loads(said.stdout)["cells"]
    assert {cell["agrees"] for cell in cells} == {None, True}
    assert sum(cell["agrees"] is True for cell in cells) == len(lines)
