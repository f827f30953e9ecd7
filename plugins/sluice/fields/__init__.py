"""What a field of a dataclass may hold, and how plain values become dataclasses."""
