"""A proxy before the echo server, with the faults of real ones."""
import asyncio


class Proxy:
    """Stands between client and server: cuts connections, takes none, or lets no WebSocket be opened."""

    def __init__(self, url):
        self.port = int(url.split(":")[2].split("/")[0])
        self.down = self.plain = False
        self.writers = set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return self, f"ws://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/ws"

    async def __aexit__(self, *_):
        self.server.close()
        self.cut()

    def cut(self):
        for writer in list(self.writers):
            writer.transport.abort()

    async def serve(self, reader, writer):
        self.writers.add(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if self.down:
                writer.transport.abort()
            elif self.plain and b"pgrade: websocket" in head:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                await self.join(reader, writer, head)
        except (OSError, EOFError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def join(self, reader, writer, head):
        theirs, ours = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.add(ours)
        ours.write(head)
        pumps = [asyncio.ensure_future(self.pump(reader, ours)), asyncio.ensure_future(self.pump(theirs, writer))]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for one in pumps:
            one.cancel()
        self.writers.discard(ours)
        ours.transport.abort() if writer.transport.is_closing() else ours.close()

    @staticmethod
    async def pump(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
