"""One file for every command: its options, and what hands them on."""
