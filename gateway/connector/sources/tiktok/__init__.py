"""TikTok through TikTokLive 7.0.1: rooms, signing and the socket are the library's, the rest is ours.

The only place that imports TikTokLive; importing it takes 2 s and 60 MB, so nobody does before it is needed.
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it is built on websockets' legacy client
    import TikTokLive  # noqa: F401
