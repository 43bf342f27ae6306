"""The settings file as a text: no secret of it is shown, and every mistake has its place."""

from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.settings.models import Account, Broker, Gateway, Settings, Web
from gateway.settings.settings_text import check_text, no_secret, restarts


@pytest.mark.parametrize(
    "line",
    [
        "password: x1",
        "broker: {host: a, password: x1}",
        "# password: x1",
        'api_key: "x1"',
        "  sign_key: x1",
        "url: https://somebody:x1@example.com/",
        "url: https://example.com/hook?access_token=x1",
        '"Secret" : x1',
    ],
)
def test_a_line_with_a_secret_is_named_and_not_shown(line: str) -> None:
    with pytest.raises(SettingsError) as refused:
        no_secret(f"venue: hall\n{line}\n", "stagewire.yaml")
    assert "stagewire.yaml:2: " in str(refused.value)
    assert "x1" not in str(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        "password_file: broker.key",
        "# username: gateway   # with password_file, a file of mode 0600: see wiring",
        "tiktok: {sign_key_file: sign.key}",
        "token: {kind: input, pin: 4}",
        "url: http://127.0.0.1:8080/x?level=5",
        "key: {channel: shot}",
    ],
)
def test_a_line_that_only_says_where_a_secret_stands_is_shown(line: str) -> None:
    assert no_secret(line, "stagewire.yaml") == line


def test_mistakes_of_form_and_of_sense_have_line_and_path(tmp_path: Path) -> None:
    path = tmp_path / "stagewire.yaml"
    text = "venue: hall\ngateway:\n  keep_days: 0\n  backup: {at: 99 * * * *}\n"
    (form,) = check_text(text, path).mistakes
    assert (form.line, form.path) == (3, ["gateway", "keep_days"])
    (sense,) = check_text(text.replace("keep_days: 0", "keep_days: 9"), path).mistakes
    assert (sense.line, sense.path) == (4, ["gateway", "backup", "at"])
    assert sense.text.startswith(f"{path}:4: gateway.backup.at: ")
    (broken,) = check_text("venue: [\n", path).mistakes
    assert broken.line == 2
    (tmp_path / "rules.yaml").write_text("rules: {a: {when: {gift: {}}, then: [{station: drum, action: x}]}}\n")
    checked = check_text("venue: hall\n", path)
    assert checked.settings is not None
    assert "drum" in checked.rules[0]


def test_only_programs_whose_settings_changed_have_to_restart() -> None:
    old = Settings(venue="hall")
    new = Settings(venue="hall", accounts={"a": Account(username="a.practice")})
    assert restarts(old, new) == []
    assert restarts(old, Settings(venue="hall", web=Web(port=81))) == ["page"]
    assert restarts(old, Settings(venue="hall", gateway=Gateway(keep_days=9))) == ["gateway"]
    assert restarts(old, Settings(venue="hall", broker=Broker(port=1))) == ["gateway", "connector", "page"]
