"""Shows to rehearse with: ``stagewire practice --script evening``, or ``file: evening`` of an account."""
