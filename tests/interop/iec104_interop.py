#!/usr/bin/env python3
"""Our station and our client of IEC 60870-5-104 against c104 (lib60870), with tshark looking on.

Run: iec104_interop.py PATH/TO/iec104_peer
What is missing on the machine is skipped, and says so. c104 is a program of its own here: it runs in
this process and never in ours.
"""
import json
import queue
import random
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from capture import Capture
from certificates import HAS_CRYPTOGRAPHY, make_certificates

PEER = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "iec104_peer"

try:
    import c104
    HAS_C104 = True
except ImportError:
    HAS_C104 = False

needs_c104 = unittest.skipUnless(HAS_C104, "c104 is missing (tests/requirements.txt)")


def free_port():
    """Below the ports that the system gives to whoever connects."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) != 0:
                return port


def until(condition, seconds=20):
    """c104 works in threads of its own and tells nobody: looks at it until the condition holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


class OurProgram:
    """iec104_peer, and its lines as they come."""

    def __init__(self, mode, port, *folder):
        self.process = subprocess.Popen([PEER, mode, str(port), *map(str, folder)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        self.seen = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_for(self, wanted, seconds=20):
        """The first line, of those before too, that is wanted."""
        for line in self.seen:
            if wanted(line):
                return line
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                line = self.lines.get(timeout=0.1)
            except queue.Empty:
                continue
            self.seen.append(line)
            if wanted(line):
                return line
        raise AssertionError(f"did not come; there were {self.seen[-20:]}")

    def sample(self, name, value, quality="Good"):
        def wanted(line):
            try:
                told = json.loads(line)
            except json.JSONDecodeError:
                return False
            return told.get("name") == name and told["quality"] == quality and told["value"] == value
        return json.loads(self.wait_for(wanted))

    def write(self, name, value):
        self.seen = [line for line in self.seen if f'"write":"{name}"' not in line]
        self.say(f"write {name} {value}")
        return json.loads(self.wait_for(lambda line: f'"write":"{name}"' in line))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)
        self.reader.join(5)
        self.process.stdout.close()


# c104 wants annotated functions for its callbacks, so they are made only where it is.
if HAS_C104:
    RECEIVED = []

    def on_command(point: c104.Point, previous_info: c104.Information,
                   message: c104.IncomingMessage) -> c104.ResponseState:
        RECEIVED.append((point.io_address, point.value))
        target = point.station.get_point(point.io_address - 100)
        target.value = point.value
        target.transmit(cause=c104.Cot.RETURN_INFO_REMOTE)
        return c104.ResponseState.SUCCESS

    def on_refused(point: c104.Point, previous_info: c104.Information,
                   message: c104.IncomingMessage) -> c104.ResponseState:
        return c104.ResponseState.FAILURE


@needs_c104
class OurClient(unittest.TestCase):
    """Against a station of lib60870."""

    def station(self, port):
        server = c104.Server(ip="127.0.0.1", port=port, tick_rate_ms=50)
        station = server.add_station(common_address=1)
        t = c104.Type
        values = {100: (t.M_ME_NC_1, 12.5), 101: (t.M_SP_NA_1, True), 102: (t.M_ME_NB_1, c104.Int16(-7)),
                  103: (t.M_IT_NA_1, 4711), 104: (t.M_DP_NA_1, c104.Double.OFF),
                  105: (t.M_ST_NA_1, c104.Int7(-3)), 106: (t.M_BO_NA_1, c104.Byte32(0x80000001)),
                  107: (t.M_ME_NA_1, c104.NormalizedFloat(0.5)), 108: (t.M_ME_NC_1, 1.0)}
        for address, (kind, value) in values.items():
            station.add_point(io_address=address, type=kind).value = value
        select = c104.CommandMode.SELECT_AND_EXECUTE
        for address, kind, mode in ((201, t.C_SC_NA_1, c104.CommandMode.DIRECT),
                                    (204, t.C_DC_NA_1, select),
                                    (208, t.C_SE_NC_1, c104.CommandMode.DIRECT)):
            point = station.add_point(io_address=address, type=kind, command_mode=mode)
            point.on_receive(callable=on_command)
        station.add_point(io_address=202, type=t.C_SE_NB_1).on_receive(callable=on_refused)
        return server, station

    def test_reads_everything_commands_and_comes_back(self):
        port = free_port()
        server, station = self.station(port)
        RECEIVED.clear()
        with Capture("iec60870_104", port) as capture, OurProgram("client", port) as client:
            server.start()
            client.sample("float", 12.5)
            client.sample("single", True)
            client.sample("scaled", -7)
            client.sample("counter", 4711)
            client.sample("double", 1)
            client.sample("step", -3)
            client.sample("bits", 0x80000001)
            client.sample("normalized", 0.5)

            station.get_point(100).value = 13.25
            station.get_point(100).transmit(cause=c104.Cot.SPONTANEOUS)
            client.sample("float", 13.25)
            station.get_point(100).quality = c104.Quality.Invalid
            station.get_point(100).transmit(cause=c104.Cot.SPONTANEOUS)
            client.sample("float", 13.25, "Bad")

            self.assertEqual(client.write("single", "false").get("new"), False)
            self.assertEqual(client.write("double", 2).get("new"), 2, "select before execute")
            self.assertEqual(client.write("set_float", 42.5).get("new"), 42.5)
            self.assertEqual([address for address, _ in RECEIVED], [201, 204, 208])
            self.assertIn("negative confirmation", client.write("scaled", 9).get("error", ""))

            server.stop()
            client.sample("single", False, "BadNotConnected")
            client.seen.clear()
            server.start()
            client.sample("single", False)
            server.stop()
        if capture.process:
            capture.check(self, "iec60870_asdu", 6)


@needs_c104
class OurStation(unittest.TestCase):
    """Against a client of lib60870."""

    def test_is_read_commanded_and_heard(self):
        port = free_port()
        with Capture("iec60870_104", port) as capture, OurProgram("server", port) as ours:
            ours.wait_for(lambda line: line.startswith("listening"))
            client = c104.Client(tick_rate_ms=50, command_timeout_ms=5000)
            connection = client.add_connection(ip="127.0.0.1", port=port, init=c104.Init.INTERROGATION)
            station = connection.add_station(common_address=1)
            t = c104.Type
            points = {name: station.add_point(io_address=address, type=kind) for name, address, kind in (
                ("float", 100, t.M_ME_NC_1), ("single", 101, t.M_SP_NA_1), ("scaled", 102, t.M_ME_NB_1),
                ("counter", 103, t.M_IT_NA_1), ("double", 104, t.M_DP_NA_1), ("step", 105, t.M_ST_NA_1),
                ("bits", 106, t.M_BO_NA_1), ("normalized", 107, t.M_ME_NA_1))}
            command = station.add_point(io_address=201, type=t.C_SC_NA_1)
            selected = station.add_point(io_address=204, type=t.C_DC_NA_1,
                                         command_mode=c104.CommandMode.SELECT_AND_EXECUTE)
            unknown = station.add_point(io_address=999, type=t.C_SC_NA_1)
            client.start()
            self.assertTrue(until(lambda: connection.is_connected))
            if connection.is_muted:
                connection.unmute()  # one time in ten it forgets to start the transfer of data
            self.assertTrue(until(lambda: abs(float(points["normalized"].value) - 0.5) < 1e-4))  # lib60870 rounds otherwise
            self.assertTrue(until(lambda: points["float"].value == 12.5))
            self.assertEqual(points["single"].value, True)
            self.assertEqual(int(points["scaled"].value), -7)
            self.assertEqual(points["double"].value, c104.Double.OFF)
            self.assertEqual(int(points["step"].value), -3)
            self.assertEqual(str(points["bits"].value), str(c104.Byte32(0x80000001)))
            self.assertTrue(connection.counter_interrogation(common_address=1))
            self.assertTrue(until(lambda: points["counter"].value == 4711))
            self.assertTrue(points["scaled"].read())

            command.value = False
            self.assertTrue(command.transmit(cause=c104.Cot.ACTIVATION))
            ours.wait_for(lambda line: line == "command single false")
            selected.value = c104.Double.ON
            self.assertTrue(selected.transmit(cause=c104.Cot.ACTIVATION))
            ours.wait_for(lambda line: line == "command double 2")
            selected.command_mode = c104.CommandMode.DIRECT
            selected.value = c104.Double.OFF
            self.assertFalse(selected.transmit(cause=c104.Cot.ACTIVATION), "needs a select")
            unknown.value = True
            self.assertFalse(unknown.transmit(cause=c104.Cot.ACTIVATION))
            client.stop()
        if capture.process:
            capture.check(self, "iec60870_asdu", 6)


@unittest.skipUnless(HAS_CRYPTOGRAPHY, "cryptography is missing (tests/requirements.txt)")
class Secure(unittest.TestCase):
    """Over TLS, both sides with a certificate of the plant's authority (IEC 62351-3)."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        make_certificates(self.folder, {"station": [], "centre": []})
        (self.folder / "elsewhere").mkdir()
        make_certificates(self.folder / "elsewhere", {"centre": []})

    @needs_c104
    def test_our_client_reads_a_station_of_lib60870(self):
        security = c104.TransportSecurity(validate=True, only_known=False)
        security.set_certificate(cert=str(self.folder / "station.pem"), key=str(self.folder / "station.key"))
        security.set_ca_certificate(cert=str(self.folder / "authority.pem"))
        security.set_version(min=c104.TlsVersion.TLS_1_2, max=c104.TlsVersion.TLS_1_2)
        port = free_port()
        server = c104.Server(ip="127.0.0.1", port=port, tick_rate_ms=50, transport_security=security)
        station = server.add_station(common_address=1)
        station.add_point(io_address=100, type=c104.Type.M_ME_NC_1).value = 12.5
        server.start()
        with OurProgram("client", port, self.folder) as client:
            client.sample("float", 12.5)
            station.get_point(100).value = 13.25
            station.get_point(100).transmit(cause=c104.Cot.SPONTANEOUS)
            client.sample("float", 13.25)
        server.stop()

    # The client of lib60870 that c104 has takes no TLS connection at all: its mbed TLS wants a host name that nobody
    # gives it. Python's TLS asks in its place, with frames that are written out here.
    def ask(self, port, certificates):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.folder / "authority.pem")
        if certificates:
            context.load_cert_chain(certificates / "centre.pem", certificates / "centre.key")
        with socket.create_connection(("127.0.0.1", port), 10) as raw:
            with context.wrap_socket(raw, server_hostname="127.0.0.1") as secure:
                secure.sendall(bytes.fromhex("680407000000"))  # STARTDT act
                started = secure.recv(6)
                # Interrogation of station 1: C_IC_NA_1, activation.
                secure.sendall(bytes.fromhex("680e00000000" "640106000100" "00000014"))
                answer = b""
                while bytes.fromhex("0d0114000100" "640000" "00004841") not in answer:  # M_ME_NC_1, 100: 12.5
                    piece = secure.recv(1000)
                    if not piece:
                        break
                    answer += piece
                return started, answer

    def test_our_station_answers_whom_it_trusts_and_nobody_else(self):
        with OurProgram("server", 0, self.folder) as ours:
            port = int(ours.wait_for(lambda line: line.startswith("listening")).split()[-1])
            started, answer = self.ask(port, self.folder)
            self.assertEqual(started.hex(), "68040b000000")
            self.assertIn("0d011400010064000000004841", answer.hex())
            for certificates in (None, self.folder / "elsewhere"):
                with self.assertRaises(ssl.SSLError) as refused:
                    self.ask(port, certificates)
                # The last: by an authority of the same name and another key, whose signature does not fit.
                self.assertRegex(str(refused.exception), "(?i)certificate required|unknown ca|decrypt error")
            with socket.create_connection(("127.0.0.1", port), 10) as plain:
                plain.sendall(bytes.fromhex("680407000000"))
                self.assertNotEqual(plain.recv(6).hex(), "68040b000000")


if __name__ == "__main__":
    unittest.main(verbosity=2)
