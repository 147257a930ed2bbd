"""The client of the websockets library, as its documentation shows it.

    python websocket_client.py URL AUTHORITY|- talk|leave|abort|heed COMPRESSION|-

`talk` says one of everything and closes with 4001; `leave` waits to be left; `abort` drops the connection
after the first message; `heed` is left without a word.
"""

import asyncio
import hashlib
import os
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from h2wire import tell

url, authority, order, compression = sys.argv[1:]
LARGE = 10_485_760


async def echo(socket, message):
    await socket.send(message)
    answer = await socket.recv()
    raw = answer.encode() if isinstance(answer, str) else answer
    tell("echo", same=answer == message, bytes=len(raw), text=isinstance(answer, str),
         sha256=hashlib.sha256(raw).hexdigest())


async def talk(socket):
    await echo(socket, "grüße, 世界")
    await echo(socket, bytes(range(256)))
    await (await socket.ping(b"there?"))
    tell("ponged")
    await echo(socket, "")
    await echo(socket, os.urandom(LARGE))
    await echo(socket, "x" * LARGE)

    async def pieces():
        for number in range(100):
            yield f"piece {number} " * 10

    await socket.send(pieces())
    whole = "".join([piece async for piece in pieces()])
    tell("echo", same=await socket.recv() == whole, bytes=len(whole), text=True)
    await socket.close(4001, "bye")


async def main():
    trust = None if authority == "-" else ssl.create_default_context(cafile=authority)
    async with connect(url, ssl=trust, max_size=32_000_000, subprotocols=["chat"],
                       compression=None if compression == "-" else compression) as socket:
        tell("opened", subprotocol=socket.subprotocol,
             extensions=socket.response.headers.get("Sec-WebSocket-Extensions"))
        try:
            if order == "talk":
                await talk(socket)
            elif order == "abort":
                await echo(socket, "first")
                socket.transport.abort()
            else:
                await echo(socket, "first")
                await socket.recv()
        except ConnectionClosed as closed:
            tell("left", kind=type(closed).__name__)
    tell("closed", code=socket.close_code, reason=socket.close_reason)


asyncio.run(main())
