"""Text to facts: for every subject the sources that are read and the pure parser of each, side by side."""
