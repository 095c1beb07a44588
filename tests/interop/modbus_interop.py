#!/usr/bin/env python3
"""Our Modbus server and client against mbpoll, libmodbus and pymodbus, with tshark looking on.

Run: modbus_interop.py PATH/TO/modbus_peer
What is missing on the machine is skipped, and says so. Expected values are packed here, by Python.
"""
import asyncio
import json
import os
import pty
import random
import select
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import tty
import unittest
from pathlib import Path

from capture import Capture
from certificates import make_certificates

HERE = Path(__file__).resolve().parent
PEER = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "modbus_peer"

try:
    import pymodbus
    from pymodbus import FramerType
    from pymodbus.client import ModbusSerialClient, ModbusTcpClient
    from pymodbus.pdu.device import ModbusDeviceIdentification
    from pymodbus.server import ModbusSerialServer, ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice
    from cryptography import x509
    HAS_PYMODBUS = True
except ImportError:
    HAS_PYMODBUS = False

needs_pymodbus = unittest.skipUnless(HAS_PYMODBUS, "pymodbus is missing (tests/requirements.txt)")
needs_mbpoll = unittest.skipUnless(shutil.which("mbpoll"), "mbpoll is missing")
HAS_LIBMODBUS = Path("/usr/include/modbus/modbus.h").exists() and shutil.which("cc")
needs_libmodbus = unittest.skipUnless(HAS_LIBMODBUS, "libmodbus-dev or a C compiler is missing")


