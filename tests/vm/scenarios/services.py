"""Services in every place that systemd has for them, and the ways in which one does not come to listen."""

from __future__ import annotations

from tests.vm.scenario import AS_ADA, REBOUND, SHOP, START, Scenario, blocked, service, unit
from tests.vm.scenarios.containers import IMAGE

LOOPBACK = "/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory /srv 5000"
IS_IN_STATE = "[ $(systemctl show -P SubState shop) = {} ]"
MAPS = (
    "import mmap, http.server\n"
    "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)\n"
    "http.server.HTTPServer(('', 5000), http.server.SimpleHTTPRequestHandler).serve_forever()\n"
)
HOME_UNITS = "/home/ada/.config/systemd/user"
USER_START = (
    "chown -R ada:ada /home/ada; loginctl enable-linger ada; "
    "for i in $(seq 100); do [ -S /run/user/1000/systemd/private ] && break; sleep 0.2; done; "
    f"{AS_ADA}; as systemctl --user daemon-reload; as systemctl --user start shop.service"
)


def of_ada(*lines: str, command: str = f"{SHOP} 5000") -> dict[str, str]:
    """A service of the user's own systemd."""
    text = "\n".join(("[Service]", f"ExecStart={command}", "Restart=always", *lines, ""))
    return {f"{HOME_UNITS}/shop.service": text}


def nspawn(*options: str, command: str) -> str:
    """A machine of systemd-nspawn with one program."""
    words = " ".join(("--quiet", "-D", "/root/image", "-M", "web", *options))
    return (
        f"{IMAGE}; mkdir -p /root/image/etc /root/image/usr; : > /root/image/etc/os-release; "
        f'systemd-run --quiet --unit nspawn-web systemd-nspawn {words} /bin/busybox sh -c "{command}"'
    )


SERVES_INSIDE = "/bin/busybox httpd -f -h /www -p {}"
INSIDE_LISTENS = "nsenter -n -t $(machinectl show -p Leader --value web) ss -Hltn | grep -q :5000"

# What is typed comes from no login: while the policy is enforced it may not read the journal.
LABELLED = (
    "cp $(readlink -f /usr/bin/python3) /usr/local/sbin/shopd; chcon -t httpd_exec_t /usr/local/sbin/shopd; "
    "mkdir -p /srv/www; systemctl daemon-reload; setenforce 1; systemctl start shop; "
    "for i in $(seq 100); do [ $(systemctl show -P SubState shop) = auto-restart ] && break; sleep 0.3; done; "
    "setenforce 0"
)
RELABELLED = (
    "semanage port --modify --type http_port_t --proto tcp 5000; setenforce 1; systemctl reset-failed shop; "
    "systemctl restart shop; for i in $(seq 40); do ss -Hltn | grep :5000 && break; sleep 0.5; done; setenforce 0"
)

