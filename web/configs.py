"""A gateway's settings file as the page reads and changes it: by asking the gateway, which alone writes it."""

from typing import Any

from flask import Response as HttpResponse
from flask_babel import gettext as _
from msgspec import UNSET, Struct, UnsetType, field

from gateway.errors import PayloadError, SettingsError
from gateway.messages import Response
from gateway.settings.editing import Change, edit
from gateway.settings.load import load
from gateway.settings.settings_text import restarts
from gateway.settings.yamlfile import parse
from web.answers import as_json
from web.asking import Params
from web.forms import values
from web.parts import Parts
from web.people.present import presser

LONGEST = 300_000
"""Bytes of a press that brings settings; a file has at most 200 000 characters."""


class Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change as a form sends it: a ``value``; or a text in ``yaml``; or neither, to take it out."""

    path: list[str]
    value: Any = UNSET
    yaml: str | UnsetType = UNSET

    def change(self) -> Change:
        """An account's name may be written with its @. Raises ``SettingsError`` for a text that is not YAML."""
        if self.yaml is UNSET:
            return Change(path=self.path, value=_without_at(self.path, self.value))
        where = ".".join(self.path)
        return Change(path=self.path, value=parse(f"text:\n{_indented(self.yaml)}", where).data["text"])


class Mistake(Struct, frozen=True):
    line: int
    path: list[str | int]
    words: str


class Standing(Struct, frozen=True, kw_only=True):
    """The file as it stands. ``restart``: the programs that have other settings yet; ``previous``: there is
    something to go back to; ``away``: why it cannot be shown, in words."""

    gateway: str = ""
    gateways: list[str] = []
    file: str = ""
    text: str = ""
    fingerprint: str = ""
    mistakes: list[Mistake] = []
    rules: list[str] = []
    restart: list[str] = []
    previous: bool = False
    away: str = ""
    data: dict[str, Any] = field(default_factory=dict)


class Configs:
    """Methods that ask raise ``BusError`` when no gateway answers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def standing(self, gateway: str = "") -> Standing:
        """Of ``gateway``, else of the first one."""
        gateways = sorted(self._parts.source.look(lambda venue: venue.ids("gateway")))
        gateway = gateway or next(iter(gateways), "")
        answer = self.ask(gateway, {"do": "get"})
        if not answer.ok:
            return Standing(gateway=gateway, gateways=gateways, away=answer.error)
        said = answer.result
        return Standing(
            gateway=gateway,
            gateways=gateways,
            file=said["file"],
            text=said["text"],
            fingerprint=said["fingerprint"],
            mistakes=told_mistakes(answer),
            rules=said["rules"],
            restart=self._restart(said["restart"] or []),
            previous=said["previous"],
            data=_data(said["text"]),
        )

    def ask(self, gateway: str, params: Params, text: str = "") -> Response:
        with self._parts.places.one():
            return self._parts.source.ask("config", params, presser(), gateway, text)

    def save(self, gateway: str, fingerprint: str, text: str) -> HttpResponse:
        """200 when the file is saved. 409 with words and ``mistakes``; or, when somebody else has changed it, with
        their ``fingerprint`` and ``values`` by path."""
        answer = self.ask(gateway, {"do": "apply", "fingerprint": fingerprint}, text)
        if answer.ok:
            return as_json({"fingerprint": answer.result["fingerprint"], "rules": answer.result["rules"]})
        if "fingerprint" not in answer.result:
            return as_json({"error": answer.error, "mistakes": told_mistakes(answer)}, 409)
        return as_json({"error": answer.error, **self._theirs(gateway)}, 409)

    def change(self, gateway: str, fingerprint: str, written: list[Written]) -> HttpResponse:
        """As ``save``, of single settings. Raises ``PayloadError`` for what cannot be edited this way."""
        got = self.ask(gateway, {"do": "get"})
        if not got.ok:
            return as_json({"error": got.error, "mistakes": []}, 409)
        if got.result["fingerprint"] != fingerprint:
            words = _("Somebody changed the settings meanwhile: look at what is new, then save again.")
            return as_json({"error": words, **_values(got)}, 409)
        try:
            text = edit(got.result["text"], [each.change() for each in written])
        except SettingsError as e:
            raise PayloadError(str(e)) from None
        return self.save(gateway, fingerprint, text)

    def _theirs(self, gateway: str) -> dict[str, Any]:
        got = self.ask(gateway, {"do": "get"})
        return _values(got) if got.ok else {}

    def _restart(self, said: list[str]) -> list[str]:
        """A gateway that restarted does not know what the page began with."""
        names = [name for name in said if name != "page"]
        file = self._parts.file
        if file is None:
            return names
        try:
            page = "page" in restarts(self._parts.settings, load(file).settings)
        except SettingsError:
            page = False
        return [*names, *(["page"] if page else [])]


def told_mistakes(answer: Response) -> list[Mistake]:
    """Each without the file and the place that its words begin with."""
    found = []
    for each in answer.result.get("mistakes", []):
        path, line = each["path"], int(each["line"])
        words = str(each["text"]).partition(f":{line}: ")[2] or str(each["text"])
        found.append(Mistake(line, path, words.removeprefix(f"{'.'.join(map(str, path))}: ")))
    return found


def _without_at(path: list[str], value: Any) -> Any:
    match path, value:
        case ["accounts", str(), "username"], str():
            return value.removeprefix("@")
        case ["accounts", str()], {"username": str(name)}:
            return {**value, "username": name.removeprefix("@")}
    return value


def _values(got: Response) -> dict[str, Any]:
    data = _data(got.result["text"])
    return {"fingerprint": got.result["fingerprint"], "values": [[path, text] for path, text in values(data)]}


def _data(text: str) -> dict[str, Any]:
    try:
        data = parse(text, "").data
    except SettingsError:
        return {}
    return data if isinstance(data, dict) else {}


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())
