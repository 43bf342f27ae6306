"""What becomes of the data folder over the years: backups, retention, and forgetting one viewer."""
