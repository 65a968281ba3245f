"""The root file system of a release: built once by mmdebstrap into the user's cache, again when its recipe changes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "landiag-vm"
PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
RELEASES = tuple(PYTHONS)

PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "udev", "kmod", "linux-image-amd64", "ifupdown", "iproute2"),
    *("iputils-ping", "procps", "util-linux", "python3", "curl", "busybox-static", "vlan"),
    *("nftables", "iptables", "ipset", "ufw", "firewalld", "fail2ban", "conntrack", "wireguard-tools"),
    *("docker.io", "podman", "crun", "netavark", "aardvark-dns", "passt", "slirp4netns", "uidmap"),
    "rootlesskit",
    *(
        "fuse-overlayfs",
        "apparmor",
        "network-manager",
        "dnsmasq-base",
        "systemd-resolved",
        "systemd-container",
    ),
    *("selinux-policy-default", "policycoreutils", "policycoreutils-python-utils"),
)
MORE = {"trixie": ("docker-cli",)}
"""What a release has in packages of its own."""

SMALL_INITRD = (
    'mkdir -p "$1/etc/initramfs-tools/conf.d"; echo MODULES=list > "$1/etc/initramfs-tools/conf.d/lab"'
)
"""Said before the kernel is installed: an initrd with every module takes minutes, and is thrown away."""

LIBRARIES = (
    *("typer", "click", "psutil", "tabulate", "flask", "waitress", "segno", "scapy", "msgspec"),
    "typing_extensions",
)


class BuildError(RuntimeError):
    """A root file system could not be built: the message holds the end of what the tools said."""


@dataclass(frozen=True, slots=True)
class Image:
    """What a machine is started from: files of one folder of the cache."""

    folder: Path

    @property
    def kernel(self) -> Path:
        """The kernel, as Debian packs it."""
        return self.folder / "kernel"

    @property
    def initrd(self) -> Path:
        """Its first root file system."""
        return self.folder / "initrd"

    @property
    def booted(self) -> Path:
        """A disk on top of it that holds the running machine, too, as it was when it had booted."""
        return self.folder / "booted.qcow2"

    @property
    def root(self) -> Path:
        """The raw image of the root file system; nothing ever writes to it."""
        return self.folder / "root.img"


def image_of(release: str) -> Image:
    """The image of a release; built where there is none of this recipe."""
    folder = CACHE / f"{release}-{_recipe(release)}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{release}.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for old in CACHE.glob(f"{release}-*"):
                shutil.rmtree(old)
            print(f"building {release} into {folder} (once; some minutes)", file=sys.stderr, flush=True)
            _build(release, folder.with_name(f"{release}-building"))
            folder.with_name(f"{release}-building").rename(folder)
    return Image(folder)


def _packages(release: str) -> tuple[str, ...]:
    return (*PACKAGES, *MORE.get(release, ()))


def _recipe(release: str) -> str:
    """A name for all that goes into the image."""
    digest = hashlib.sha256(" ".join((release, *_packages(release), *LIBRARIES)).encode())
    files = sorted(file for file in (HERE / "guest").rglob("*") if file.is_file())
    for file in (HERE / "customize", *files):
        digest.update(f"{file.relative_to(HERE)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _build(release: str, folder: Path) -> None:
    (folder / "extra").mkdir(parents=True)
    _call(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder / "lib")),
        *("--python-version", PYTHONS[release], "--platform", "manylinux2014_x86_64"),
        *("--only-binary", ":all:", "--disable-pip-version-check", *LIBRARIES),
        log=folder / "pip.log",
    )
    _call(
        *("mmdebstrap", "--variant=minbase", "--mode=root", "--format=null"),
        f"--include={','.join(_packages(release))}",
        f"--essential-hook={SMALL_INITRD}",
        f'--customize-hook={HERE / "customize"} "$1" {folder}',
        *(release, "/dev/null"),
        log=folder / "mmdebstrap.log",
    )


def _call(*argv: str, log: Path) -> None:
    with log.open("wb") as said:
        done = subprocess.run(argv, stdout=said, stderr=subprocess.STDOUT, check=False, timeout=7200)
    if done.returncode:
        raise BuildError(f"{argv[0]}: {log}: {log.read_text(errors='replace')[-600:]}")


def pack_landiag(target: Path) -> None:
    """This checkout's landiag as a tar file, a second disk of the machine: of one size, whatever is in it."""
    with tarfile.open(target, "w") as archive:
        archive.add(REPOSITORY / "landiag", "landiag", filter=_without_caches)
    os.truncate(target, 32 << 20)


def _without_caches(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if member.name.endswith(("__pycache__", ".pyc")) else member
