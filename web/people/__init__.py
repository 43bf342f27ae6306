"""Who may use the page, and what each of them may do."""
