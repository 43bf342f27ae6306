"""Settings: YAML 1.2 files in, frozen Structs out, every mistake reported together."""
