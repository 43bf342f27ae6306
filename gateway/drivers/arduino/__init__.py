"""The USB serial wire to a board: definition (wire), reliability (link), driver, and a virtual board."""
