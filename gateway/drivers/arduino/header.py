"""Writes the C++ side of the wire: ``python -m gateway.drivers.arduino.header > firmware/station/src/wire.h``.

Everything in the header comes from ``wire.py``; a test checks that the committed file is current.
"""

import sys
from collections.abc import Iterator
from enum import IntEnum, IntFlag
from typing import get_args, get_type_hints

from gateway.drivers.arduino import wire

_CONSTANTS = (
    "VERSION",
    "DELIMITER",
    "MAX_BODY",
    "RECEIVE_RING",
    "FIRST_RELIABLE",
    "LEASE_MS",
    "HELLO_MS",
    "REPEAT_MS",
    "RECENT_IDS",
    "MAX_CHANNELS",
    "MAX_STEPS",
    "CAPABILITIES",
)
_ENUMS = (wire.BoardKind, wire.Boot, wire.ChannelKind, wire.RunStatus)
_FLAGS = (wire.ChannelFlag, wire.StateFlag)
_INTEGERS = {"B": "uint8_t", "H": "uint16_t", "I": "uint32_t"}


def _camel(name: str) -> str:
    """``NOT_ARMED`` -> ``NotArmed``; Arduino.h defines macros such as INPUT, so capitals are not safe."""
    return "".join(part.capitalize() for part in name.split("_"))


def _constant(name: str, value: int) -> str:
    return f"constexpr uint{8 if value < 256 else 16}_t {name} = {value};"


def _enumeration(kind: type[IntEnum]) -> Iterator[str]:
    yield f"enum class {kind.__name__} : uint8_t {{"
    yield from (f"    {_camel(member.name)} = {member.value}," for member in kind)
    yield "};\n"


def _flags(kind: type[IntFlag]) -> Iterator[str]:
    yield f"namespace {kind.__name__} {{"
    yield from (f"constexpr uint8_t {_camel(str(member.name))} = {member.value};" for member in kind)
    yield "}\n"


def _field(name: str, code: str) -> str:
    return f"    {_INTEGERS[code]} {name};" if code in _INTEGERS else f"    char {name}[{code[:-1]}];"


def _structure(message: type[wire.Message]) -> Iterator[str]:
    hints = get_type_hints(message, include_extras=True)
    yield f"struct __attribute__((packed)) {message.__name__} {{"
    yield f"    static constexpr uint8_t KIND = 0x{message.KIND:02X};"
    yield from (_field(name, str(get_args(hints[name])[1])) for name in message.__struct_fields__)
    yield "};"
    size = message._packer.size
    if size:
        yield f'static_assert(sizeof({message.__name__}) == {size}, "as wire.py packs it");'
    yield ""


def lines() -> Iterator[str]:
    """The header, line by line."""
    yield "// Generated from gateway/drivers/arduino/wire.py by gateway/drivers/arduino/header.py. Do not edit."
    yield "#pragma once\n"
    yield "#include <stdint.h>\n"
    yield "namespace wire {\n"
    yield from (_constant(name, getattr(wire, name)) for name in _CONSTANTS)
    yield ""
    for enumeration in _ENUMS:
        yield from _enumeration(enumeration)
    for flags in _FLAGS:
        yield from _flags(flags)
    for message in wire.MESSAGES.values():
        yield from _structure(message)
    yield "constexpr uint8_t UNKNOWN_KIND = 255;\n"
    yield "// Bytes of a message's payload, or UNKNOWN_KIND."
    yield "inline uint8_t payload_size(uint8_t kind) {"
    # Comparisons, not a switch: avr-gcc would turn that into a table of 100 bytes in RAM.
    for message in wire.MESSAGES.values():
        yield f"    if (kind == {message.__name__}::KIND) return {message._packer.size};"
    yield "    return UNKNOWN_KIND;"
    yield "}\n"
    yield "}  // namespace wire"


def main() -> None:
    """Print the header."""
    sys.stdout.write("\n".join(lines()) + "\n")


if __name__ == "__main__":
    main()
