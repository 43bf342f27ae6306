"""Rules tried on what has happened, or is said to happen: the real engine, queues and limits in virtual time."""
