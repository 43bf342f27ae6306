"""Forms of settings, made of their JSON Schema."""

from gateway.settings.models import Settings
from gateway.settings.yamlfile import parse
from web.forms import ANY, Block, Field, block, shown, values

SAID = parse(
    """\
venue: hall
broker: {port: 8883}
interlocks: {gate: [cannon, lamp/blink]}
gateway: {backup: {keep: 3}}
stations:
  cannon:
    board: {id: A}
    channels: {shot: {kind: pulse, pin: 5}}
    actions: {show: {pattern: [{channel: shot, on_for: 2s}]}}
""",
    "",
).data


def of(form: Block, *path: str) -> Field:
    return next(f for f in form.all_fields() if f.path == path)


def test_every_setting_has_its_field_with_value_default_and_bounds() -> None:
    form = block(SAID, [], ["stations", "accounts"])
    assert {f.name for f in form.fields} | {b.name for b in form.blocks} == set(Settings.__struct_fields__) - {
        "stations",
        "accounts",
    }
    port = of(form, "broker", "port")
    assert (port.kind, port.value, port.default, port.hint) == ("number", "8883", "1883", "1 to 65535")
    assert of(form, "broker", "host").value == ""
    assert of(form, "broker", "tls").kind == "truth"
    arm = of(form, "gateway", "arm")
    assert (arm.choices, arm.default) == (["at-start", "manual"], "manual")
    assert arm.hint.startswith("manual needs a person's press")
    assert of(form, "venue").required
    assert (of(form, "interlocks", "gate").kind, of(form, "interlocks", "gate").value) == (
        "words",
        "cannon, lamp/blink",
    )


def test_what_may_be_missing_as_a_whole_says_whether_it_is_there() -> None:
    def backup(said: object) -> Block:
        gateway = next(b for b in block(said, []).blocks if b.name == "gateway")
        return gateway.blocks[0]

    assert (backup(SAID).optional, backup(SAID).there) == (True, True)
    assert backup({"venue": "hall"}).there is False


def test_maps_have_their_entries_and_what_a_new_one_looks_like() -> None:
    cannon = block(SAID, ["stations", "cannon"])
    channels = next(b for b in cannon.blocks if b.name == "channels")
    assert [e.name for e in channels.entries] == ["shot"]
    assert of(cannon, "stations", "cannon", "channels", "shot", "pin").value == "5"
    assert channels.fresh is not None
    assert channels.fresh.path == ("stations", "cannon", "channels", ANY)
    show = of(cannon, "stations", "cannon", "actions", "show", "pattern")
    assert (show.kind, show.value) == ("yaml", "[{channel: shot, on_for: 2s}]")
    baud = of(cannon, "stations", "cannon", "board", "baud")
    assert (baud.kind, baud.number, baud.default) == ("choice", True, "250000")


def test_a_file_that_says_nonsense_still_has_a_form() -> None:
    form = block({"broker": 5, "web": None, "sounds": [1]}, [])
    assert of(form, "broker", "port").value == ""
    assert shown([1, 2]) == "[1, 2]"
    assert dict(values({"a": {"b": True}}))[("a", "b")] == "true"
