"""Files that the user names: read within bounds, written whole, as reports and recordings."""
