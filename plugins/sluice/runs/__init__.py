"""What starts a run of a promotion, and what the run is asked for. Pure."""
