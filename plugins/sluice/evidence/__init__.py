"""The records of what was decided and done, for machines and for people. Pure."""
