"""Statistics, events and actions as files for other programs: CSV, XLSX, JSON and JSON lines."""
