"""Where a LIVE can be heard; each source yields the same Events."""
