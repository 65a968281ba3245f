"""What a kernel of its own is asked, on virtio: ``check --prove``, and the drop reasons that ``watch`` reads."""

from __future__ import annotations

from tests.vm.scenario import START, Scenario, blocked, service

DROPS = (
    "nft add table inet f; nft 'add chain inet f in { type filter hook input priority 0; }'; "
    "nft add rule inet f in tcp dport 5000 drop"
)
PROVE = "landiag check --port 5000 --timeout 60 --prove --json"
PROVED = '"confirmed_by": "kernel-trace"'
WATCH = (
    "systemd-run --quiet --unit watch sh -c 'landiag watch --port 5000 --duration 90 > /root/watch.txt 2>&1'"
)
WATCHES = "for i in $(seq 100); do grep -q . /root/watch.txt && break; sleep 0.3; done; sleep 3"
COMES = (
    'python3 -c \'import socket\ntry:\n    socket.create_connection(("192.168.77.10", 5000), timeout=3)\n'
    "except OSError:\n    pass'"
)
HAS_SEEN = "grep -q 192.168.77.20 /root/watch.txt && sleep 4"
SEEN = "systemctl kill --signal INT watch; sleep 4; cat /root/watch.txt"

SCENARIOS = (
    Scenario(
        "prove-drops",
        fault="a rule drops the port, and the kernel itself is asked",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {DROPS}",
        truth="timeout",
        expected=blocked("firewall-drops"),
        also=((PROVE, PROVED), (PROVE, '"firewall-drops"')),
        fixed="served",
    ),
    Scenario(
        "prove-open",
        fault="nothing, and the kernel itself is asked",
        own_kernel=True,
        files=service(),
        setup=START,
        also=((PROVE, PROVED),),
    ),
    Scenario(
        "watch-drops",
        fault="a rule drops the port while a client tries",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {DROPS}; {WATCH}; {WATCHES}",
        visits=COMES,
        ready=HAS_SEEN,
        truth="timeout",
        expected=blocked("firewall-drops"),
        also=((SEEN, "firewall-drops"),),
    ),
    Scenario(
        "watch-serves",
        fault="nothing: a client is served while landiag watches",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {WATCH}; {WATCHES}",
        visits=COMES,
        ready=HAS_SEEN,
        also=((SEEN, "192.168.77.20"),),
    ),
)
