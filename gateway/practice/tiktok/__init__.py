"""A practice TikTok on loopback: HTTP, signing and sockets on the real Webcast wire, and an invented crowd."""
