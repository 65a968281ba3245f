"""Many machines: what reaches what, and a policy that says so. Pure: what is read comes in as recordings."""
