"""Does a FHIR server that hangs keep its hands off the others?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.assessment import Context, Servers
from service.fhir.client.faults import Fault, OutOfTime
from service.settings import Settings, load_settings

# As many as a pool of httpx holds; a conversation sends four at a time.
SOCKETS = 100
AT_ONCE = 4


@asynccontextmanager
async def hanging(received: list[bytes]) -> AsyncIterator[str]:
    """A server that takes every request and answers none."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n"))
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(listen, "127.0.0.1", 0, backlog=2 * SOCKETS)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/fhir"


@asynccontextmanager
async def prompt() -> AsyncIterator[str]:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/fhir"


async def ask_prompt_while_slow() -> bytes:
    received: list[bytes] = []
    async with hanging(received) as slow, prompt() as good:
        named = {"slow": {"url": slow}, "good": {"url": good}}
        servers = Servers(load_settings(servers=named, deadline_seconds=60), Context.load(Settings.model_construct()))
        conversations = [servers.connection("slow") for _ in range(SOCKETS // AT_ONCE + 1)]
        waiting = [asyncio.ensure_future(one.get("metadata")) for one in conversations for _ in range(AT_ONCE)]
        try:
            async with asyncio.timeout(20):
                while len(received) < SOCKETS:
                    await asyncio.sleep(0.05)
            async with asyncio.timeout(5):
                return await servers.connection("good").get("metadata")
        finally:
            for one in waiting:
                one.cancel()
            ended = await asyncio.gather(*waiting, return_exceptions=True)
            assert all(isinstance(one, asyncio.CancelledError | Fault | OutOfTime) for one in ended)
            await servers.close()


def test_a_server_that_hangs_takes_no_socket_from_another() -> None:
    assert asyncio.run(ask_prompt_while_slow()) == b"{}"
