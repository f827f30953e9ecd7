"""What there is in the account, held against what is wanted: before a run, on the way, and afterwards. Pure."""
