"""How fast it is beside its peers: the same passages, the same vectors, one machine. docs/speed.md is written here."""
