"""Flask: the command ``flask landiag``, and the page behind ``landiag serve``."""
