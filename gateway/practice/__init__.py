"""Practice TikTok: a LIVE platform on loopback that speaks the real Webcast wire.

For rehearsals, demos and tests. Everybody in it is invented.
"""
