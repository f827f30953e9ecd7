"""The load engine: closed-loop users in a process of their own, and what their measurements mean."""