def free_port():
    """Below the ports that the system gives to whoever connects."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) != 0:
                return port


def wait_until_open(port):
    for _ in range(100):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)  # until somebody else's program listens: nothing to wait on but the port
    raise TimeoutError(f"nobody listens on {port}")


class OurServer:
    """At a place as modbus_peer takes it: a port, "rtu:0", or a serial device."""

    def __init__(self, place=0):
        self.process = subprocess.Popen([PEER, "server", str(place)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[-1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class SerialLine:
    """Two serial devices that are the ends of one line: each hears what the other says. They have no parity."""

    def __enter__(self):
        pairs = [pty.openpty() for _ in range(2)]
        self.ours, self.ends = [far for far, _ in pairs], [os.ttyname(near) for _, near in pairs]
        self.near = [near for _, near in pairs]  # held, so that a device outlives who closes it
        for near in self.near:
            tty.setraw(near)
        self.stop_read, self.stop_write = os.pipe()
        self.thread = threading.Thread(target=self.carry)
        self.thread.start()
        return self

    def carry(self):
        while True:
            ready = select.select([*self.ours, self.stop_read], [], [])[0]
            if self.stop_read in ready:
                return
            for far in ready:
                os.write(self.ours[1 - self.ours.index(far)], os.read(far, 4096))

    def __exit__(self, *_):
        os.write(self.stop_write, b".")
        self.thread.join()
        for descriptor in (*self.ours, *self.near, self.stop_read, self.stop_write):
            os.close(descriptor)


LIBMODBUS_PEER = None


def libmodbus_peer():
    global LIBMODBUS_PEER
    if LIBMODBUS_PEER is None:
        folder = tempfile.mkdtemp()
        LIBMODBUS_PEER = f"{folder}/libmodbus_peer"
        subprocess.run(["cc", "-Wall", "-Werror", "-o", LIBMODBUS_PEER,
                        str(HERE / "libmodbus_peer.c"), "-lmodbus"], check=True)
    return LIBMODBUS_PEER


class ServerAgainstMbpoll(unittest.TestCase):
    def poll(self, port, *arguments):
        return subprocess.run(
            ["mbpoll", "-m", "tcp", "-p", str(port), "-a", "1", "-1", "-q", *arguments],
            capture_output=True, text=True, timeout=20)

    @staticmethod
    def values(result):
        return [line.split("\t")[1].strip() for line in result.stdout.splitlines()
                if line.startswith("[")]

    @needs_mbpoll
    def test_reads_and_writes(self):
        with OurServer() as server:
            at = ("-0", "127.0.0.1")  # addresses from 0
            self.assertEqual(self.values(self.poll(server.port, "-t", "4", "-r", "0", "-c", "4",
                                                   *at)), ["1", "4", "7", "10"])
            self.assertEqual(self.values(self.poll(server.port, "-t", "3:hex", "-r", "2", "-c", "1",
                                                   *at)), ["0xFFFD"])
            self.assertEqual(self.values(self.poll(server.port, "-t", "0", "-r", "2", "-c", "3",
                                                   *at)), ["0", "1", "0"])
            self.assertEqual(self.values(self.poll(server.port, "-t", "1", "-r", "0", "-c", "3",
                                                   *at)), ["1", "0", "1"])
            written = self.poll(server.port, "-t", "4:float", "-B", "-r", "20", *at, "1.5")
            self.assertEqual(written.returncode, 0, written.stdout + written.stderr)
            self.assertEqual(self.values(self.poll(server.port, "-t", "4:hex", "-r", "20", "-c",
                                                   "2", *at)), ["0x3FC0", "0x0000"])
            written = self.poll(server.port, "-t", "0", "-r", "7", *at, "1")
            self.assertEqual(written.returncode, 0)
            self.assertEqual(self.values(self.poll(server.port, "-t", "0", "-r", "7", "-c", "1",
                                                   *at)), ["1"])

    @needs_mbpoll
    def test_over_a_serial_line(self):
        with SerialLine() as line, OurServer(line.ends[0]):
            poll = lambda *arguments: subprocess.run(
                ["mbpoll", "-m", "rtu", "-b", "19200", "-P", "even", "-a", "2", "-1", "-q", "-0", *arguments],
                capture_output=True, text=True, timeout=20)
            read = poll("-t", "4", "-r", "0", "-c", "4", line.ends[1])
            self.assertEqual(self.values(read), ["1", "4", "7", "10"], read.stdout + read.stderr)
            self.assertEqual(poll("-t", "4", "-r", "20", line.ends[1], "1234").returncode, 0)
            self.assertEqual(self.values(poll("-t", "4", "-r", "20", "-c", "1", line.ends[1])), ["1234"])

    @needs_mbpoll
    def test_exception_is_understood(self):
        with OurServer() as server:
            result = self.poll(server.port, "-t", "4", "-r", "199", "-c", "2", "-0", "127.0.0.1")
            self.assertIn("Illegal data address", result.stdout + result.stderr)


class ServerAgainstLibmodbus(unittest.TestCase):
    @needs_libmodbus
    def test_every_function(self):
        with OurServer() as server:
            result = subprocess.run([libmodbus_peer(), "client", str(server.port)],
                                    capture_output=True, text=True, timeout=20)
            self.assertEqual(result.stdout, "ok\n")


class ServerAgainstPymodbus(unittest.TestCase):
    def setUp(self):
        if not HAS_PYMODBUS:
            self.skipTest("pymodbus is missing (tests/requirements.txt)")
        self.server = OurServer()
        self.addCleanup(self.server.__exit__)
        self.client = ModbusTcpClient("127.0.0.1", port=self.server.port, timeout=5)
        self.assertTrue(self.client.connect())
        self.addCleanup(self.client.close)

    def test_reads(self):
        c = self.client
        self.assertEqual(c.read_holding_registers(0, count=125).registers,
                         [3 * i + 1 for i in range(125)])
        self.assertEqual(c.read_input_registers(5, count=2, device_id=2).registers, [65530, 65529])
        self.assertEqual(c.read_coils(0, count=200).bits[:200], [i % 3 == 0 for i in range(200)])
        self.assertEqual(c.read_discrete_inputs(0, count=9).bits[:9], [i % 2 == 0 for i in range(9)])

    def test_writes(self):
        c = self.client
        self.assertFalse(c.write_register(10, 77).isError())
        self.assertFalse(c.write_registers(11, [1, 2, 3]).isError())
        self.assertEqual(c.read_holding_registers(10, count=4).registers, [77, 1, 2, 3])
        self.assertFalse(c.write_coil(1, True).isError())
        self.assertFalse(c.write_coils(2, [True] * 9).isError())
        self.assertEqual(c.read_coils(1, count=10).bits[:10], [True] * 10)
        self.assertFalse(c.write_register(20, 0x12).isError())
        self.assertFalse(c.mask_write_register(address=20, and_mask=0xF2, or_mask=0x25).isError())
        self.assertEqual(c.read_holding_registers(20, count=1).registers, [0x17])
        both = c.readwrite_registers(read_address=30, read_count=3, write_address=31, values=[8, 9])
        self.assertEqual(both.registers, [91, 8, 9])

    def test_identification_over_several_answers(self):
        c = self.client
        basic = c.read_device_information(read_code=1)
        self.assertEqual(basic.information, {0: b"Lineshaft", 1: b"peer", 2: b"1"})
        regular = c.read_device_information(read_code=2)
        self.assertEqual(regular.more_follows, 0xFF)
        rest = c.read_device_information(read_code=2, object_id=regular.next_object_id)
        self.assertEqual(set(regular.information) | set(rest.information), {0, 1, 2, 4, 5})

    def test_exceptions(self):
        c = self.client
        self.assertEqual(c.read_holding_registers(199, count=2).exception_code, 2)
        self.assertEqual(c.read_holding_registers(0, count=1, device_id=9).exception_code, 11)


# --- what our client has to find: registers packed by Python, one plan for both foreign servers ---

def words(format_, value):
    raw = struct.pack(format_, value)
    return list(struct.unpack(f">{len(raw) // 2}H", raw))


def swap(registers):
    return [(w >> 8) | ((w & 0xFF) << 8) for w in registers]


F32 = words(">f", 123.456)
I64 = words(">q", -1234567890123)
HOLDING = ([0x1234, 0xFFFE] + F32 + F32[::-1] + swap(F32) + swap(F32)[::-1]
           + words(">d", 3.141592653589793) + I64 + swap(I64)[::-1] + words(">I", 4000000000)
           + [0x4865, 0x6174, 0x2034, 0x3200, 0x5858] + [0b0101_1000] + [11, 0, 0, 0x000F])
EXPECTED = {
    "u16": 0x1234, "i16": -2, "f32_abcd": 123.456, "f32_cdab": 123.456, "f32_badc": 123.456,
    "f32_dcba": 123.456, "f64": 3.141592653589793, "i64": -1234567890123,
    "i64_dcba": -1234567890123, "u32": 4000000000, "text": "Heat 42", "bit3": True, "bits4_6": 5,
    "scaled": 2330.0, "input0": 7, "coil1": True, "discrete2": True,
}


class Client(unittest.TestCase):
    maxDiff = None

    def run_client(self, port):
        result = subprocess.run([PEER, "client", str(port)], capture_output=True, text=True,
                                timeout=30)
        self.assertEqual(result.returncode, 0, result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def check(self, lines, vendor):
        first = {}
        for line in lines:
            if "name" in line:
                first.setdefault(line["name"], line)
        for name, value in EXPECTED.items():
            self.assertEqual(first[name]["quality"], "Good", name)
            self.assertEqual(first[name]["value"], value, name)
        self.assertEqual(first["missing"]["quality"], "BadConfigurationError")
        writes = {line["write"]: line for line in lines if "write" in line}
        self.assertEqual(writes, {
            "set_u16": {"write": "set_u16", "old": 11, "new": 4321},
            "set_f32": {"write": "set_f32", "old": 0, "new": -2.5},
            "set_bit": {"write": "set_bit", "old": False, "new": True},
            "set_coil": {"write": "set_coil", "old": False, "new": True}})
        status = next(line for line in lines if "status" in line)
        self.assertEqual(status["status"], "connected")
        self.assertEqual(status["tags_bad"], 1)
        self.assertEqual(next(line for line in lines if "test" in line),
                         {"test": True, "vendor": vendor})

    @needs_libmodbus
    def test_against_libmodbus(self):
        port = free_port()
        server = subprocess.Popen([libmodbus_peer(), "server", str(port)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        try:
            for address, value in enumerate(HOLDING):
                server.stdin.write(f"h {address} {value}\n")
            server.stdin.write("i 0 7\nc 1 1\nd 2 1\ngo\n")
            server.stdin.close()
            self.assertEqual(server.stdout.readline(), "listening\n")
            self.check(self.one_at_a_time(port), None)
        finally:
            server.kill()
            server.wait()
            server.stdout.close()

    # This server takes one client after the other, so the test read and the polling share a socket.
    def one_at_a_time(self, port):
        os.environ["MODBUS_PEER_SINGLE"] = "1"
        try:
            return self.run_client(port)
        finally:
            del os.environ["MODBUS_PEER_SINGLE"]

    @needs_pymodbus
    def test_against_pymodbus(self):
        with PymodbusServer() as server:
            self.check(self.run_client(server.port), "pymodbus")

    @needs_pymodbus
    def test_rtu_over_tcp_against_pymodbus(self):
        with PymodbusServer(framer="rtu") as server:
            self.check(self.run_client(f"rtu:{server.port}"), "pymodbus")

    @needs_pymodbus
    def test_a_serial_line_against_pymodbus(self):
        with SerialLine() as line, PymodbusServer(device=line.ends[0]):
            self.check(self.run_client(line.ends[1]), "pymodbus")


@needs_pymodbus
class RtuServerAgainstPymodbus(unittest.TestCase):
    def check(self, client):
        self.assertTrue(client.connect())
        self.addCleanup(client.close)
        self.assertEqual(client.read_holding_registers(0, count=125).registers, [3 * i + 1 for i in range(125)])
        self.assertEqual(client.read_input_registers(5, count=2, device_id=2).registers, [65530, 65529])
        self.assertEqual(client.read_coils(0, count=200).bits[:200], [i % 3 == 0 for i in range(200)])
        self.assertFalse(client.write_registers(11, [1, 2, 3]).isError())
        self.assertFalse(client.write_coils(2, [True] * 9).isError())
        self.assertFalse(client.mask_write_register(address=11, and_mask=0xF2, or_mask=0x25).isError())
        both = client.readwrite_registers(read_address=12, read_count=2, write_address=13, values=[9])
        self.assertEqual(both.registers, [2, 9])
        self.assertEqual(client.read_holding_registers(199, count=2).exception_code, 2)
        self.assertEqual(client.read_device_information(read_code=1).information[0], b"Lineshaft")

    def test_over_tcp(self):
        with OurServer("rtu:0") as server:
            self.check(ModbusTcpClient("127.0.0.1", port=server.port, framer=FramerType.RTU, timeout=5))

    def test_on_a_serial_line(self):
        with SerialLine() as line, OurServer(line.ends[0]):
            self.check(ModbusSerialClient(line.ends[1], baudrate=19200, timeout=5))


ROLE = "1.3.6.1.4.1.50316.802.1"  # MODBUS/TCP Security


def role_of(name):
    text = name.encode()
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(ROLE), bytes([0x0C, len(text)]) + text)


@needs_pymodbus
class SecureServerAgainstPymodbus(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        make_certificates(self.folder, {"server": [], "nobody": [], **{role: [role_of(role)] for role in ("operator", "viewer")}})
        server = OurServer(f"tls:{self.folder}")
        self.addCleanup(server.__exit__)
        self.port = server.port

    def ask(self, name, *pdus):
        """The answers of a client with that certificate; the frames are packed here: pymodbus has no header under TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.folder / "authority.pem")
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        answers = []
        with socket.create_connection(("127.0.0.1", self.port), 5) as raw, context.wrap_socket(raw) as secure:
            for number, pdu in enumerate(map(bytes.fromhex, pdus)):
                secure.sendall(struct.pack(">HHHB", number, 0, len(pdu) + 1, 1) + pdu)
                head = secure.recv(7)
                self.assertEqual(head[:4], struct.pack(">HH", number, 0))
                answers.append(secure.recv(struct.unpack(">H", head[4:6])[0] - 1).hex())
        return answers

    def test_who_has_the_role_writes(self):
        self.assertEqual(self.ask("operator", "06000a004d", "03000a0001"), ["06000a004d", "0302004d"])

    def test_another_role_and_none_read_only(self):
        for name in ("viewer", "nobody"):
            self.assertEqual(self.ask(name, "06000a0005", "0f000200010101", "16000a00000001", "170000000100" "0a0001020005",
                                      "03000a0001"),
                             ["8601", "8f01", "9601", "9701", "0302001f"], name)


