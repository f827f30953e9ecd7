"""Waiting for what AWS does by itself: when to look, what a look comes to, and with which client."""
