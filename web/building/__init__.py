"""The rule builder: a rule as a form sees it, and as a person would write it."""
