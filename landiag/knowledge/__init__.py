"""What landiag knows, as data: servers.toml, ports.toml and one page a code in causes/. No code lives here."""
