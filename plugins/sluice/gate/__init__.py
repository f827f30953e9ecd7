"""The gate: measured numbers, what the rules say of them, and which fleet or candidate goes on. Pure."""
