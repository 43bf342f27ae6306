"""The page: an ordinary client of the public MQTT contract, for a phone in one hand."""
