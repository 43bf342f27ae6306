"""One account: its life, and what is told of its LIVE."""
