"""Cases of Windows in other languages: what its console programs print, in the code page of their language."""

from __future__ import annotations

from collections.abc import Mapping

from tests.machines.case import Made
from tests.machines.windows import ARP, ROUTES4, excluded, host, state
from tests.machines.windows_cases import NO_REGISTRY
from tests.machines.windows_network_cases import MINE, WIFI

NO_ADAPTERS = {"adapters": "access is denied"}
GERMAN = {"On-link": "Auf Verbindung", "Interface List": "Schnittstellenliste", "Active Routes": "Aktive Routen",
          "Persistent Routes": "Ständige Routen", "None": "Keine", "Interface:": "Schnittstelle:",
          "dynamic": "dynamisch"}  # fmt: skip
CHINESE = {"On-link": "在链路上", "Interface List": "接口列表", "Active Routes": "活动路由", "Persistent Routes":
           "永久路由", "None": "无", "Interface:": "接口:", "dynamic": "动态"}  # fmt: skip
FRENCH_IPCONFIG = """
Configuration IP de Windows

   Nom de l'hôte . . . . . . . . . . : anna

Carte réseau sans fil Wi-Fi :

   Suffixe DNS propre à la connexion. . . : home
   Description. . . . . . . . . . . . . . : Intel(R) Wi-Fi 6 AX201 160MHz
   Adresse physique . . . . . . . . . . . : 3C-52-82-AA-BB-CC
   DHCP activé. . . . . . . . . . . . . . : Oui
   Adresse IPv6 de liaison locale. . . . .: fe80::41c2:9d1:77aa:10%12(préféré)
   Adresse IPv4. . . . . . . . . . . . . .: 192.168.77.10(préféré)
   Masque de sous-réseau. . . . . . . . . : 255.255.255.0
   Passerelle par défaut. . . . . . . . . : 192.168.77.1
"""
POLISH_IPCONFIG = """
Konfiguracja IP systemu Windows

   Nazwa hosta . . . . . . . . . . . : anna

Karta bezprzewodowej sieci LAN Wi-Fi:

   Sufiks DNS konkretnego połączenia : home
   Opis. . . . . . . . . . . . . . . : Intel(R) Wi-Fi 6 AX201 160MHz
   Adres fizyczny. . . . . . . . . . : 3C-52-82-AA-BB-CC
   DHCP włączone . . . . . . . . . . : Tak
   Adres IPv6 połączenia lokalnego . : fe80::41c2:9d1:77aa:10%12(Preferowane)
   Adres IPv4. . . . . . . . . . . . : 192.168.77.10(Preferowane)
   Maska podsieci. . . . . . . . . . : 255.255.255.0
   Brama domyślna. . . . . . . . . . : 192.168.77.1
"""
FRENCH_RULE = """
Nom de la règle :                      Python
----------------------------------------------------------------------
Activée :                              Oui
Direction :                            Entrant
Profils :                              Privé
Groupement :
LocalIP :                              Tout
RemoteIP :                             Tout
Protocole :                            TCP
LocalPort :                            5000
RemotePort :                           Tout
Traversée latérale :                   Non
InterfaceTypes :                       Tout
Sécurité :                             NotRequired
Source de la règle :                   Paramètre local
Action :                               {action}
Ok.
"""
FRENCH_PROFILES = """
Paramètres Profil privé :
----------------------------------------------------------------------
État                                  Actif
Stratégie de pare-feu                 BlockInbound,AllowOutbound
LocalFirewallRules                    N/A (magasin d'objets de stratégie de groupe uniquement)
Ok.
"""
FRENCH_RANGES = {"Protocol tcp Port Exclusion Ranges": "Plages d'exclusion de ports du protocole tcp", "Start Port  ":
                 "Port de début", "End Port": "Port de fin", "Administered port exclusions":
                 "Exclusions de ports administrés"}  # fmt: skip


def translated(text: str, words: Mapping[str, str]) -> str:
    """The same text in another language."""
    for old, new in words.items():
        text = text.replace(old, new)
    return text


def routes_in(words: Mapping[str, str], code_page: str) -> Made:
    """The laptop whose routes and neighbours are listed in another language."""
    texts = {
        name: translated(text, words).encode(code_page)
        for name, text in (("route-print-4", ROUTES4), ("arp", ARP))
    }
    return Made(f"`route print` and `arp -a` in code page {code_page}", host(MINE, texts=texts), "clear")


def french(action: str) -> Mapping[str, str | bytes]:
    """The rules and profiles that netsh prints in French."""
    rules = FRENCH_RULE.format(action=action)
    return {"netsh-rules": rules.encode("cp850"), "netsh-profiles": FRENCH_PROFILES.encode("cp850")}


CASES: Mapping[str, Made] = {
    "windows-clear-routes-german": routes_in(GERMAN, "cp850"),
    "windows-clear-routes-chinese": routes_in(CHINESE, "cp936"),
    "windows-clear-ipconfig-french": Made(
        "psutil sees no adapters; ipconfig in French does",
        host(MINE, denied=NO_ADAPTERS, texts={"ipconfig": FRENCH_IPCONFIG.encode("cp850")}), "clear",
    ),
    "windows-clear-ipconfig-polish": Made(
        "ipconfig in Polish, whose titles no list has: PowerShell tells the adapter's name, with which the title ends",
        host(MINE, denied=NO_ADAPTERS, texts={"ipconfig": POLISH_IPCONFIG.encode("cp852")}), "clear",
    ),
    "windows-firewall-unreadable-ipconfig-polish": Made(
        "the same, and the name is another one: whose network is private nobody knows",
        host(MINE, denied=NO_ADAPTERS, texts={"ipconfig": POLISH_IPCONFIG.encode("cp852")},
             windows_state=state(profiles=[{**WIFI, "alias": "Biuro"}])), "undetermined", "firewall-unreadable",
    ),
    "windows-clear-netsh-french": Made(
        "the registry is closed; netsh in French allows", host(denied=NO_REGISTRY, texts=french("Autoriser")), "clear"
    ),
    "windows-firewall-drops-netsh-french": Made(
        "the registry is closed; netsh in French blocks", host(denied=NO_REGISTRY, texts=french("Bloquer")), "blocked",
        "firewall-drops",
    ),
    "windows-port-reserved-french": Made(
        "the range that Windows keeps, listed in French",
        host(MINE, listen=[], processes=[], bind="EACCES", http="refused", texts={"excluded-ports-4": translated(
            excluded("      4950        5049"), FRENCH_RANGES).encode("cp850")}), "blocked", "port-reserved",
    ),
}  # fmt: skip
