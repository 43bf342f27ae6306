"""A session seen as a whole, whether it runs or is long over."""
