"""Bodies of records, packed: what all messages have in common is written once, here, and not in every row.

A packed body is a byte with the number of the dictionary, then raw deflate (RFC 1951). The dictionary is the text
below, and behind it the beginning of an event as this row's ``time``, ``account`` and ``id`` make it: what stands
in columns need not stand in the body again. A body that begins with ``{`` is not packed: so files of the first
two schemas have them.

**A dictionary is never changed**, for then nothing that was packed with it can be read again: a better one gets
the next number. What is nearer to its end costs less; so the most frequent messages come last.
"""

import zlib
from datetime import UTC, datetime
from functools import lru_cache

NUMBER = 1
"""Of the dictionary that is written with."""
PLAIN = ord("{")
MOST = 64 * 1024
"""Bytes of an unpacked body, as ``gateway.messages.MAX_PAYLOAD``: a damaged one must not fill the memory."""

_USER = (
    '"user":{"id":"6800000000000000000","name":"user","nickname":"","follower":false,"moderator":true,'
    '"subscriber":true,"fan_level":12,"gifter_level":15},"user":null,"nickname":"","follower":true,"moderator":false,'
    '"subscriber":true,"fan_level":7,"gifter_level":8},"nickname":"","follower":false,"moderator":false,"subscriber":'
    'false,"fan_level":3,"gifter_level":2},"nickname":"","follower":true,"moderator":false,"subscriber":false,'
    '"fan_level":0,"gifter_level":0},"nickname":"","follower":false,"moderator":false,"subscriber":false,'
    '"fan_level":0,"gifter_level":0}'
)
_AT = "2026-01-01T00:00:00.000Z"
_ONE = (
    # decisions
    f'{{"event":"","account":"","time":"{_AT}","reasons":[{{"rule":"","outcome":"no match","words":"'
    'busy","outcome":"budget","words":"","outcome":"not meant","words":"its conditions are not met","outcome":"'
    'stale"},{"outcome":"cooldown","words":"cooling down, 0.0 s left","outcome":"waiting","words":"it fires with '
    'the first gift of a streak","times":1},{"rule":"","outcome":"fired","times":1}]}'
    # endings
    '"status":"dropped","reason":"the queue is full","kept_by":"overflow","status":"expired","reason":"its turn '
    'did not come in time","kept_by":"deadline","status":"cancelled","kept_by":"person","status":"blocked",'
    '"kept_by":"disarmed","status":"failed","reason":"the board is offline","kept_by":"offline","kept_by":"fault"'
    # a command and its ack
    '{"id":"","station":"","action":"","params":{"ms":100},"cause":"","trigger":"like","rule":"","account":"",'
    f'"user":"","viewer":"6800000000000000000","run":"/0","value":1,"received":"{_AT}","expires_at":"{_AT}",'
    '"priority":0,"dry_run":false,"simulated":true}'
    '{"id":"/0/0","station":"","action":"","status":"done","reason":"","kept_by":"","cause":"","trigger":"gift",'
    f'"rule":"","account":"","user":"","times":{{"received":"{_AT}","decided":"{_AT}","sent":"{_AT}",'
    f'"moved":"{_AT}","ended":"{_AT}"}},"latency_ms":4.0,"simulated":false}}'
    # events
    '"data":{"phase":"started","title":"'
    "stagewire.live stagewire.subscribe stagewire.question stagewire.envelope stagewire.battle stagewire.gap "
    "stagewire.session stagewire.input stagewire.press stagewire.topic stagewire.tick"
    '"data":{"count":1}}"data":{"user":null,"count":10,"total":100}}'
    "stagewire.viewers stagewire.share stagewire.follow stagewire.join stagewire.like"
    f'"data":{{{_USER},"gift_id":"5655","name":"Rose","count":1,"total":1,"coins":null,"streak":"68000000000000000'
    '00-5655-","ended":false,"to":""}},"coins":1,"streak":"","ended":true,"to":""}}'
    '{"type":"stagewire.gift",{"type":"stagewire.comment","specversion":"1.0","id":"","source":"tiktok/@.live",'
    f'"time":"{_AT}","received":"{_AT}","account":"","room":"","simulated":true,"stale":true,"simulated":false,'
    f'"stale":false,"data":{{{_USER},"text":"the ","plain":"!!"}}}}'
    '{"type":"stagewire.comment","specversion":"1.0'
)
_DICTIONARIES = {1: _ONE.encode()}

_WINDOW = 13
"""Twice the dictionary's 4 kB, so that all of it can be pointed at; more costs time and saves nothing."""


def pack(body: bytes, time: int, account: str, message_id: str) -> bytes:
    """The inverse of ``unpack``."""
    dictionary = _dictionary(NUMBER, time, account, message_id)
    packer = zlib.compressobj(6, zlib.DEFLATED, -_WINDOW, 5, zlib.Z_DEFAULT_STRATEGY, dictionary)
    return b"%c%b%b" % (NUMBER, packer.compress(body), packer.flush())


def unpack(body: bytes, time: int, account: str, message_id: str) -> bytes:
    """The message's JSON. Raises ``ValueError`` for what is damaged, or of a dictionary that is not known."""
    if not body or body[0] == PLAIN:
        return body
    if body[0] not in _DICTIONARIES:
        raise ValueError(f"it is packed with dictionary {body[0]}, which this version does not know")
    unpacker = zlib.decompressobj(-_WINDOW, _dictionary(body[0], time, account, message_id))
    try:
        plain = unpacker.decompress(memoryview(body)[1:], MOST)
    except zlib.error as e:
        raise ValueError(f"it cannot be unpacked ({e})") from None
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("it is cut off, or longer than any message")
    return plain


def _dictionary(number: int, time: int, account: str, message_id: str) -> bytes:
    """Never changed either."""
    at = f"{_second(time // 1000)}.{time % 1000:03d}Z"
    room = message_id.partition("-")[0]
    begins = (
        f'","id":"{message_id}","source":"tiktok/@{account}","time":"{at}","received":"{at}","account":"{account}",'
        f'"room":"{room}","simulated":false,"stale":false,"data":{{"user":{{"id":"'
    )
    return _DICTIONARIES[number] + begins.encode()


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
