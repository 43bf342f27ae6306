"""Accounts spread over worker processes (docs/decisions/0010-workers.md)."""
