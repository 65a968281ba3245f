"""What landiag knows, as data: servers.toml, ports.toml and one page a code in causes/. The code only reads it."""
