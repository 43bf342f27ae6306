"""What an event means: pure, so that a whole evening can be replayed and give the same answer every time."""
