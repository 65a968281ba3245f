"""What the kernel writes where SELinux keeps a program from a port (Debian 13, its default policy)."""

from __future__ import annotations

from landiag.collect.selinux import Denial, parse_denial

LINE = (
    'avc:  denied  { name_bind } for  pid=562 comm="shopd" src=5000 scontext=system_u:system_r:httpd_t:s0 '
    "tcontext=system_u:object_r:commplex_main_port_t:s0 tclass=tcp_socket permissive=0"
)


def test_a_denial_names_the_domain_and_the_type() -> None:
    found = parse_denial(f"audit: type=1400 audit(1796062460.960:21): {LINE}\n")
    assert found == Denial("httpd_t", "commplex_main_port_t", LINE)
    assert parse_denial(LINE.replace("permissive=0", "permissive=1")) is None
    assert parse_denial("") is None
    assert parse_denial("avc:  denied") is None
