"""What has no board: sounds, webhooks, MQTT messages to others, announcements."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from gateway.errors import SettingsError
from gateway.settings.expressions import ExpressionError, Kind, Value, compile_template
from gateway.settings.secrets import read_secret
from gateway.settings.values import Duration, Name, duration
from gateway.settings.yamlfile import Key, did_you_mean
from gateway.topics import ROOT

if TYPE_CHECKING:
    from gateway.settings.models import Settings

OUTPUT_STATIONS = ("sound", "webhook", "mqtt", "announce")
"""The stations that every venue has. No board may have one of these names, and none of them is a board: they
prove nothing in an emergency stop."""
SOUND_FILES = (".wav", ".mp3", ".ogg", ".flac")
_BEGINNINGS = {
    ".wav": rb"(RIFF|RF64)....WAVE",
    ".mp3": rb"ID3|\xff[\xe0-\xff]",
    ".ogg": rb"OggS",
    ".flac": rb"fLaC|ID3",
}
"""What such a file begins with. Players do not mind: aplay makes noise of any file, mpg123 plays nothing and ends
well."""
LONGEST_CALL_S = 30.0
LONGEST_TOPIC = 200
WEBHOOK_KINDS: Mapping[str, Kind] = {
    "id": "text",
    "webhook": "text",
    "rule": "text",
    "trigger": "text",
    "account": "text",
    "user": "text",
    "value": "number",
    "cause": "text",
    "received": "text",
    "simulated": "bool",
}
"""What a webhook knows when the rule gives it no text: which command it is, of which rule, on what kind of event,
for whom, and for how many coins."""
_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?P<value>[ -~]*)")
"""RFC 9110: a token, then visible ASCII."""
_OURS = frozenset({"connection", "content-length", "host", "idempotency-key", "transfer-encoding"})

Url = Annotated[str, Meta(min_length=1, max_length=500)]
Mistake = tuple[list[Key], str]


class Sound(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ``file`` (.wav, .mp3, .ogg, .flac; a minute at most), its path from the folder of the settings."""

    file: Name
    volume: Annotated[int, Meta(ge=0, le=100, description="percent")] = 80
    title: Name | None = None


class Webhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address of another system that is called over HTTP.

    ``url`` or, where the address itself is the secret, ``url_file``, a file of mode 0600 that holds it.
    ``header_file``: further headers, ``Name: value`` a line, in a file of mode 0600. ``body``: a text with
    ``{…}`` for expressions of WEBHOOK_KINDS; left out, it is all of them as JSON. ``timeout``: for the whole call,
    from looking up the name to the answer.
    """

    url: Url | None = None
    url_file: Name | None = None
    method: Literal["POST", "PUT", "GET"] = "POST"
    body: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    content_type: Annotated[str, Meta(pattern=r"^[ -~]{1,100}$")] = "application/json"
    header_file: Name | None = None
    timeout: Duration = "5s"
    title: Name | None = None


def check_outputs(settings: "Settings", base_dir: Path) -> Iterator[Mistake]:
    """Every mistake in ``sounds``, ``sound_player`` and ``webhooks``, and stations with a reserved name."""
    for name in OUTPUT_STATIONS:
        if name in settings.stations:
            others = ", ".join(OUTPUT_STATIONS)
            yield ["stations", name], f"this name is taken: {others} are in every venue; choose another"
    for name, sound in settings.sounds.items():
        if words := _sound_complaint(base_dir / sound.file):
            yield ["sounds", name, "file"], words
    if settings.sound_player is not None:
        try:
            player_words(settings.sound_player)
        except SettingsError as e:
            yield ["sound_player"], str(e)
    for name, hook in settings.webhooks.items():
        yield from _check_webhook(["webhooks", name], hook, base_dir)


def _sound_complaint(file: Path) -> str:
    if file.suffix.lower() not in SOUND_FILES:
        return f"{file.name} is none of {', '.join(SOUND_FILES)}: convert it to one of them"
    if not file.is_file():
        near = file.parent.glob("*") if file.parent.is_dir() else ()
        return f"there is no file {file}{did_you_mean(file.name, (p.name for p in near))}"
    try:
        with file.open("rb") as f:
            begins = re.match(_BEGINNINGS[file.suffix.lower()], f.read(16), re.DOTALL)
    except OSError as e:
        return f"{file} cannot be read: {e.strerror}; try `chmod a+r {shlex.quote(str(file))}`"
    if begins is None:
        return f"{file} is called {file.suffix} and holds something else: convert it, renaming is not enough"
    return ""


def player_words(command_line: str) -> list[str]:
    """The words of ``sound_player``. Raises ``SettingsError`` when it is none."""
    try:
        words = shlex.split(command_line)
    except ValueError as e:
        raise SettingsError([f"this is no command line ({e}): look at its quotes"]) from None
    if not any("{file}" in word for word in words[1:]):
        raise SettingsError(
            ["say a program and where the file goes, such as `mpv --volume={volume} {file}`; {volume}: 0 to 100"]
        )
    return words


def _check_webhook(at: list[Key], hook: Webhook, base_dir: Path) -> Iterator[Mistake]:
    if (hook.url is None) == (hook.url_file is None):
        yield at, "say where it goes with exactly one of url, url_file"
    elif hook.url is not None and (words := url_complaint(hook.url)):
        yield [*at, "url"], words
    for key, read in (("url_file", read_url), ("header_file", read_headers)):
        if getattr(hook, key) is not None:
            try:
                read(hook, base_dir)
            except SettingsError as e:
                yield [*at, key], str(e)
    if hook.method == "GET" and hook.body is not None:
        yield [*at, "body"], "GET has no body: use POST or PUT, or leave the body out"
    elif hook.body is not None:
        try:
            compile_template(hook.body, WEBHOOK_KINDS)
        except ExpressionError as e:
            twice = (
                "; a brace that is meant as a brace is written twice: {{ }}" if "json" in hook.content_type else ""
            )
            yield [*at, "body"], f"{e}{twice}"
    if not 0 < duration(hook.timeout) <= LONGEST_CALL_S:
        yield [*at, "timeout"], f"expected more than 0 and at most {LONGEST_CALL_S:g}s; found {hook.timeout}"


def url_complaint(url: str) -> str:
    """Why ``url`` cannot be called; "" when it can. Never repeats it: an address may be a secret."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "this is no address; expected one such as https://example.org/path"
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return "expected an address that begins with http:// or https:// and names a host"
    if parts.username is not None or parts.password is not None:
        return "no name or password in an address: put `Authorization: ...` into a header_file"
    if re.search(r"[^!-~]", url):
        return "an address has only ASCII letters and no spaces: write others as %20, %C3%A9 ..."
    return ""