class PymodbusServer:
    def __init__(self, framer="socket", device=None):
        self.framer, self.device = framer, device

    def __enter__(self):
        self.port = free_port()
        self.listening = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self.serve(),))
        self.thread.start()
        self.listening.wait(20)
        if not self.device:
            wait_until_open(self.port)
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self.server.shutdown(), self.loop).result(10)
        self.thread.join(10)

    async def serve(self):
        bits = [False] * 16
        coils = list(bits)
        coils[1] = True
        discretes = list(bits)
        discretes[2] = True
        device = SimDevice(1, simdata=(
            [SimData(0, values=coils, datatype=DataType.BITS)],
            [SimData(0, values=discretes, datatype=DataType.BITS)],
            [SimData(0, values=HOLDING, datatype=DataType.REGISTERS)],
            [SimData(0, values=[7], datatype=DataType.REGISTERS)]))
        identity = ModbusDeviceIdentification(info_name={"VendorName": "pymodbus"})
        if self.device:
            self.server = ModbusSerialServer(device, identity=identity, framer=FramerType.RTU,
                                             port=self.device, baudrate=19200)
        else:
            self.server = ModbusTcpServer(device, identity=identity, framer=FramerType(self.framer),
                                          address=("127.0.0.1", self.port))
        self.listening.set()
        try:
            await self.server.serve_forever()
        except asyncio.CancelledError:
            pass


