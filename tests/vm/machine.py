"""One emulated machine: booted once, saved when it is up, and put back to that moment before each scenario."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.lab.hosts import Host, LabError
from tests.vm.agent import BOOT_SECONDS, Agent, Guest
from tests.vm.image import Image, pack_landiag
from tests.vm.network import PLUG

BOOTED, READY = "booted", "ready"  # the names of the saved moments
KERNEL_LINE = (
    "root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet mitigations=off systemd.show_status=0 "
    "no_timer_check"  # a busy machine starves the emulated timer, and the kernel gives up on it
)

# The first command of a run: landiag is unpacked, and compiled once for all scenarios.
UNPACK = """
tar -xf /dev/vdb -C /opt/landiag/src
landiag check --port 5999 > /dev/null 2>&1
true
"""


class Machine(Guest):
    """A machine on the network of ``switch``; a context manager that ends it."""

    def __init__(self, switch: Host, image: Image, folder: Path, kernel: str = "") -> None:
        """Start it; ``folder`` takes its disk, sockets and console; ``kernel`` are more words for its kernel."""
        self._folder = folder
        pack_landiag(folder / "landiag.tar")
        is_booted = image.booted.exists() and not kernel
        if is_booted:
            shutil.copy(image.booted, folder / "disk.qcow2")
        else:
            make_disk(image, folder / "disk.qcow2")
        moment = ("-loadvm", BOOTED) if is_booted else ()
        line = " ".join([*_qemu(image, folder, f"{KERNEL_LINE} {kernel}"), *moment])
        self._qemu = subprocess.Popen(switch.argv(f"exec {line}"))
        try:
            self._socket = self._connect("agent.sock")
            self._socket.setblocking(True)
            self.agent = Agent(self._socket.fileno(), self.console)
            self._monitor = self._connect("monitor.sock")
            self._command("qmp_capabilities")
            self.agent.wait_until_up()
        except BaseException:
            self.close()
            raise

    def unpack(self) -> None:
        """Give it this checkout's landiag, and save the moment to which every scenario goes back."""
        self.run(UNPACK, seconds=BOOT_SECONDS)
        self._human(f"savevm {READY}")

    def keep_booted(self, image: Image) -> None:
        """Save the moment for all runs to come, and end the machine."""
        self._human(f"savevm {BOOTED}")
        self.close()
        (self._folder / "disk.qcow2").rename(image.folder / "booting.qcow2")
        (image.folder / "booting.qcow2").rename(image.booted)

    def restore(self) -> None:
        """Put everything back to the moment when the machine had booted."""
        self._human(f"loadvm {READY}")

    def reboot(self) -> None:
        """Start the machine anew, with what its disk now holds."""
        self.agent.tell("systemctl --no-block reboot")
        time.sleep(5)
        self.agent.wait_until_up()

    def close(self) -> None:
        """End it; what does not listen any more ends with the switch's namespaces."""
        with suppress(LabError, OSError, AttributeError):
            self._command("quit")
            self._qemu.wait(timeout=30)

    def _connect(self, name: str) -> socket.socket:
        """Connect to one of QEMU's sockets, which appear a moment after it was started."""
        deadline = time.monotonic() + 20
        while True:
            found = socket.socket(socket.AF_UNIX)
            found.settimeout(BOOT_SECONDS)
            try:
                found.connect(str(self._folder / name))
                return found
            except OSError as error:
                found.close()
                if self._qemu.poll() is not None or time.monotonic() > deadline:
                    raise LabError(f"the machine does not start: {name}: {error}") from error
                time.sleep(0.1)

    def console(self) -> str:
        """What the kernel and systemd have printed."""
        return (self._folder / "console.log").read_text(errors="replace")

    def _human(self, line: str) -> None:
        said = self._command("human-monitor-command", {"command-line": line})
        if said.get("return"):
            raise LabError(f"{line}: {said['return']}")

    def _command(self, name: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask QEMU's monitor; events between are thrown away."""
        order = {"execute": name, **({"arguments": arguments} if arguments else {})}
        self._monitor.sendall(json.dumps(order).encode() + b"\n")
        for line in self._monitor.makefile("rb", buffering=0):
            found: dict[str, Any] = json.loads(line)
            if "error" in found:
                raise LabError(f"{name}: {found['error']}")
            if "return" in found:
                return found
        raise LabError(f"{name}: QEMU is gone")


def make_disk(image: Image, disk: Path) -> None:
    """A disk for what the machine writes, on top of the image."""
    base = ("-F", "raw", "-b", str(image.root))
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *base, str(disk)], check=True, timeout=60)


def start(switch: Host, image: Image, folder: Path, kernel: str = "") -> Machine:
    """A machine that is ready for scenarios; the first of an image is booted, the others go on from there."""
    switch.configure(f"ip tuntap add {PLUG} mode tap; ip link set {PLUG} master lan0 up")
    if not image.booted.exists() and not kernel:
        with TemporaryDirectory(prefix="booting-", dir=image.folder) as own:
            Machine(switch, image, Path(own)).keep_booted(image)
    machine = Machine(switch, image, folder, kernel)
    machine.unpack()
    return machine


def _qemu(image: Image, folder: Path, line: str) -> list[str]:
    return [
        *("qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max"),
        *("-smp", "2", "-m", "2048", "-nodefaults", "-no-user-config", "-display", "none"),
        *("-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", f"'{line}'"),
        *("-drive", f"file={folder}/disk.qcow2,if=virtio,format=qcow2,cache=unsafe"),
        *("-drive", f"file={folder}/landiag.tar,if=virtio,format=raw,readonly=on"),
        *("-netdev", f"tap,id=lan,ifname={PLUG},script=no,downscript=no"),
        *("-device", "virtio-net-pci,netdev=lan,mac=52:54:00:77:00:10,romfile="),
        *(
            "-device",
            "virtio-serial",
            "-chardev",
            f"socket,id=agent,path={folder}/agent.sock,server=on,wait=off",
        ),
        *("-device", "virtserialport,chardev=agent,name=landiag"),
        *("-device", "virtio-rng-pci", "-serial", f"file:{folder}/console.log"),
        *("-qmp", f"unix:{folder}/monitor.sock,server=on,wait=off"),
    ]
