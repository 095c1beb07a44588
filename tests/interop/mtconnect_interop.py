#!/usr/bin/env python3
"""Our agent of MTConnect read with Python's own HTTP and XML, and our clients against an agent and an
adapter written here.

Run: mtconnect_interop.py PATH/TO/mtconnect_peer
"""
import http.client
import http.server
import json
import queue
import random
import socket
import subprocess
import sys
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

from capture import Capture

PEER = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "mtconnect_peer"
STREAMS = "{urn:mtconnect.org:MTConnectStreams:2.7}"


def free_port():
    """Below the ports that the system gives to whoever connects."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Peer:
    """Our program; its lines in a queue."""

    def __init__(self, mode, port):
        self.process = subprocess.Popen([PEER, mode, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_for(self, condition):
        """The first line that fulfils it; queue.Empty after 20 s of silence."""
        while True:
            line = self.lines.get(timeout=20)
            if condition(line):
                return line

    def sample(self, tag, value):
        def fits(line):
            seen = json.loads(line)
            return seen["tag"] == tag and seen["value"] == value and seen["quality"] == "Good"
        return json.loads(self.wait_for(fits))

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.reader.join()
        self.process.stdout.close()


class Agent(unittest.TestCase):
    def setUp(self):
        self.port = free_port()
        self.peer = Peer("agent", self.port)
        self.addCleanup(self.peer.close)
        self.peer.wait_for(lambda line: line == "ready")

    def get(self, command, **query):
        url = f"http://127.0.0.1:{self.port}/{command}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return ElementTree.fromstring(answer.read())

    def say(self, line):
        self.peer.say(line)
        self.peer.wait_for(lambda said: said == "said " + line)

    def test_current_and_sample_are_read_by_another_implementation(self):
        for value in ("10.5", "11.5", "12.5"):
            self.say("xpos " + value)
        current = self.get("current", path="//Axes//DataItem[@id='xpos']")
        self.assertEqual([e.text for e in current.iter(STREAMS + "Position")], ["12.5"])
        header = current.find(STREAMS + "Header")
        sample = self.get("sample", **{"from": int(header.get("nextSequence")) - 3, "count": 2})
        self.assertEqual([e.text for e in sample.iter(STREAMS + "Position")], ["10.5", "11.5"])

    def test_errors_have_their_status_and_document(self):
        for command, query, status, element in (
                ("nobody/current", {}, 404, "NoDevice"), ("current", {"path": "//["}, 400, "InvalidXPath"),
                ("sample", {"from": 99999}, 404, "OutOfRange"), ("asset/x", {}, 404, "AssetNotFound")):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.get(command, **query)
            self.assertEqual(refused.exception.code, status)
            self.assertIn(f"<{element}>", refused.exception.read().decode())
            refused.exception.close()

    def test_tshark_reads_answers_errors_and_a_stream(self):
        with Capture("http", self.port) as capture:
            self.say("xpos 10.5")
            self.get("probe")
            self.get("current")
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.get("asset/x")
            refused.exception.close()
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            connection.request("GET", "/sample?interval=10&heartbeat=200&count=1000")
            with connection.getresponse() as answer:
                answer.read(2000)
            connection.close()
        capture.check(self, "http.response or xml", 4)
        self.assertTrue(capture.frames("http.response and xml"))

    def test_a_stream_tells_what_happens_and_that_it_lives(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        self.addCleanup(connection.close)
        connection.request("GET", "/sample?interval=10&heartbeat=200&count=1000")
        answer = connection.getresponse()
        self.addCleanup(answer.close)
        boundary = answer.headers.get_param("boundary")
        self.assertEqual(answer.headers.get_content_type(), "multipart/x-mixed-replace")

        def document():
            line = answer.readline().strip()
            while line != b"--" + boundary.encode():
                line = answer.readline().strip()
            head = http.client.parse_headers(answer)
            return ElementTree.fromstring(answer.read(int(head["Content-length"])))

        document()  # all that was there
        empty = document()
        self.assertEqual(list(empty.iter(STREAMS + "DeviceStream")), [])
        self.say("xpos 42")
        while not (found := [e.text for e in document().iter(STREAMS + "Position")]):
            pass
        self.assertEqual(found, ["42"])


PROBE = """<MTConnectDevices><Header instanceId="{0}"/><Devices><Device id="d" name="m" uuid="u"><DataItems>
<DataItem id="speed" category="SAMPLE" type="ROTARY_VELOCITY"/><DataItem id="state" category="EVENT" type="EXECUTION"/>
<DataItem id="heat" category="CONDITION" type="TEMPERATURE"/></DataItems></Device></Devices></MTConnectDevices>"""
AGENT = """<MTConnectStreams><Header instanceId="{0}" firstSequence="1" lastSequence="{1}" nextSequence="{2}"/><Streams>
<DeviceStream name="m" uuid="u"><ComponentStream component="Device" componentId="d">{3}</ComponentStream></DeviceStream>
</Streams></MTConnectStreams>"""
TIME = "2026-11-26T12:00:{:02}Z"


class ForeignAgent(http.server.BaseHTTPRequestHandler):
    """Speeds 0, 1, 2... by sequence number, one more each time it is asked for more; chunked."""
    protocol_version = "HTTP/1.1"
    instance, known = 1, 3

    def streams(self, first, next_sequence):
        samples = "".join(f'<RotaryVelocity dataItemId="speed" sequence="{n}" timestamp="{TIME.format(n % 60)}">{n}</RotaryVelocity>'
                          for n in range(first, next_sequence))
        return AGENT.format(self.instance, next_sequence - 1, next_sequence, f"<Samples>{samples}</Samples>" if samples else "")

    def chunk(self, data):
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def do_GET(self):
        address = urllib.parse.urlparse(self.path)
        query = dict(urllib.parse.parse_qsl(address.query))
        if "interval" in query:
            return self.stream(int(query["from"]))
        text = (PROBE.format(self.instance) if address.path == "/probe" else
                self.streams(ForeignAgent.known, ForeignAgent.known + 1)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def stream(self, first):
        self.send_response(200)
        self.send_header("Content-Type", 'multipart/x-mixed-replace; boundary="abc"')
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(3):  # then it breaks off
            ForeignAgent.known += 1
            text = self.streams(first, ForeignAgent.known + 1).encode()
            first = ForeignAgent.known + 1
            part = b"--abc\r\nContent-type: text/xml\r\nContent-length: %d\r\n\r\n" % len(text) + text + b"\r\n"
            self.chunk(part[:50])
            self.chunk(part[50:])
        self.close_connection = True

    def log_message(self, *_):
        pass


class Clients(unittest.TestCase):
    def test_an_agent_that_breaks_off_again_and_again_loses_nothing(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ForeignAgent)
        self.addCleanup(server.server_close)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        peer = Peer("client", server.server_port)
        self.addCleanup(peer.close)
        seen = []

        def enough(line):
            sample = json.loads(line)
            if sample["tag"] == 1 and sample["quality"] == "Good":
                seen.append(sample["value"])
            return len(set(seen)) >= 12

        peer.wait_for(enough)
        self.assertEqual(sorted(set(seen)), list(range(3, 3 + len(set(seen)))), "every number, none left out")

    def test_an_adapter_is_read_and_pinged(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        peer = Peer("shdr", listener.getsockname()[1])
        self.addCleanup(peer.close)
        connection, _ = listener.accept()
        self.addCleanup(connection.close)
        connection.settimeout(20)
        self.assertEqual(connection.recv(100), b"* PING\n")
        connection.sendall(b"* PONG 1000\n2026-11-26T12:00:00.5Z|speed|1538.5|state|ACT")
        connection.sendall(b"IVE\n2026-11-26T12:00:00Z|heat|FAULT|7||HIGH|Hot\n")
        self.assertEqual(peer.sample(1, 1538.5)["time"], "2026-11-26T12:00:00.500Z")
        peer.sample(2, "ACTIVE")
        peer.sample(3, 2)
        self.assertEqual(connection.recv(100), b"* PING\n", "again after the second that was promised")


if __name__ == "__main__":
    unittest.main()
