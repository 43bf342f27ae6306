"""The units in systemd/."""