@needs_pymodbus
class Codec(unittest.TestCase):
    """Messages written by pymodbus, read and written again by us: the same bytes."""

    @staticmethod
    def messages(random, count):
        from pymodbus.pdu import bit_message as b, mei_message as m, register_message as r
        for _ in range(count):
            address = random.randrange(60000)
            n = random.randint(1, 120)
            registers = [random.randrange(65536) for _ in range(n)]
            bits = [random.random() < 0.5 for _ in range(8 * n)]  # whole bytes: no padding to differ
            masks = {"address": address, "and_mask": random.randrange(65536),
                     "or_mask": random.randrange(65536)}
            text = {i: bytes(random.randrange(256) for _ in range(random.randrange(60)))
                    for i in range(3)}
            yield random.choice((
                lambda: (b.ReadCoilsRequest(address=address, count=8 * n),
                         b.ReadCoilsResponse(bits=bits)),
                lambda: (b.ReadDiscreteInputsRequest(address=address, count=8 * n),
                         b.ReadDiscreteInputsResponse(bits=bits)),
                lambda: (r.ReadHoldingRegistersRequest(address=address, count=n),
                         r.ReadHoldingRegistersResponse(registers=registers)),
                lambda: (r.ReadInputRegistersRequest(address=address, count=n),
                         r.ReadInputRegistersResponse(registers=registers)),
                lambda: (b.WriteSingleCoilRequest(address=address, bits=bits[:1]),
                         b.WriteSingleCoilResponse(address=address, bits=bits[:1])),
                lambda: (r.WriteSingleRegisterRequest(address=address, registers=registers[:1]),
                         r.WriteSingleRegisterResponse(address=address, registers=registers[:1])),
                lambda: (b.WriteMultipleCoilsRequest(address=address, bits=bits),
                         b.WriteMultipleCoilsResponse(address=address, count=8 * n)),
                lambda: (r.WriteMultipleRegistersRequest(address=address, registers=registers),
                         r.WriteMultipleRegistersResponse(address=address, count=n)),
                lambda: (r.MaskWriteRegisterRequest(**masks), r.MaskWriteRegisterResponse(**masks)),
                lambda: (r.ReadWriteMultipleRegistersRequest(
                            read_address=address, read_count=n, write_address=address,
                            write_registers=registers),
                         r.ReadWriteMultipleRegistersResponse(registers=registers)),
                lambda: (m.ReadDeviceInformationRequest(read_code=1, object_id=0),
                         m.ReadDeviceInformationResponse(read_code=1, information=text)),
            ))()

    def test_twenty_thousand_messages(self):
        pairs = []
        for pair in self.messages(random.Random(20261123), 20000):
            pairs.append(" ".join((bytes([p.function_code]) + p.encode()).hex() for p in pair))
        result = subprocess.run([PEER, "codec"], input="\n".join(pairs), capture_output=True,
                                text=True, timeout=60)
        again = result.stdout.splitlines()
        self.assertEqual(len(again), len(pairs), result.stderr)
        for ours, theirs in zip(again, pairs):
            self.assertEqual(ours, theirs)


class Wire(unittest.TestCase):
    """tshark, which has a Modbus of its own, finds nothing malformed in what we send."""

    @needs_libmodbus
    def test_our_server(self):
        with OurServer() as server, Capture("mbtcp", server.port) as capture:
            subprocess.run([libmodbus_peer(), "client", str(server.port)], capture_output=True,
                           timeout=20, check=True)
            if HAS_PYMODBUS:
                client = ModbusTcpClient("127.0.0.1", port=server.port)
                client.connect()
                client.read_device_information(read_code=2)
                client.close()
        capture.check(self, "mbtcp", 20, "_ws.malformed or mbtcp.prot_id != 0")

    @needs_pymodbus
    def test_our_client(self):
        with PymodbusServer() as server, Capture("mbtcp", server.port) as capture:
            subprocess.run([PEER, "client", str(server.port)], capture_output=True, timeout=30,
                           check=True)
        capture.check(self, "mbtcp", 20, "_ws.malformed or mbtcp.prot_id != 0")


if __name__ == "__main__":
    print("pymodbus", pymodbus.__version__ if HAS_PYMODBUS else "missing")
    unittest.main(verbosity=2)
