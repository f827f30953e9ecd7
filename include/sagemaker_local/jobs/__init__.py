"""Jobs that take a while: inference recommendations."""
