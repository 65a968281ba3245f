"""Which tables of nf_tables are loaded, asked of the kernel itself: no nft is needed for that.

One NFT_MSG_GETTABLE dump over netlink (linux/netfilter/nf_tables.h, nfnetlink.h). Where nf_tables is not there the
question is not put, because asking would load the module.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Iterator, Mapping

from landiag.host.modules import is_present

_NETLINK_NETFILTER = 12
_GETTABLE = 10 << 8 | 1  # NFNL_SUBSYS_NFTABLES, NFT_MSG_GETTABLE
_REQUEST_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_ERROR, _DONE = 2, 3
_TABLE_NAME = 1
_FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_HEADER = struct.Struct("=IHHII")


def nf_tables(_params: Mapping[str, str], timeout: float) -> bytes:
    """List the loaded tables: ``{"loaded": bool, "tables": [[family, name]...]}``. Raises OSError where denied."""
    if not is_present("nf_tables"):
        return json.dumps({"loaded": False, "tables": []}).encode()
    with socket.socket(getattr(socket, "AF_NETLINK", 16), socket.SOCK_RAW, _NETLINK_NETFILTER) as door:
        door.settimeout(max(0.1, timeout))
        body = struct.pack("=BBH", 0, 0, 0)
        door.sendall(_HEADER.pack(_HEADER.size + len(body), _GETTABLE, _REQUEST_DUMP, 1, 0) + body)
        tables = list(_tables(door))
    return json.dumps({"loaded": True, "tables": tables}).encode()


def _tables(door: socket.socket) -> Iterator[list[str]]:
    while True:
        data = door.recv(1 << 16)
        while len(data) >= _HEADER.size:
            length, kind, _, _, _ = _HEADER.unpack_from(data)
            if kind == _DONE or length < _HEADER.size:
                return
            if kind == _ERROR:
                (error,) = struct.unpack_from("=i", data, _HEADER.size)
                raise OSError(-error, os.strerror(-error))
            yield [_FAMILIES.get(data[_HEADER.size], "unknown"), _name(data[_HEADER.size + 4 : length])]
            data = data[(length + 3) & ~3 :]


def _name(attributes: bytes) -> str:
    while len(attributes) >= 4:
        length, kind = struct.unpack_from("=HH", attributes)
        if length < 4:
            break
        if kind & 0x3FFF == _TABLE_NAME:
            return attributes[4:length].rstrip(b"\0").decode("utf-8", "backslashreplace")
        attributes = attributes[(length + 3) & ~3 :]
    return ""
