"""Events on their way to the broker, and what waits for it, in memory and on disk."""
