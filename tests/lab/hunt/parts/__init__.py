"""What random machines are made of, one kind a module; each function draws one part."""
