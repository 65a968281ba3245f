"""Ansible's connection to a host of the lab: its commands run in the namespaces of that host's first process."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
name: lab
short_description: Enter a host of the lab
description: Runs commands in the namespaces of a process. Without one the host cannot be reached.
author: The landiag authors
options:
  pid:
    description: The first process of the host.
    type: int
    default: 0
    vars: [{name: lab_pid}]
  user:
    description: The process in whose user namespace an ordinary user lives.
    type: int
    default: 0
    vars: [{name: lab_session}]
"""
VARIABLES = ("HOME=/srv/home", "LANG=C.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")


class Connection(ConnectionBase):
    """A connection that has nothing to keep open."""

    transport = "lab"
    has_pipelining = True

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def exec_command(
        self, cmd: str, in_data: bytes | None = None, sudoable: bool = True
    ) -> tuple[int, bytes, bytes]:
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        pid = self.get_option("pid")
        if not pid:
            raise AnsibleConnectionFailure("Connection timed out\nduring <banner> exchange")
        enter = ["nsenter", "-t", str(pid), "-U", "--preserve-credentials", "-n", "-m", "-p", "-u"]
        if self.get_option("user"):
            enter += ["nsenter", f"--user=/proc/{self.get_option('user')}/ns/user", "--preserve-credentials"]
        argv = [*enter, "env", "-i", "-C", "/", *VARIABLES, "/bin/sh", "-c", cmd]
        done = subprocess.run(argv, input=in_data or b"", capture_output=True, check=False, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path: str, out_path: str) -> None:
        super().put_file(in_path, out_path)
        self.exec_command(f"cat > {shlex.quote(out_path)}", Path(in_path).read_bytes())

    def fetch_file(self, in_path: str, out_path: str) -> None:
        super().fetch_file(in_path, out_path)
        Path(out_path).write_bytes(self.exec_command(f"cat {shlex.quote(in_path)}")[1])

    def close(self) -> None:
        self._connected = False
