"""A web server's door on 127.0.0.1, which can be shut and opened again."""

from aiohttp import web

from gateway.errors import ServiceError

STOP_TIMEOUT = 0.5
"""Seconds for open sockets to end when the door closes for good."""
HOST = "127.0.0.1"


class Door:
    """``port`` is known once it is open."""

    def __init__(self, app: web.Application) -> None:
        self.port = 0
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=STOP_TIMEOUT, handler_cancellation=True
        )
        self._site: web.TCPSite | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def open(self, port: int, *, or_any: bool = False) -> None:
        """Listen on ``port``, 0 for any that is free; with ``or_any`` also where ``port`` is taken.

        Raises ``ServiceError`` when it is taken.
        """
        await self._runner.setup()
        try:
            await self._listen(port)
        except ServiceError:
            if not or_any:
                await self._runner.cleanup()
                raise
            await self._listen(0)

    async def shut(self) -> None:
        """Refuse connections; those that stand go on."""
        if self._site is not None:
            await self._site.stop()
            self._site = None

    async def reopen(self) -> None:
        """Listen again where it did before. Raises ``ServiceError`` when somebody else has the port now."""
        if self._site is None:
            await self._listen(self.port)

    async def close(self) -> None:
        """For good. May be called twice."""
        self._site = None
        await self._runner.cleanup()

    async def _listen(self, port: int) -> None:
        site = web.TCPSite(self._runner, HOST, port)
        try:
            await site.start()
        except OSError as e:
            await site.stop()
            raise ServiceError(
                f"Practice TikTok cannot use port {port} of {HOST}: {e.strerror}. "
                "Choose another one, or 0 for any that is free."
            ) from None
        self._site = site
        self.port = self._runner.addresses[0][1]
