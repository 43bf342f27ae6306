"""TikTokLive is imported here once, by the module that knows how to without its warnings."""

import importlib.util

if importlib.util.find_spec("TikTokLive"):
    import gateway.connector.sources.tiktok  # noqa: F401
