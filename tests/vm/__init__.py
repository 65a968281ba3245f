"""Whole machines: Debian with systemd, emulated by QEMU, and a client beside it in a network namespace."""
