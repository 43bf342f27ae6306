"""Board and settings agree on the channel table, or it is said in words why they cannot."""

from gateway.drivers.arduino import wire, words
from gateway.drivers.arduino.connection import Connection
from gateway.drivers.arduino.table import Table
from gateway.errors import DriverError

TABLE_S = 3.0
"""A board that has not answered its channel table for this long cannot be worked with."""


async def agree(connection: Connection, hello: wire.Hello, table: Table) -> str | None:
    """Bring the board's channel table in line with the settings: "" when it is, else why this board cannot. None:
    the session ended in the middle. Raises ``DriverError`` for a board that does not answer."""
    lacking = table.lacking(hello.capabilities) if hello.capabilities else None  # 0: it does not say
    if lacking is not None:
        return words.unable(hello, *lacking)
    if hello.table_crc == table.crc:
        return ""
    entries = table.entries
    commit = wire.TableCommit(len(entries), table.crc)
    result = await connection.ask([*entries, commit], wire.TableResult, TABLE_S)
    if isinstance(result, wire.TableResult):
        return "" if result.ok else words.table_refused(hello, table.describe(result.bad_index))
    if not connection.opened:
        return None  # the next session tries again
    raise DriverError(words.SILENT_ABOUT_TABLE)
