"""`make demo`, `make up` and `make local`: the whole of Sluice on one machine."""
