"""TikTok's Webcast wire: ``webcast.proto`` and what the protobuf compiler makes of it."""
