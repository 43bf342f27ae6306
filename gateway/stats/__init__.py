"""Statistics: pure folds over events and acks, and the small files that keep their results."""
