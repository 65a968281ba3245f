"""Reports as text: terminal, JSON and the files that people attach to tickets. Pure functions of a Report."""
