"""landiag stopped at every step that it takes, by SIGKILL or Ctrl-C: after the documented clean-up nothing is left."""
