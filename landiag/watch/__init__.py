"""``landiag watch``: packets as they arrive, the kernel's drop reasons, and what they mean together."""
