"""How comments and words in rules are brought to one form before they are compared."""

import unicodedata


def normalise(text: str) -> str:
    """Compatibility forms unified (NFKC), case and accents removed, invisible and control characters
    dropped, white space collapsed: ``"  Ｌédak\\u200b! "`` becomes ``"ledak!"``."""
    if text.isascii():
        return " ".join(text.casefold().split())
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = (c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cf", "Cc") or c.isspace())
    return " ".join("".join(kept).split())
