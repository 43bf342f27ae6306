"""What a board says, or does not say, in words that a person understands."""

from typing import assert_never

from gateway.drivers.arduino.wire import BoardKind, Boot, Hello, RunStatus, State, StateFlag
from gateway.drivers.base import Ending
from gateway.messages import KeptBy
from gateway.settings.models import Board

NOT_ARMED = "not armed: press Arm on the page"
STOPPED = "stopped: reset the emergency stop, then press Arm on the page"
ONE_PATTERN = "busy: another pattern is playing"
SILENT_ABOUT_TABLE = (
    "the board does not answer its channel table; trying again. If this stays, check its cable, then flash it "
    "with this version"
)


def ending(
    status: RunStatus, *, subject: str, asked_ms: int, limit: str, rest_s: float, cooling: str, moved: bool
) -> tuple[Ending, str, KeptBy]:
    """The ending that ``status`` means for ``subject``, a channel or what a pattern moves, and what kept it.

    ``limit``: its longest on-time, empty for a pattern; ``rest_s``: how long it still rests; ``cooling``: why
    its duty forbids it now; ``moved``: it had begun.

    STARTED and UNKNOWN_ID are no endings; the caller has dealt with them.
    """
    match status:
        case RunStatus.DONE:
            return Ending.DONE, "", ""
        case RunStatus.CANCELLED:
            return Ending.CANCELLED, "cancelled", "disarmed"
        case RunStatus.STOPPED if moved:
            return Ending.CANCELLED, "the emergency stop ended it", "stop"
        case RunStatus.STOPPED:
            return Ending.BLOCKED, STOPPED, "stop"
        case RunStatus.NOT_ARMED:
            return Ending.BLOCKED, NOT_ARMED, "disarmed"
        case RunStatus.BUSY:
            return Ending.BLOCKED, f"busy: {subject} is still moving", "limit"
        case RunStatus.RESTING:
            return Ending.BLOCKED, f"resting: wait {rest_s:.1f} s", "limit"
        case RunStatus.OVER_LIMIT if limit:
            return Ending.REJECTED, f"asks for {asked_ms} ms; {subject} may be on for {limit} at most", "limit"
        case RunStatus.OVER_LIMIT:
            return Ending.REJECTED, f"asks for more than {subject} may do: check the settings", "limit"
        case RunStatus.NO_CHANNEL:
            return Ending.REJECTED, f"the board has no output channel for {subject}: check the settings", "limit"
        case RunStatus.NOT_CONFIGURED:
            return Ending.BLOCKED, "the board has no channel table yet: it is being sent", "offline"
        case RunStatus.DUTY:
            return Ending.BLOCKED, cooling, "limit"
        case RunStatus.INTERLOCK:
            return Ending.BLOCKED, f"interlock: another output of the same group as {subject} is on", "limit"
        case RunStatus.FULL:
            return Ending.BLOCKED, ONE_PATTERN, "limit"
        case RunStatus.LEASE_LOST:
            return (
                Ending.FAILED,
                "the gateway fell silent while it ran; the board switched off by itself",
                "offline",
            )
        case RunStatus.RESET:
            return Ending.FAILED, "a reset interrupted it: look at the board's power supply", "fault"
        case RunStatus.STARTED | RunStatus.UNKNOWN_ID:
            raise ValueError(f"{status.name} is no ending")
        case _:
            assert_never(status)


def missing(board: Board, nameless: str = "") -> str:
    """No port to try for ``board``. ``nameless``: the port of a board that has no id yet."""
    if board.port:
        return f"there is no {board.port}: check the board's cable and power"
    which = f"with USB serial number {board.serial_number}" if board.serial_number else f"with id {board.id}"
    if board.id is not None and nameless:
        return f"no board {which}, but one {_name_it(nameless, board.id)}; else check the cable and power of yours"
    return f"no port for a board {which}: check its cable and power"


def _name_it(port: str, board_id: str) -> str:
    return f"without an id is on {port}: if it is this one, stagewire boards name {port} {board_id}"


def twins(board: Board, ports: list[str]) -> str:
    """Several boards hang on adapters with one serial number."""
    return (
        f"{' and '.join(ports)} have the same USB serial number {board.serial_number}: stop the gateway, give "
        "each board an id (stagewire boards name PORT ID), and write board: {id: ...} in the settings instead"
    )


def unable(hello: Hello, kind: str, channel: str) -> str:
    """The board's build lacks a kind of channel that the settings use."""
    return (
        f"the board's firmware {firmware(hello)} knows no {kind}, and channel {channel} is one: "
        "flash the board with this version"
    )


def table_refused(hello: Hello, channel: str) -> str:
    """The board does not take a channel of the table."""
    return (
        f"the board (firmware {firmware(hello)}) refuses {channel}: choose another pin or kind in the settings, "
        "or flash the board with this version"
    )


def wrong_board(hello: Hello, port: str, expected: str) -> str:
    """Another board than the settings name answers."""
    if not hello.board_id:
        return f"a board {_name_it(port, expected)}"
    fix = "swap the cables, or correct the id in the settings"
    return f"{port} is board {hello.board_id}, expected {expected}: {fix}"


def complaint(state: State, *, known_trip: bool) -> str:
    """What is wrong with a board that is there. ``known_trip``: its stop was begun or ended from here."""
    if state.flags & StateFlag.STOP_INPUT:
        return "the stop button wired to the board is pressed: release it, then press Stop and Reset on the page"
    if state.flags & StateFlag.STOPPED and not known_trip:
        return "the board is stopped since before: press Stop, then Reset on the page"
    return ""


def firmware(hello: Hello) -> str:
    return f"{hello.fw_major}.{hello.fw_minor}.{hello.fw_patch}"


def kind(hello: Hello) -> str:
    """What board it is."""
    try:
        return BoardKind(hello.board_kind).name.lower()
    except ValueError:
        return f"kind {hello.board_kind}"


def boot(hello: Hello) -> str:
    """Why it started."""
    try:
        return Boot(hello.boot).name.lower().replace("_", "-")
    except ValueError:
        return f"reason {hello.boot}"
