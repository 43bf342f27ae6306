"""The page: an ordinary client of the public MQTT contract, for a phone in one hand."""

FOLDER = "page"
"""In the data folder: what the page itself keeps. No other program writes there but `stagewire people`."""
