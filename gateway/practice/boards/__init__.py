"""Simulated boards that speak the real wire: ``virtual`` in Python, ``avr`` the real firmware."""