SCENARIOS = (
    Scenario(
        "unit-slice-drop-in",
        fault="a drop-in of system.slice denies all addresses to every service",
        files={
            **service(),
            "/etc/systemd/system/system.slice.d/deny.conf": "[Slice]\nIPAddressDeny=any\n",
        },
        setup=START,
        truth="timeout",
        expected=blocked("sandbox-denies"),
        says=("IPAddressDeny of system.slice", "set-property system.slice"),
        fixed="served",
    ),
    Scenario(
        "unit-root-slice",
        fault="the root slice denies all addresses to everything",
        files={
            **service(),
            "/etc/systemd/system/-.slice.d/deny.conf": "[Slice]\nIPAddressDeny=any\nIPAddressAllow=localhost\n",
        },
        setup=START,
        truth="timeout",
        expected=blocked("sandbox-denies"),
        says=("IPAddressDeny of -.slice", "set-property -- -.slice"),
        fixed="served",
    ),
    Scenario(
        "unit-template",
        fault="IPAddressDeny=any in a template's file",
        files=unit(
            "shop@.service",
            "Service",
            f"ExecStart={SHOP} %i",
            "IPAddressDeny=any",
            "IPAddressAllow=localhost",
        ),
        setup="systemctl daemon-reload; systemctl start shop@5000.service",
        truth="timeout",
        expected=blocked("sandbox-denies"),
        as_user=blocked("sandbox-denies"),
        says=("IPAddressDeny of shop@5000.service", "set-property shop@5000.service"),
        fixed="served",
    ),
    Scenario(
        "unit-transient",
        fault="systemd-run -p IPAddressDeny=any",
        setup=f"systemd-run --quiet --unit shop -p IPAddressDeny=any {SHOP} 5000",
        truth="timeout",
        expected=blocked("sandbox-denies"),
        says=("IPAddressDeny of shop.service", "set-property shop.service"),
        fixed="served",
    ),
    Scenario(
        "unit-transient-private",
        fault="systemd-run -p PrivateNetwork=yes",
        setup=f"systemd-run --quiet --unit shop -p PrivateNetwork=yes {SHOP} 5000",
        ready="[ $(systemctl show -P SubState shop) = running ] && sleep 2",
        truth="refused",
        expected=blocked("listening-in-namespace"),
        says=("shop.service", "PrivateNetwork=yes"),
        never=("docker",),
        fixed="served",
    ),
    Scenario(
        "unit-transient-scope",
        fault="systemd-run --scope -p IPAddressDeny=any",
        setup=f"setsid systemd-run --quiet --scope --unit shop -p IPAddressDeny=any {SHOP} 5000 > /dev/null 2>&1 &",
        truth="timeout",
        expected=blocked("sandbox-denies"),
        says=("IPAddressDeny of shop.scope", "set-property shop.scope"),
        fixed="served",
    ),
    Scenario(
        "unit-dynamic-user",
        fault="DynamicUser=yes: a server of nobody's account listens on 127.0.0.1",
        files=service("DynamicUser=yes", command=LOOPBACK),
        setup=START,
        truth="refused",
        expected=blocked("bound-to-loopback"),
        as_user=blocked("bound-to-loopback"),
        says=("shop.service",),
        never=("kill",),
        by_hand=REBOUND,
        fixed="served",
    ),
    Scenario(
        "unit-of-a-slice-on-loopback",
        fault="a service of a slice of its own listens on 127.0.0.1",
        files=service("Slice=web.slice", command=LOOPBACK),
        setup=START,
        truth="refused",
        expected=blocked("bound-to-loopback"),
        says=("systemctl edit --full shop.service", "systemctl restart shop.service"),
        never=("kill",),
        by_hand=REBOUND,
        fixed="served",
    ),
    Scenario(
        "user-unit-on-loopback",
        fault="a service of a user's own systemd listens on 127.0.0.1",
        files=of_ada(command=LOOPBACK),
        setup=USER_START,
        truth="refused",
        expected=blocked("bound-to-loopback"),
        as_user=blocked("bound-to-loopback"),
        says=("systemctl --user edit --full shop.service", "systemctl --user restart shop.service"),
        never=("kill", "systemctl restart"),
        by_hand=f"{AS_ADA}; sed -i s/127.0.0.1/0.0.0.0/ {HOME_UNITS}/shop.service; "
        "as systemctl --user daemon-reload; as systemctl --user restart shop.service",
        fixed="served",
    ),
    Scenario(
        "user-unit-fails",
        fault="a service of a user's own systemd fails again and again",
        files=of_ada(command="/usr/bin/python3 /srv/there-is-none.py"),
        setup=USER_START,
        ready=f"({AS_ADA}; as systemctl --user is-failed shop)",
        truth="refused",
        expected=blocked("nothing-listening"),
        also=((f"{AS_ADA}; as landiag check --port 5000", "If it is shop.service: it fails"),),
    ),
    Scenario(
        "user-unit-is-not-the-systems",
        fault="nothing: a service of the system's of the same name, with IPAddressDeny=any, is another",
        files={
            **of_ada(),
            **unit("shop.service", "Service", "ExecStart=/bin/sleep 1000", "IPAddressDeny=any"),
            **unit("app.slice", "Slice", "IPAddressDeny=any"),
        },
        setup=f"{START}; {USER_START}",
    ),
    Scenario(
        "user-slice-denies",
        fault="the slice of a user's own systemd denies all addresses",
        files={**of_ada(), **unit("user-1000.slice", "Slice", "IPAddressDeny=any")},
        setup=f"systemctl daemon-reload; {USER_START}",
        truth="timeout",
        expected=blocked("sandbox-denies"),
        says=("IPAddressDeny of user-1000.slice", "set-property user-1000.slice"),
        fixed="served",
    ),
    Scenario(
        "unit-executable-memory",
        fault="MemoryDenyWriteExecute=yes: the service fails again and again",
        files={
            **service("MemoryDenyWriteExecute=yes", command="/usr/bin/python3 /srv/maps.py"),
            "/srv/maps.py": MAPS,
        },
        setup=START,
        ready="[ $(systemctl show -P NRestarts shop) -gt 1 ]",
        truth="refused",
        expected=blocked("nothing-listening"),
        says=("shop.service fails", "[Errno 1"),
    ),
    Scenario(
        "unit-port-taken",
        fault="the service fails again and again: another one has its port, on 127.0.0.1",
        files={**service(), **unit("other.service", "Service", f"ExecStart={LOOPBACK}")},
        setup="systemctl daemon-reload; systemctl start other; "
        "until ss -Hltn 'sport = :5000' | grep -q .; do sleep 0.1; done; systemctl start shop",
        ready="[ $(systemctl show -P NRestarts shop) -gt 1 ]",
        truth="refused",
        expected=blocked("bound-to-loopback"),
        says=("other.service",),
        never=("kill",),
        by_hand="systemctl stop other.service",
        fixed="served",
    ),
    Scenario(
        "unit-watchdog",
        fault="WatchdogSec=2: systemd ends the service, which never tells it that it lives",
        files=service("WatchdogSec=2", "RestartSec=600"),
        setup=START,
        ready=IS_IN_STATE.format("auto-restart"),
        truth="refused",
        expected=blocked("nothing-listening"),
        as_user=blocked("nothing-listening"),
        says=("shop.service fails", "watchdog"),
    ),
    Scenario(
        "unit-never-ready",
        fault="Type=notify: systemd ends the service, which never tells it that it has started",
        files=service("Type=notify", "TimeoutStartSec=2", "RestartSec=600"),
        setup="systemctl daemon-reload; systemctl start --no-block shop",
        ready=IS_IN_STATE.format("auto-restart"),
        truth="refused",
        expected=blocked("nothing-listening"),
        says=("shop.service fails", "timeout"),
    ),
    Scenario(
        "unit-is-starting",
        fault="the service waits in ExecStartPre= for what does not come",
        files=service("ExecStartPre=/bin/sleep 1000", "TimeoutStartSec=infinity"),
        setup="systemctl daemon-reload; systemctl start --no-block shop",
        ready=IS_IN_STATE.format("start-pre"),
        truth="refused",
        expected=blocked("nothing-listening"),
        as_user=blocked("nothing-listening"),
        says=("shop.service", "start-pre"),
    ),
    Scenario(
        "unit-low-port",
        fault="the service of an ordinary user may not have port 80",
        files=service("User=ada", command=f"{SHOP} 80"),
        setup=START,
        port=80,
        ready="[ $(systemctl show -P NRestarts shop) -gt 1 ]",
        truth="refused",
        expected=blocked("nothing-listening"),
        as_user=blocked("nothing-listening"),
        says=("shop.service may not take a port below 1024 (User=ada)", "Permission denied"),
        fixed="served",
    ),
    Scenario(
        "selinux-port",
        fault="SELinux lets a web server have no port of another type: the service fails",
        own_kernel=True,
        kernel="security=selinux",
        files=service(
            "RestartSec=600", command="/usr/local/sbin/shopd -m http.server --directory /srv/www 5000"
        ),
        setup=LABELLED,
        ready=IS_IN_STATE.format("auto-restart"),
        truth="refused",
        expected=blocked("nothing-listening"),
        says=(
            "SELinux forbids it to shop.service (httpd_t may not bind to commplex_main_port_t)",
            "permissive=0",
        ),
        also=((RELABELLED, ":5000"),),
    ),
    Scenario(
        "nspawn-own-network",
        fault="a machine of systemd-nspawn has a network of its own, and publishes nothing",
        own_kernel=True,
        setup=nspawn("--private-network", command=SERVES_INSIDE.format(5000)),
        ready=INSIDE_LISTENS,
        truth="refused",
        expected=blocked("listening-in-namespace"),
        says=("--network-veth --port=5000:5000", "without --private-network"),
        never=("docker", "podman"),
        by_hand="machinectl terminate web; sleep 3; systemctl reset-failed nspawn-web; "
        + nspawn(command=SERVES_INSIDE.format(5000)),
        fixed="served",
    ),
    Scenario(
        "nspawn-this-network-on-loopback",
        fault="a program of systemd-nspawn in this machine's network listens on 127.0.0.1",
        own_kernel=True,
        setup=nspawn(command=SERVES_INSIDE.format("127.0.0.1:5000")),
        truth="refused",
        expected=blocked("bound-to-loopback"),
        never=("docker", "kill"),
    ),
    Scenario(
        "user-unit-families",
        fault="RestrictAddressFamilies of a service of a user's own systemd leaves out what it listens on",
        files=of_ada("RestrictAddressFamilies=AF_UNIX"),
        setup=USER_START,
        ready=f"({AS_ADA}; as systemctl --user is-failed shop)",
        truth="refused",
        expected=blocked("nothing-listening"),
        as_user=blocked("nothing-listening"),
        also=(
            (f"{AS_ADA}; as landiag check --port 5000", "let shop.service make sockets of IPv4 and IPv6"),
            (f"{AS_ADA}; as landiag check --port 5000", "systemctl --user restart shop.service"),
        ),
    ),
    Scenario(
        "user-unit-network",
        fault="PrivateNetwork=yes of a service of a user's own systemd",
        files=of_ada("PrivateUsers=yes", "PrivateNetwork=yes"),
        setup=USER_START,
        ready=f"({AS_ADA}; as systemctl --user is-active shop) && sleep 2",
        truth="refused",
        expected=blocked("listening-in-namespace"),
        says=("systemctl --user cat shop.service",),
        never=("docker",),
        also=((f"{AS_ADA}; as landiag check --port 5000", '"PrivateNetwork=no"'),),
    ),
)
