"""What the probes do on a host, tried on this one: outcomes of connections, and stubs that end by themselves."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from types import ModuleType

import pytest

from tests.ansible.collection import COLLECTION

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="hosts of the collection run Linux")


def load(name: str) -> ModuleType:
    place = COLLECTION / "plugins" / "module_utils" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


connections, stub = load("connections"), load("stub")


def serve(listener: socket.socket, greeting: bytes | None) -> None:
    """Take one connection: greet it, close it (no bytes), or hold it (None)."""
    connection = listener.accept()[0]
    if greeting is None:
        connection.recv(1)
    elif greeting:
        connection.sendall(greeting)
    connection.close()


@pytest.mark.parametrize(
    ("greeting", "outcome"), [(b"220 hello\n", "answered"), (b"", "reset"), (None, "silent")]
)
def test_outcomes_of_connections_that_open(greeting: bytes | None, outcome: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve, args=(listener, greeting))
        thread.start()
        assert connections.probe("127.0.0.1", listener.getsockname()[1], 5.0)["outcome"] == outcome
        thread.join()


def test_nobody_listens_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert (
            connections.probe_all([("127.0.0.1", port)] * 2, 5.0)
            == [{"outcome": "refused", "detail": "Connection refused"}] * 2
        )


def test_the_stub_binds_one_address_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        bound, refused = stub.bind_all([("127.0.0.2", port), ("0.0.0.0", 1), ("::", 1), ("192.0.2.1", 5)])
    assert bound == []
    assert [reason[2] for reason in refused] == [
        "somebody listens on that port", "it is not one address", "it is not one address",
        "Cannot assign requested address",
    ]  # fmt: skip
    bound, refused = stub.bind_all([("127.0.0.2", 0)])
    with bound[0] as listener:
        assert (listener.getsockname()[0], refused) == ("127.0.0.2", [])


START = """
import sys, time
sys.path.insert(0, sys.argv[1])
import stub
bound, _ = stub.bind_all([("127.0.0.2", 0)])
stub.detach(bound, 2)
print(bound[0].getsockname()[1], flush=True)
bound[0].close()
time.sleep(60)
"""


def test_the_stub_outlives_its_connection_and_ends_by_its_timer() -> None:
    folder = COLLECTION / "plugins" / "module_utils"
    started = time.monotonic()
    whoever = subprocess.Popen((sys.executable, "-c", START, folder), stdout=subprocess.PIPE, text=True)
    assert whoever.stdout is not None
    port = int(whoever.stdout.readline())
    whoever.kill()
    whoever.communicate(timeout=1)  # nothing holds its output: the stub let go of it
    assert connections.probe("127.0.0.2", port, 2.0)["outcome"] == "silent"
    owner = {process for process in processes() if str(folder) in process}
    assert len(owner) == 1
    while port in stub.busy_ports():
        assert time.monotonic() < started + 10.0
        time.sleep(0.05)
    assert time.monotonic() > started + 1.5
    assert not {process for process in processes() if str(folder) in process}


def processes() -> list[str]:
    """The command lines of all processes, this one's left out."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(f"{file} {file.read_bytes().decode(errors='replace')}")
        except OSError:
            continue
    return [one for one in found if "stub.detach" in one]
