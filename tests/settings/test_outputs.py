"""Sounds and webhooks in the settings: every mistake is named before the show."""

from pathlib import Path

import msgspec
import pytest

from gateway.settings.models import Board, Settings, Sound, Station, Webhook
from gateway.settings.outputs import OUTPUT_STATIONS, check_outputs, fit_for_json, topic_complaint, url_complaint

WAV = b"RIFF\x24\0\0\0WAVEfmt "


def complaints(folder: Path, **settings: object) -> dict[str, str]:
    """Path in dots -> words."""
    checked = msgspec.convert({"venue": "hall", **settings}, Settings, from_attributes=True)
    return {".".join(map(str, path)): words for path, words in check_outputs(checked, folder)}


@pytest.mark.parametrize(
    ("file", "begins"),
    [("a.wav", WAV), ("a.mp3", b"ID3\4"), ("a.MP3", b"\xff\xfb\x90"), ("a.ogg", b"OggS"), ("a.flac", b"fLaC")],
)
def test_a_sound_of_each_kind_is_good(tmp_path: Path, file: str, begins: bytes) -> None:
    (tmp_path / file).write_bytes(begins)
    assert complaints(tmp_path, sounds={"horn": Sound(file=file)}) == {}


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("hron.wav", "did you mean 'horn.wav'"),
        ("none/horn.wav", "there is no file"),
        ("horn.m4a", "none of .wav, .mp3, .ogg, .flac"),
        ("horn", "none of .wav"),
        ("renamed.wav", "holds something else"),
        ("renamed.mp3", "holds something else"),
        ("folder.wav", "there is no file"),
    ],
)
def test_a_sound_that_would_not_play_is_told_at_the_check(tmp_path: Path, file: str, words: str) -> None:
    (tmp_path / "horn.wav").write_bytes(WAV)
    (tmp_path / "renamed.wav").write_bytes(b"\xff\xfb\x90")
    (tmp_path / "renamed.mp3").write_bytes(WAV)
    (tmp_path / "folder.wav").mkdir()
    found = complaints(tmp_path, sounds={"horn": Sound(file=file)})
    assert list(found) == ["sounds.horn.file"]
    assert words in found["sounds.horn.file"]


@pytest.mark.parametrize(
    ("line", "good"),
    [
        ("mpv --volume={volume} {file}", True),
        ("'/opt/my player/run' --in={file}", True),
        (f"/opt/{'long/' * 80}mpv {{file}}", True),
        ("mpv", False),
        ("{file}", False),
        ("mpv '{file}", False),
    ],
)
def test_a_player_is_told_where_the_file_goes(tmp_path: Path, line: str, good: bool) -> None:
    assert (complaints(tmp_path, sound_player=line) == {}) == good


@pytest.mark.parametrize("name", OUTPUT_STATIONS)
def test_no_board_has_the_name_of_an_output(tmp_path: Path, name: str) -> None:
    station = Station(board=Board(id="b"), channels={}, actions={})
    assert "this name is taken" in complaints(tmp_path, stations={name: station})[f"stations.{name}"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.org/a", "http://"),
        ("example.org/a", "http://"),
        ("http:///a", "names a host"),
        ("http://a:99999/", "no address"),
        ("http://[::1/", "no address"),
        ("https://ayu:sesame@example.org/", "header_file"),
        ("https://example.org/a b", "%20"),
        ("https://example.org/\u0131", "ASCII"),
        ("https://example.org/a\r\nX-Evil: 1", "ASCII"),
    ],
)
def test_an_address_that_cannot_be_called_is_told_and_not_repeated(tmp_path: Path, url: str, words: str) -> None:
    said = url_complaint(url)
    assert words in said
    assert "sesame" not in said
    assert complaints(tmp_path, webhooks={"lamp": Webhook(url=url)}) == {"webhooks.lamp.url": said}


@pytest.mark.parametrize(
    "url", ["http://192.168.0.9:8123/api/webhook/x?y=1", "https://example.org", "http://[::1]:80/"]
)
def test_usual_addresses_are_good(tmp_path: Path, url: str) -> None:
    assert complaints(tmp_path, webhooks={"lamp": Webhook(url=url)}) == {}


@pytest.mark.parametrize(
    ("hook", "where", "words"),
    [
        (Webhook(), "", "exactly one of url, url_file"),
        (Webhook(url="http://a/", url_file="good.url"), "", "exactly one of url, url_file"),
        (Webhook(url_file="bad.url"), ".url_file", "http://"),
        (Webhook(url_file="none.url"), ".url_file", "cannot be read"),
        (Webhook(url="http://a/", method="GET", body="x"), ".body", "GET has no body"),
        (Webhook(url="http://a/", body="{usr}"), ".body", "did you mean 'user'"),
        (Webhook(url="http://a/", body='{"a": 1}'), ".body", "{{"),
        (Webhook(url="http://a/", timeout="0s"), ".timeout", "at most 30s"),
        (Webhook(url="http://a/", timeout="1m"), ".timeout", "at most 30s"),
        (Webhook(url="http://a/", header_file="open.headers"), ".header_file", "chmod 600"),
        (
            Webhook(url="http://a/", header_file="bad.headers"),
            ".header_file",
            "bad.headers:2: expected `Name: value`",
        ),
        (Webhook(url="http://a/", header_file="ours.headers"), ".header_file", "leave out Host"),
    ],
)
def test_a_webhook_that_cannot_work_is_told_without_its_secrets(
    tmp_path: Path, hook: Webhook, where: str, words: str
) -> None:
    files = {
        "good.url": "http://a/",
        "bad.url": "sesame",
        "open.headers": "A: sesame",
        "bad.headers": "A: b\nsesame sesame",
        "ours.headers": "Host: sesame",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o644 if name.startswith("open") else 0o600)
    found = complaints(tmp_path, webhooks={"lamp": hook})
    assert words in found[f"webhooks.lamp{where}"]
    assert "sesame" not in str(found)


def test_a_viewers_words_cannot_leave_their_quotes_in_a_json_text() -> None:
    name = 'x", "admin": true, "y": "\n\\'
    body = '{{"content": "{user} gave {count}"}}'.format(**fit_for_json({"user": name, "count": 3}))
    assert msgspec.json.decode(body) == {"content": f"{name} gave 3"}


@pytest.mark.parametrize(
    ("topic", "good"), [("hall/lamp", True), ("stagewire/2/x", True), ("stagewire/1/x", False)]
)
def test_our_own_topics_are_not_for_rules(topic: str, good: bool) -> None:
    assert (topic_complaint(topic) == "") == good