def read_url(hook: Webhook, base_dir: Path) -> str:
    """Where a webhook goes. Raises ``SettingsError`` when its file or what it holds is no good."""
    url = read_secret(base_dir / hook.url_file, "url_file") if hook.url_file is not None else hook.url or ""
    if words := url_complaint(url):
        raise SettingsError([f"{hook.url_file}: {words}" if hook.url_file else words])
    return url


def read_headers(hook: Webhook, base_dir: Path) -> dict[str, str]:
    """What a webhook's ``header_file`` says. Raises ``SettingsError``, which never repeats it."""
    headers: dict[str, str] = {}
    if hook.header_file is None:
        return headers
    text = read_secret(base_dir / hook.header_file, "header_file")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        found = _HEADER.fullmatch(line.strip())
        if found is None:
            raise SettingsError([f"{hook.header_file}:{number}: expected `Name: value`, in ASCII"])
        if found["name"].lower() in _OURS:
            raise SettingsError([f"{hook.header_file}:{number}: leave out {found['name']}, Stagewire sets it"])
        headers[found["name"]] = found["value"].strip()
    return headers


def topic_complaint(topic: str) -> str:
    """Why nobody may publish on ``topic`` through the station ``mqtt``; "" when one may."""
    if topic == ROOT or topic.startswith(f"{ROOT}/"):
        return f"{ROOT}/ is Stagewire's own: what is published there would be an order in the gateway's name"
    if not 0 < len(topic) <= LONGEST_TOPIC:
        return f"expected a topic of 1 to {LONGEST_TOPIC} characters; this one has {len(topic)}"
    if topic.startswith("$"):
        return "topics that begin with $ are the broker's own"
    if re.search(r"[+#\x00-\x1f\x7f-\x9f\ud800-\udfff]", topic):
        return "a topic that is published on has no +, no # and no control characters"
    return ""


def fit_for_json(values: Mapping[str, Value]) -> dict[str, Value]:
    """Values for a JSON text: a viewer's words stand in it between quotes, and may hold quotes themselves."""
    return {k: json.dumps(v, ensure_ascii=False)[1:-1] if isinstance(v, str) else v for k, v in values.items()}
