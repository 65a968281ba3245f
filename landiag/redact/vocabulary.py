"""Words that are nobody's name: those of landiag's own knowledge and of the tools that it reads.

A machine may be called ``debian`` and a user ``web``: such a name is replaced where it stands as a name, and
left alone everywhere else.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from landiag.model.causes import CODES
from landiag.model.regex import regex


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


KEPT_USERS = _words(
    "root nobody daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc http https "
    "apache nginx postgres mysql redis docker systemd-network systemd-resolve systemd-timesync messagebus sshd "
    "avahi dnsmasq ntp chrony rpc tcpdump _apt polkitd nfsnobody ftp tss uuidd system administrator "
    "localservice networkservice shared public default admin user runner vagrant ubuntu pi ec2-user"
)
"""Accounts that every system has: they name nobody."""

KEPT_HOSTS = _words("localhost localhost.localdomain localdomain ip6-localhost ip6-loopback broadcasthost")

TOP_DOMAINS = _words(
    "local lan home internal corp intranet private localdomain test example invalid arpa onion localhost "
    "com net org edu gov int mil info biz name pro io dev app cloud tech online site xyz ai me tv eu "
    "uk de fr nl it es ch at be se no dk fi pl cz pt ie gr hu ro bg hr sk si lt lv ee lu is ru ua by tr il ae "
    "sa ir in cn jp kr tw hk sg my th vn id ph au nz ca us mx br ar cl co pe za ng ke eg ma"
)
"""Last parts of names that make a word with dots the name of a host; endings of file names are not here."""

_TOOLS = """
landiag
accept action add addr address addrtype all allow and any arp auth auto base bash block bool both bridge brd broadcast
bytes cgroup chain class client command comment config connect connection conntrack continue counter ct daddr
dead default delete deny destination detail dev device disabled dnat dns docker done down dport drop dst dummy
dynamic eatable edit egress else empty enabled end enp enter error established eth ether ethernet except exec
exit export failed false family fib file filter firewall firewalld first flags flush for forward from global
goto group handle hash head hello help home hook host hosts http https icmp icmpv icmpx ids iface ifname iif
iifname import in index inet info ingress input insert inside int interface interval invalid ip ipset iptables
ipv jump just kernel key label lan last len length level limit line link list listen lo local localhost log
loopback mac mangle map mark masquerade match max meta metric min mode mtu multicast name nat neigh net netdev
netns network new nft nftables none noqueue not null off oif oifname on only open option options or order other
out output over packet packets path peer perm permanent permit policy port ports post postrouting pre
prerouting prio priority private probe process proto protocol proxy public queue raw reachable redirect ref
refuse reject related reload remote reply reset return root route router rule rules run running saddr save
scope script security server service services set shop show size snat socket source sport src ssh stage stale
start started state static stats status stop sudo sys system systemd table tap target tcp temp test text the
this time timeout to token tool top trace true tun type udp ufw unicast unix unknown up update url use user
users valid value verdict veth via virtual vlan vm vpn wait wan warn web wifi wild window wlan work world xdp
yes zone amd arm debian ubuntu fedora centos arch alpine linux gnu windows microsoft macos darwin apple intel
red hat suse opensuse raspberry raspberrypi bookworm jammy noble focal python node java ruby php perl flask
kube kubernetes cali calico cilium cni fail2ban f2b crowdsec sshguard libvirt tailscale mullvad nordvpn podman
netavark lxd incus multipass vbox vmware hyperv wsl kvm qemu airplay airtunes drops dropped blocked allowed
incoming outgoing inbound outbound traffic everything nothing
mon tue wed thu fri sat sun jan feb mar apr may jun jul aug sep oct nov dec generated completed
abi activated active adapter anchor application applications autoselect bin boot broadcast cellar chains contents
destination domain expire extension extensions framework frameworks frequency gateway homebrew interfaces lib lladdr
local macos media multicast netif noarp opt pointopoint promisc reachable resources running scopeid secured simplex
smart srv std stealth tmp transmit usr vector version versions volumes
html head body title meta script style link div span form input button img href src rel content charset utf
doctype class id lang en width height viewport initial scale stylesheet text javascript css type module main
"""


@lru_cache(maxsize=1)
def vocabulary() -> frozenset[str]:
    """Every word, in small letters."""
    words = set(_TOOLS.split()) | KEPT_USERS | KEPT_HOSTS | TOP_DOMAINS
    words |= {part for code in CODES for part in code.split("-")}
    for name in ("servers.toml", "answers.toml", "ports.toml"):
        text = files("landiag.knowledge").joinpath(name).read_text(encoding="utf-8")
        words |= {word.lower() for word in re.findall(r"[A-Za-z][A-Za-z0-9]+", text)}
    return frozenset(words)


_WORD = regex(r"\w+")
_DOTTED = regex(r"[\w-]+(?:\.[\w-]+)*\.(\w+)")
_LOOPBACK_URL = regex(r"(?i)(?:https?|wss?)://(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\])(?::\d+)?")


def mask_prose(text: str) -> str:
    """Blot out free text: known words, signs and loopback URLs stay, all else is x and 0."""
    if "://" not in text:
        return _blot_all(text)
    pieces, position = [], 0
    for match in _LOOPBACK_URL.finditer(text):
        pieces += [_blot_all(text[position : match.start()]), match[0]]
        position = match.end()
    return "".join([*pieces, _blot_all(text[position:])])


def _blot_all(text: str) -> str:
    if "." in text:
        text = _DOTTED.sub(_blot_domain, text)
    return _WORD.sub(lambda match: _blot(match[0]), text)


def _blot_domain(match: re.Match[str]) -> str:
    """Blot out what may be the name of a host, or an address, whatever words it is made of."""
    if match[1].lower() not in TOP_DOMAINS and not match[1].isdigit():
        return match[0]
    return "".join("0" if char.isdigit() else "x" if char.isalpha() else char for char in match[0])


@lru_cache(maxsize=65536)
def _blot(word: str) -> str:
    if word.lower() in vocabulary():
        return word
    return "".join("0" if char.isdigit() else "_" if char == "_" else "x" for char in word)
