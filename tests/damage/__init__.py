"""Whatever is cut off, emptied, garbled or added to a reading, nothing that was stopped or unknown becomes clear."""
