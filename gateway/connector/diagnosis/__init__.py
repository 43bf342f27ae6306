"""``stagewire connector --diagnose``: what happens, step by step, in words; and raw frames to keep."""
