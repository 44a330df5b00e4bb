"""A TCP proxy of one event loop in a thread: a plain balancer, or a network that can be cut."""

import asyncio
import contextlib
import itertools
import threading

from tests.support.tiny_project import free_port


class Gate:
    """Passes connections on to the next of several ports that takes them."""

    def __init__(self, *targets: int) -> None:
        """Listen on a free port of the loopback interface."""
        self.port = free_port()
        self._targets = targets
        self._turn = itertools.count()
        self._open: asyncio.Event | None = None
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()

        async def serve() -> None:
            self._open = asyncio.Event()
            self._open.set()
            await asyncio.start_server(self._connect, "127.0.0.1", self.port)
            ready.set()

        def run() -> None:
            self._loop.create_task(serve())
            self._loop.run_forever()

        threading.Thread(target=run, daemon=True).start()
        assert ready.wait(10)

    def cut(self) -> None:
        """Let nothing through, without a word to either side."""
        assert self._open is not None
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        """Let everything through again."""
        assert self._open is not None
        self._loop.call_soon_threadsafe(self._open.set)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._open is not None
        await self._open.wait()
        first = next(self._turn)
        for n in range(len(self._targets)):
            port = self._targets[(first + n) % len(self._targets)]
            with contextlib.suppress(OSError):
                there, back = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
                return
        writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._open is not None
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
