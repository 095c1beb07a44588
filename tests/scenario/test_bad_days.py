"""Bad input and bad days: each ends with a clear message, and nothing is lost."""
import base64
import datetime
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

from harness import BINARY, Scenario, free_port, until
from test_machines import PYMODBUS_DEVICE, device_signals

HERE = Path(__file__).parent
DAY_S = 86_400


class Configuration(Scenario):
    def refused(self, text):
        file = self.folder / "lineshaft.toml"
        file.write_text(text)
        done = subprocess.run([BINARY, "serve", "--config", str(file), "--data", str(self.folder / "data")],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "")
        self.assertFalse((self.folder / "data").exists(), "a wrong configuration left traces")
        return done.stderr.replace(str(file), "lineshaft.toml")

    def test_a_mistake_names_file_line_key_and_what_is_allowed(self):
        self.assertIn('lineshaft.toml:2: log_level: must be "debug", "info", "warn" or "error"',
                      self.refused('\nlog_level = "loud"\n'))
        self.assertIn("lineshaft.toml:3: history.memtable_mib: must be a whole number from 1 to 1024",
                      self.refused("\n[history]\nmemtable_mib = 4096\n"))
        unknown = self.refused('lisen = "127.0.0.1:8443"\n')
        self.assertIn("lineshaft.toml:1: lisen: is not a setting; there are", unknown)
        self.assertIn("listen", unknown)
        self.assertIn("lineshaft.toml:2: TOML:", self.refused('data = "x"\nlisten = \n'))

    def test_a_configuration_that_is_not_there_is_named(self):
        done = subprocess.run([BINARY, "serve", "--config", "no-such.toml"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertIn("no-such.toml", done.stderr)


class SecondServer(Scenario):
    def test_a_second_server_on_the_same_data_is_refused_and_disturbs_nothing(self):
        server = self.serve()
        server.claim()
        second = subprocess.run([BINARY, "serve", "--data", str(server.directory), "--listen",
                                 f"127.0.0.1:{free_port()}"], capture_output=True, text=True, timeout=60)
        self.assertEqual(second.returncode, 4)
        self.assertIn("LS-1104", second.stderr)
        self.assertIn(str(server.directory), second.stderr)
        self.assertEqual(server.get("/session")["user"]["name"], "Ann")
        server.ok("POST", "/tags", {"path": "org/site/x"})

    def test_a_port_that_is_taken_is_named(self):
        server = self.serve()
        second = subprocess.run([BINARY, "serve", "--data", str(self.folder / "other"), "--listen",
                                 f"127.0.0.1:{server.port}"], capture_output=True, text=True, timeout=60)
        self.assertEqual(second.returncode, 4)
        self.assertIn("LS-1109", second.stderr)
        self.assertIn(str(server.port), second.stderr)


class Clock(Scenario):
    """The wall clock of the server's computer is set while it runs; that of this test is right."""

    def setUp(self):
        super().setUp()
        shim = self.folder / "clock_shim.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(shim), str(HERE / "clock_shim.c")], check=True)
        self.offset = self.folder / "offset"
        self.set_clock(0)
        port = free_port()
        self.run_process(sys.executable, "-c", PYMODBUS_DEVICE, str(port))
        asan = os.environ.get("ASAN_OPTIONS", "")
        self.server = self.serve(environment={
            "LD_PRELOAD": str(shim), "CLOCK_OFFSET_FILE": str(self.offset),
            "ASAN_OPTIONS": f"{asan}:verify_asan_link_order=0".strip(":")})
        self.server.claim()
        # A token of a program does not end when the clock jumps over the end of a session.
        self.server.token = self.server.ok("POST", "/tokens", {"name": "test", "role": "engineer"})["token"]
        self.server.ok("POST", "/connections", {
            "name": "Other", "protocol": "modbus-tcp", "store": "all",
            "settings": {"host": "127.0.0.1", "port": port, "timeout_ms": 2000},
            "groups": [{"name": "fast", "interval_ms": 100}], "signals": device_signals(3)})
        self.path = device_signals(3)[2]["path"]
        until(lambda: (self.server.tag(self.path)["last"] or {}).get("quality") == "Good", "a good value")

    def set_clock(self, seconds):
        with open(self.offset, "r+b" if self.offset.exists() else "wb") as file:
            file.write(struct.pack("=q", seconds))

    def last_is_of(self, seconds):
        """The last value is good and was taken while the clock was off by so much."""
        last = self.server.tag(self.path)["last"]
        at = datetime.datetime.fromisoformat(last["time"]).timestamp() - time.time()
        return last["quality"] == "Good" and last["value"] == 2 and abs(at - seconds) < 600

    def numbers(self):
        tag = self.server.tag(self.path)["id"]
        return {item["time"] for item in
                self.server.get(f"/values/raw?tag={tag}&from=2000-01-01&to=2100-01-01&limit=100000")["items"]}

    def test_a_jump_either_way_is_told_and_values_go_on_with_the_new_time(self):
        server = self.server
        self.assertTrue(self.last_is_of(0))
        self.set_clock(2 * DAY_S)
        until(lambda: self.last_is_of(2 * DAY_S), "values with the time of the clock that jumped forward")
        until(lambda: "was set forward from" in server.output(), "a word in the log")
        ahead = self.numbers()
        self.set_clock(-3600)
        until(lambda: self.last_is_of(-3600), "values with the time of the clock that was set back")
        until(lambda: any("was set back" in item["detail"] for item in server.get("/overview")["attention"]),
              "a word in the overview")
        self.assertLessEqual(ahead, self.numbers(), "what was stored is still there")
        self.assertEqual(server.connection("Other")["status"]["state"], "connected")
        server.stop()
        server.start()
        until(lambda: self.last_is_of(-3600), "values after the restart, though newer ones are stored")
        self.assertLessEqual(ahead, self.numbers())


class Browser:
    """The WebSocket of a browser, as far as these tests need it (RFC 6455)."""

    def __init__(self, server):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        plain.settimeout(60)
        plain.connect(("127.0.0.1", server.port))
        self.socket = context.wrap_socket(plain)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                             f"Origin: https://127.0.0.1:{server.port}\r\nCookie: {server.cookie}\r\n\r\n").encode())
        self.pending = b""
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(4096)
        assert head.startswith(b"HTTP/1.1 101"), head
        self.pending = head.split(b"\r\n\r\n", 1)[1]

    def watch(self, tags):
        payload = json.dumps({"watch": tags}).encode()
        mask = os.urandom(4)
        length = (struct.pack(">B", 0x80 | len(payload)) if len(payload) < 126
                  else struct.pack(">BH", 0x80 | 126, len(payload)))
        self.socket.sendall(b"\x81" + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def take(self, count):
        while len(self.pending) < count:
            piece = self.socket.recv(65536)
            assert piece, "the server closed the connection"
            self.pending += piece
        taken, self.pending = self.pending[:count], self.pending[count:]
        return taken

    def message(self):
        """The next text; it may come in several frames, with a ping between."""
        text = b""
        while True:
            kind, size = self.take(2)
            size = {126: lambda: struct.unpack(">H", self.take(2))[0],
                    127: lambda: struct.unpack(">Q", self.take(8))[0]}.get(size, lambda: size)()
            payload = self.take(size)
            if kind & 0x0f in (0, 1):
                text += payload
                if kind & 0x80:
                    return json.loads(text)

    def vanish(self):
        """As a laptop whose lid is closed: no goodbye of WebSocket or TLS, then a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.socket.detach())


class Browsers(Scenario):
    TAGS = 1500

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()
        self.server.token = self.server.ok("POST", "/tokens", {"name": "feed", "role": "engineer"})["token"]
        names = ",".join(f"t{n}" for n in range(self.TAGS))
        table = f"time,{names}\n2025-12-31T23:00:00Z{',0.5' * self.TAGS}\n"
        made = self.server.ok("POST", "/imports?name=tags.csv&prefix=org/site", raw=table.encode())
        self.server.ok("POST", f"/imports/{made['id']}/commit", {})
        until(lambda: self.server.get("/tags")["total"] == self.TAGS, "the tags")
        tags = []
        while len(tags) < self.TAGS:
            tags += [t["id"] for t in self.server.get(f"/tags?limit=1000&offset={len(tags)}")["items"]]
        self.tags = tags
        self.written = 0
        self.ending = threading.Event()
        self.writer = threading.Thread(target=self.write)

    def tearDown(self):
        self.ending.set()
        if self.writer.is_alive():
            self.writer.join()
        super().tearDown()

    def write(self):
        start = 1_767_225_600_000_000_000  # 2026-01-01
        while not self.ending.is_set():
            self.written += 1
            self.server.ok("POST", "/values", {"samples": [
                {"tag": tag, "time": str(start + self.written * 10**6), "value": self.written + 0.25}
                for tag in self.tags]})

    def peers(self):
        """Connections to the server that are open on its side."""
        listing = subprocess.run(["ss", "-tnH", "state", "established", f"( sport = :{self.server.port} )"],
                                 capture_output=True, text=True, check=True).stdout
        return len(listing.splitlines())

    def test_browsers_that_stall_or_vanish_cost_the_others_nothing(self):
        server = self.server
        watching = Browser(server)
        watching.watch(self.tags)
        self.assertEqual(len(watching.message()["values"]), self.TAGS)
        vanishing = [Browser(server) for _ in range(20)]
        stalling = [Browser(server) for _ in range(10)]  # they ask for everything and never read again
        for browser in vanishing + stalling:
            browser.watch(self.tags)
        for browser in vanishing:
            browser.message()
        self.writer.start()
        for browser in vanishing:
            browser.vanish()
        for _ in range(20):
            self.assertGreater(len(watching.message()["values"]), 0)
        # The one that watches, those that stall, the writer, and whoever asks at this moment.
        until(lambda: self.peers() <= 1 + len(stalling) + 2, "the server to notice who is gone")
        newest = watching.message()["values"][0][2]
        until(lambda: watching.message()["values"][0][2] > newest, "still newer values")
        for browser in stalling:
            browser.vanish()

    def test_a_download_that_breaks_off_is_forgotten(self):
        server = self.server
        self.writer.start()
        until(lambda: self.written > 20, "something to download")
        for _ in range(10):
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            with context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), timeout=60)) as peer:
                tags = ",".join(map(str, self.tags[:300]))
                peer.sendall((f"GET /api/v1/export?tags={tags}&from=2020-01-01&to=2100-01-01 HTTP/1.1\r\nHost: x\r\n"
                              f"Authorization: Bearer {server.token}\r\n\r\n").encode())
                self.assertTrue(peer.recv(100).startswith(b"HTTP/1.1 200"))
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                os.close(peer.detach())
        until(lambda: self.peers() <= 3, "the server to notice who is gone")
        before = self.written
        until(lambda: self.written > before + 3, "the writer to go on")


if __name__ == "__main__":
    unittest.main()
