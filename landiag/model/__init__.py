"""The nouns: plain, frozen data that imports nothing else of landiag."""
