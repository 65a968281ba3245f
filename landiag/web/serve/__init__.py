"""``landiag serve``: a page that turns any phone into the second vantage point."""
