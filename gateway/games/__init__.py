"""Games that come with Stagewire: one template each, shown in docs/games.md."""
