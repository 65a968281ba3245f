"""How each server is recognised, started and told to listen. Pure but for reading knowledge."""
