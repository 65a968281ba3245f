"""In place of sudo, which cannot run in the lab (its user has no way up): each command goes to a program of root's."""

from __future__ import annotations

from tests.lab.scenario import Step

ROOTS = """
import json, os, socket, subprocess
server = socket.socket(socket.AF_UNIX)
server.bind("/run/lab/sudo.sock")
os.chmod("/run/lab/sudo.sock", 0o777)
server.listen(64)
print("ready", flush=True)
while True:
    connection, _ = server.accept()
    with connection, connection.makefile("rw") as talk:
        argv = json.loads(talk.readline())
        open("/run/lab/sudo.log", "a").write(" ".join(argv) + "\\n")
        on_behalf = {**os.environ, "SUDO_UID": "1000"}
        done = subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, env=on_behalf)
        talk.write(json.dumps([done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1")]))
"""

SUDO = """#!/usr/bin/python3 -IS
import json, socket, sys
if sys.argv[-1] == "-v":
    sys.exit(0)
assert sys.argv[1] == "-n", sys.argv
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect("/run/lab/sudo.sock")
    talk = asked.makefile("rw")
    talk.write(json.dumps(sys.argv[2:]) + "\\n")
    talk.flush()
    status, said, errors = json.load(talk)
sys.stdout.buffer.write(said.encode("latin-1"))
sys.stderr.buffer.write(errors.encode("latin-1"))
sys.exit(status)
"""

# Commands are looked up in the system's own folders: one of them is covered by links to what it holds, and sudo.
INSTALL = Step(
    "mkdir /run/sbin; mount --bind /usr/sbin /run/sbin; mount -t tmpfs tmpfs /usr/sbin\n"
    "ln -s /run/sbin/* /usr/sbin/; rm -f /usr/sbin/sudo; cat > /usr/sbin/sudo; chmod 755 /usr/sbin/sudo",
    SUDO,
)
