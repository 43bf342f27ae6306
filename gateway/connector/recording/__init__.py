"""A session in a file: written, read, viewers disguised."""
