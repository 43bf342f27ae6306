"""From decided commands to wires: queues, modes, deadlines, and exactly one ending for every command."""
