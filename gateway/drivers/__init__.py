"""One wire each: what turns a command into movement and says what became of it."""
