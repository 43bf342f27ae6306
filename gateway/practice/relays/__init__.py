"""Practice versions of what hears TikTok for others and passes it on in a form of its own."""
