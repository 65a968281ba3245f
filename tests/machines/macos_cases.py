"""The cases of macOS."""

from __future__ import annotations

from collections.abc import Mapping

from tests.machines.bsd import (
    ALF_ON,
    APPLE_ANCHORS,
    DOCKER,
    IFCONFIG,
    LIMA,
    MAC_NAT,
    MAC_RULES,
    NOT_ROOT,
    PID,
    PYTHON,
    PYTHON_APP,
    ROUTES,
    alf,
    mac,
    netstat,
    pf,
    process,
)
from tests.machines.case import Made
from tests.machines.situations import SITUATIONS

CONTROL = process(612, "/System/Library/CoreServices/ControlCenter.app/Contents/MacOS/ControlCenter",
                  ["/System/Library/CoreServices/ControlCenter.app/Contents/MacOS/ControlCenter"],
                  "ControlCenter")  # fmt: skip
ALLOW = {**alf(ALF_ON, (PYTHON_APP, True))}
BLOCK = {**alf(ALF_ON, (PYTHON_APP, False))}
ADHOC = {f"codesign {PYTHON}": '# designated => cdhash H"3f0c0a8d2b7e4c11a9d2f7b61c3f00aa"\n'}
SIGNED = {f"codesign {PYTHON}": "designated => identifier \"org.python.python\" and anchor apple generic and "
          "certificate leaf[subject.OU] = BMM5U3QVKW\n"}  # fmt: skip
APPLE = pf(MAC_RULES, nat=MAC_NAT, anchors=APPLE_ANCHORS)
BLOCK_PORT = pf(
    MAC_RULES, nat=MAC_NAT,
    anchors={"com.apple/200.AirDrop": "",
    "com.apple/250.ApplicationFirewall": "block drop in proto tcp from any to any port = commplex-main\n"},
)  # fmt: skip
BLOCK_QUICK = pf('block drop in quick on en0 proto tcp from any to any port = 5000\nanchor "com.apple/*" all\n',
                 anchors=APPLE_ANCHORS)  # fmt: skip
KILL_SWITCH = pf("block drop all\npass quick on lo0 all\npass quick on utun3 all flags any keep state\n"
                 'anchor "com.apple/*" all\n', anchors=APPLE_ANCHORS)  # fmt: skip
REDIRECT = pf("pass in all flags S/SA keep state\n",
              nat="rdr pass on en0 inet proto tcp from any to any port = 80 -> 127.0.0.1 port 8080\n")  # fmt: skip
VPN_ROUTES = ROUTES.replace(
    "default            192.168.77.1       UGScg                 en0",
    "0/1                10.8.0.1           UGSc                utun3\n"
    "128.0/1            10.8.0.1           UGSc                utun3\n"
    "default            192.168.77.1       UGScg                 en0",
)
COVERING_ROUTES = ROUTES.replace(
    "192.168.77         link#6             UCS                   en0      !",
    "192.168.77         link#6             UCS                   en0      !\n"
    "192.168.77/25      10.8.0.1           UGSc                utun3\n"
    "192.168.77.128/25  10.8.0.1           UGSc                utun3",
)
LSOF = "COMMAND   PID USER   FD   TYPE             DEVICE SIZE/OFF NODE NAME\n"

PYENV = "/Users/anna/.pyenv/versions/3.12.7/bin/python3.12"
OLD = {
    "alf-getglobalstate": "Firewall is enabled. (State = 1) \n",
    "alf-getblockall": "Block all DISABLED! \n",
    "alf-getstealthmode": "Stealth mode disabled \n",
    "alf-getallowsigned": "Automatically allow signed built-in software DISABLED\n"
    "Automatically allow downloaded signed software DISABLED\n",
}
OLD_APPS = f"ALF: total number of apps = 1 \n\n1 :  {PYTHON_APP} \n \t ( Allow incoming connections ) \n\n"
SHARING = pf(
    MAC_RULES, nat=MAC_NAT,
    anchors={"com.apple/internet-sharing": "scrub on bridge100 all no-df fragment reassemble\n"},
)  # fmt: skip
SHARING["pf-nat com.apple/internet-sharing"] = (
    "nat on en0 inet from 192.168.2.0/24 to any -> (en0:0) extfilter ei\n"
)

