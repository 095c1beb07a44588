"""A flood of peers that are slow on purpose: all are let go in time, and honest requests are answered meanwhile.

LINESHAFT_SLOW_PEERS=5000 makes it the long programme; the counts and times are printed as one line of JSON.
"""
import asyncio
import gzip
import http.client
import json
import os
import re
import resource
import ssl
import threading
import time
import unittest

from harness import Scenario

PEERS = int(os.environ.get("LINESHAFT_SLOW_PEERS", "240"))
PEERS_PER_ADDRESS = 100  # 127.0.0.2, 127.0.0.3, ...
REAPED_IN_S = 30
SLACK_S = 15  # of a machine that does much else
HEAD = b"POST /api/v1/session HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"


def unchecked():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Peers:
    """So many peers of four kinds, each as slow as it may be; how long each was kept."""

    def __init__(self, port, count):
        self.port, self.count = port, count
        self.kept_s, self.failed = [], 0
        self.context = unchecked()
        page = self.page("/")
        self.asset = max(re.findall(r'"(/assets/[^"]+\.js)"', page), key=lambda path: len(self.page(path)))

    def page(self, path):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=unchecked(), timeout=60)
        connection.request("GET", path, headers={"accept-encoding": "gzip"})
        body = gzip.decompress(connection.getresponse().read()).decode()
        connection.close()
        return body

    def run(self):
        asyncio.run(self.all())

    async def all(self):
        self.gate = asyncio.Semaphore(100)
        await asyncio.gather(*(self.one(n) for n in range(self.count)))

    async def one(self, number):
        kind = ("half-open TLS", "slow header", "slow body", "slow reader")[number % 4]
        address = f"127.0.0.{2 + number // PEERS_PER_ADDRESS}"
        tls = None if kind == "half-open TLS" else self.context
        async with self.gate:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=tls, local_addr=(address, 0))
            except OSError:
                self.failed += 1
                return
        began = time.monotonic()
        try:
            await getattr(self, kind.replace("-", "_").replace(" ", "_").lower())(reader, writer)
        except (OSError, ssl.SSLError):
            pass  # cut: what it was all about
        self.kept_s.append(time.monotonic() - began)
        writer.transport.abort()

    async def drip(self, reader, writer, text):
        """A byte at a time, until the other side has had enough."""
        gone = asyncio.ensure_future(reader.read(1))
        for byte in text:
            writer.write(bytes([byte]))
            await writer.drain()
            done, _ = await asyncio.wait([gone], timeout=0.5)
            if done:
                gone.result()
                return
        await gone

    async def half_open_tls(self, reader, writer):
        await self.drip(reader, writer, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500))

    async def slow_header(self, reader, writer):
        await self.drip(reader, writer, HEAD + b"x-long: " + b"a" * 8000)

    async def slow_body(self, reader, writer):
        writer.write(HEAD + b"content-length: 8000\r\n\r\n")
        await self.drip(reader, writer, b'{"email": "' + b"a" * 7900)

    async def slow_reader(self, reader, writer):
        """Asks for the console's largest file, many times over, and takes nothing of it."""
        transport = writer.transport
        transport.pause_reading()
        writer.write(f"GET {self.asset} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\n\r\n".encode() * 100)
        while not transport.is_closing():
            await asyncio.sleep(0.5)
            writer.write(b"G")
            if time.monotonic() > self.give_up:
                return

    give_up = float("inf")


class Honest(threading.Thread):
    """A program with a token that makes a new connection for each request."""

    def __init__(self, server):
        super().__init__()
        self.server, self.times, self.bad, self.stop = server, [], [], threading.Event()

    def run(self):
        while not self.stop.wait(0.05):
            began = time.monotonic()
            try:
                connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, context=unchecked(), timeout=60)
                connection.request("GET", "/api/v1/overview", headers={"authorization": f"Bearer {self.server.token}"})
                status = connection.getresponse().status
                connection.close()
            except OSError as error:
                status = repr(error)
            self.times.append(time.monotonic() - began)
            if status != 200:
                self.bad.append(status)

    def end(self):
        self.stop.set()
        self.join()
        ordered = sorted(self.times)
        return {"requests": len(ordered), "bad": self.bad[:5], "p50_ms": round(ordered[len(ordered) // 2] * 1000, 1),
                "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 1)}


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


class SlowPeers(Scenario):
    def test_slow_peers_are_let_go_and_honest_requests_are_answered(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        server = self.serve()
        server.claim()
        server.token = server.ok("POST", "/tokens", {"name": "honest", "role": "viewer"})["token"]
        alone = Honest(server)
        alone.start()
        time.sleep(2)
        figures = {"peers": PEERS, "alone": alone.end()}
        before_kib = resident_kib(server.process.pid)
        peers = Peers(server.port, PEERS)
        peers.give_up = time.monotonic() + 4 * REAPED_IN_S
        flood, honest = threading.Thread(target=peers.run), Honest(server)
        flood.start()
        honest.start()
        most_kib = before_kib
        while flood.is_alive():
            most_kib = max(most_kib, resident_kib(server.process.pid))
            flood.join(0.1)
        figures["flood"] = honest.end()
        figures["kept_s_max"] = round(max(peers.kept_s), 1)
        figures["refused"] = peers.failed
        figures["memory_grown_kib"] = most_kib - before_kib
        print(json.dumps(figures))
        self.assertEqual(len(peers.kept_s) + peers.failed, PEERS)
        self.assertGreater(len(peers.kept_s), PEERS // 2, "most peers got as far as to be slow")
        self.assertLess(max(peers.kept_s), REAPED_IN_S + SLACK_S)
        self.assertEqual(figures["flood"]["bad"], [])
        self.assertGreater(figures["flood"]["requests"], 10)


if __name__ == "__main__":
    unittest.main()
