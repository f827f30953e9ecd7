"""Jobs that take a while: inference recommendations and batch transforms."""