CASES: Mapping[str, Made] = {
    "macos-clear-firewalls-off": Made("application firewall off, pf disabled, read by root", mac(root=True), "clear"),
    "macos-clear-allowed-app": Made("Python has an entry that allows it", mac(texts=ALLOW), "clear"),
    "macos-clear-allowed-app-26": Made(
        "the list of programs as macOS 26 prints it, netstat too",
        mac(texts=alf(ALF_ON, (PYTHON_APP, True), new=True),
            listeners=netstat(("*.5000", PID), names={PID: "Python"})), "clear",
    ),
    "macos-clear-developer-signed": Made(
        "no entry, but downloaded signed software is allowed and Python is signed",
        mac(texts={**alf(ALF_ON), **SIGNED}), "clear",
    ),
    "macos-clear-apple-anchors": Made("pf is on with Apple's own empty anchors", mac(texts=APPLE, root=True),
    "clear"),
    "macos-clear-redirect-other-port": Made("pf sends port 80 elsewhere, not this one", mac(texts=REDIRECT), "clear"),
    "macos-firewall-blocks-program": Made(
        "an entry blocks Python", mac(texts=BLOCK), "blocked", "firewall-blocks-program"
    ),
    "macos-firewall-blocks-program-26": Made(
        "an entry blocks Python, as macOS 26 prints it", mac(texts=alf(ALF_ON, (PYTHON_APP, False), new=True)),
        "blocked", "firewall-blocks-program",
    ),
    "macos-firewall-blocks-program-adhoc": Made(
        "Python of Homebrew is signed by nobody and has no entry", mac(texts={**alf(ALF_ON), **ADHOC}), "blocked",
        "firewall-blocks-program",
    ),
    "macos-firewall-blocks-program-other-python": Made(
        "an entry allows another Python than the one that listens",
        mac(texts={**alf(ALF_ON, ("/usr/local/bin/python3", True)), **ADHOC}), "blocked", "firewall-blocks-program",
    ),
    "macos-firewall-drops-block-all": Made(
        "all incoming connections are blocked", mac(texts=alf(ALF_ON, (PYTHON_APP, True), block_all=True)), "blocked",
        "firewall-drops",
    ),
    "macos-firewall-drops-pf-anchor": Made(
        "a rule in Apple's anchor drops the port, by its name in /etc/services", mac(texts=BLOCK_PORT, root=True),
        "blocked", "firewall-drops",
    ),
    "macos-firewall-drops-pf-quick": Made(
        "a quick rule of the main ruleset drops the port", mac(texts=BLOCK_QUICK, root=True), "blocked",
        "firewall-drops",
    ),
    "macos-firewall-drops-kill-switch": Made(
        "a VPN's kill switch lets only its own interface through", mac(texts=KILL_SWITCH, root=True), "blocked",
        "firewall-drops",
    ),
    "macos-firewall-rejects-pf": Made(
        "pf answers with a reset", mac(texts=pf("block return in proto tcp from any to any port 4000:6000\n"),
        root=True),
        "blocked", "firewall-rejects",
    ),
    "macos-firewall-unreadable-pf": Made(
        "a normal user may not read pf", mac(denied=NOT_ROOT), "undetermined", "firewall-unreadable"
    ),
    "macos-firewall-unreadable-list": Made(
        "the list of programs is cut off", mac(texts={**alf(ALF_ON),
        "alf-listapps": "ALF: total number of apps = 9 \n"}),
        "undetermined", "firewall-unreadable",
    ),
    "macos-firewall-unreadable-silent": Made(
        "socketfilterfw ends well and says nothing",
        mac(texts={**alf(), "alf-getglobalstate": "", "alf-listapps": ""}), "undetermined", "firewall-unreadable",
    ),
    "macos-other-firewall": Made(
        "Little Snitch is active",
        mac(texts={"system-extensions": "1 extension(s)\n--- com.apple.system_extension.network_extension\n"
                   "enabled\tactive\tteamID\tbundleID (version)\tname\t[state]\n*\t*\tMLZF7K7B5R\t"
                   "at.obdev.littlesnitch.networkextension (6.2)\tLittle Snitch\t[activated enabled]\n"}),
        "undetermined", "other-firewall",
    ),
    "macos-port-taken-airplay": Made(
        "AirPlay Receiver holds port 5000",
        mac(listeners=netstat(("*.5000", 612), ("*.7000", 612)), processes=[CONTROL], http=403,
            server="AirTunes/870.14.1"), "blocked", "port-taken",
    ),
    "macos-port-taken-airplay-beside-flask": Made(
        "Flask on 127.0.0.1 beside AirPlay on all addresses: this machine sees Flask, clients AirPlay",
        mac(listeners=netstat(("*.5000", 612), ("127.0.0.1.5000", PID)), processes=[CONTROL, process()], http=403,
            server="AirTunes/870.14.1"), "blocked", "port-taken",
    ),
    "macos-firewall-blocks-program-pyenv": Made(
        "a Python that pyenv built is signed by nobody and has no entry",
        mac(processes=[process(exe=PYENV)], texts={**alf(ALF_ON, ("/usr/bin/python3", True)),
            f"codesign {PYENV}": ""}, details={f"codesign {PYENV}": f"{PYENV}: code object is not signed at all"}),
        "blocked", "firewall-blocks-program",
    ),
    "macos-clear-allowed-app-old": Made(
        "Python has an entry that allows it, as macOS 12 prints it", mac(texts={**OLD, "alf-listapps": OLD_APPS}),
        "clear",
    ),
    "macos-firewall-drops-block-all-old": Made(
        "all incoming connections are blocked, as macOS 12 prints it",
        mac(texts={**OLD, "alf-getblockall": "Block all ENABLED! \n", "alf-listapps": OLD_APPS}), "blocked",
        "firewall-drops",
    ),
    "macos-clear-stealth": Made(
        "stealth mode: pings get no answer, the server does", mac(texts=alf(ALF_ON, (PYTHON_APP, True), stealth=True)),
        "clear",
    ),
    "macos-nothing-listening-stealth": Made(
        "nothing listens, and stealth mode leaves clients waiting",
        mac(listeners=netstat(("*.22", 1)), processes=[process(1, "/sbin/launchd", ["/sbin/launchd"], "launchd")],
            texts=alf(ALF_ON, stealth=True), http="refused"), "blocked", "nothing-listening", port=8000,
    ),
    "macos-nothing-listening-stealth-unread": Made(
        "nothing listens, the application firewall is on, and nobody read whether it leaves clients waiting",
        mac(listeners=netstat(("*.22", 1)), processes=[process(1, "/sbin/launchd", ["/sbin/launchd"], "launchd")],
            texts=alf(ALF_ON), denied={"alf-getstealthmode": "not permitted"}, http="refused"), "blocked",
        "nothing-listening", port=8000,
    ),
    "macos-clear-skipped-interface": Made(
        "pf drops the port, and passes over this interface",
        mac(texts=pf("block drop in all\n", skipped=["en0"]), root=True), "clear",
    ),
    "macos-firewall-drops-table": Made(
        "pf drops what is in a table, and the LAN is",
        mac(texts=pf("block drop in quick from <away> to any\npass in all flags S/SA\n",
            tables={"away": "   192.168.0.0/16\n   !192.168.1.1\n"}), root=True), "blocked", "firewall-drops",
    ),
    "macos-clear-internet-sharing": Made(
        "Internet Sharing: clients come in by bridge100, which pf translates for",
        mac(texts={"ifconfig": IFCONFIG.replace("192.168.64", "192.168.2"), **SHARING,
            "netstat-routes": ROUTES.replace("192.168.64", "192.168.2")}, root=True),
        "clear", peer="192.168.2.5",
    ),
    "macos-clear-docker-desktop": Made(
        "Docker Desktop publishes the port, and its application has an entry",
        mac(listeners=netstat(("*.5000", 900)), processes=[DOCKER], texts=alf(ALF_ON,
            ("/Applications/Docker.app", True))),
        "clear",
    ),
    "macos-firewall-blocks-program-docker": Made(
        "Docker Desktop publishes the port, and its application is blocked",
        mac(listeners=netstat(("*.5000", 900)), processes=[DOCKER], texts=alf(ALF_ON,
            ("/Applications/Docker.app", False))), "blocked", "firewall-blocks-program",
    ),
    "macos-clear-lima-all-addresses": Made(
        "Lima forwards the port to all addresses",
        mac(listeners=netstat(("*.5000", 901)), processes=[LIMA]), "clear",
    ),
    "macos-local-network-privacy": Made(
        "macOS keeps landiag itself from asking the client",
        mac(listeners=netstat(("*.5000", PID)), silent=True, others="unreachable", error="EHOSTUNREACH"),
        "undetermined", "local-network-privacy", peer="192.168.77.99",
    ),
    "macos-peer-down": SITUATIONS["macos, peer down"],
    "macos-link-down": SITUATIONS["macos, switched off"],
    "macos-no-route-to-client": SITUATIONS["macos, no way back"],
    "macos-server-silent-stopped": SITUATIONS["macos, stopped"],
    "macos-bound-to-loopback": Made(
        "Flask listens on 127.0.0.1 only", mac(listeners=netstat(("127.0.0.1.5000", PID)), http="refused"), "blocked",
        "bound-to-loopback",
    ),
    "macos-vpn-takes-replies": Made(
        "a VPN has more special routes for the LAN itself",
        mac(texts={"netstat-routes": COVERING_ROUTES}), "blocked", "vpn-takes-replies",
    ),
    "macos-clear-vpn-beside": Made(
        "a VPN's routes cover everything but the LAN: clients of the LAN are answered directly",
        mac(texts={"netstat-routes": VPN_ROUTES, "ifconfig": IFCONFIG}), "clear",
    ),
}  # fmt: skip
