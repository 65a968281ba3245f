"""The other side in the lab: ``landiag probe`` on the client, with a real client and nmap beside it."""
