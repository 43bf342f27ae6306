"""Everything simulated: a practice TikTok, boards, a broker. Production never imports it."""
