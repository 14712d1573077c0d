"""A relay between a client and its server that counts round trips, whatever protocol they speak.

A round trip is a turn: the client speaks after the server has spoken. What is sent together counts once, as it is
waited for once.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

CHUNK = 2**16


@dataclass
class Turns:
    """Where the relay listens on 127.0.0.1, and the round trips so far."""

    port: int = 0
    count: int = 0


@asynccontextmanager
async def counting(host: str, port: int) -> AsyncIterator[Turns]:
    """Relay to a server for the time of the block."""
    turns = Turns()

    async def relay(reader: StreamReader, writer: StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(host, port)
        is_clients_turn = True

        async def upwards() -> None:
            nonlocal is_clients_turn
            while data := await reader.read(CHUNK):
                turns.count += is_clients_turn
                is_clients_turn = False
                server_writer.write(data)
                await server_writer.drain()

        async def downwards() -> None:
            nonlocal is_clients_turn
            while data := await server_reader.read(CHUNK):
                is_clients_turn = True
                writer.write(data)
                await writer.drain()

        ways = [asyncio.create_task(upwards()), asyncio.create_task(downwards())]
        try:
            with suppress(OSError):
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            writer.close()
            server_writer.close()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    turns.port = server.sockets[0].getsockname()[1]
    try:
        yield turns
    finally:
        server.close()
