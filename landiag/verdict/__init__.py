"""From findings to a report: numbered, ordered, hidden by one another; joined and compared. Pure."""
