#!/usr/bin/env python3
"""Our S7 server and client against python-snap7, with tshark looking on.

Run: s7_interop.py PATH/TO/s7_peer
What is missing on the machine is skipped, and says so. Expected values are packed here, by Python
and by python-snap7.
"""
import datetime
import json
import logging
import os
import random
import socket
import struct
import subprocess
import sys
import unittest

from capture import Capture

PEER = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "s7_peer"

try:
    import snap7
    from snap7.server import Server
    from snap7.type import Area, SrvArea
    from snap7.util import setters
    HAS_SNAP7 = True
    logging.getLogger("snap7").setLevel(logging.CRITICAL)  # refusals are part of the tests
except ImportError:
    HAS_SNAP7 = False

needs_snap7 = unittest.skipUnless(HAS_SNAP7, "python-snap7 is missing (tests/requirements.txt)")


def free_port():
    """Below the ports that the system gives to whoever connects."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) != 0:
                return port


class OurServer:
    def __init__(self, port=0, tpdu_exponent=10):
        self.process = subprocess.Popen([PEER, "server", str(port), str(tpdu_exponent)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[-1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


DB1 = bytes((i * 7 + 1) % 256 for i in range(2000))


class ServerAgainstSnap7(unittest.TestCase):
    def setUp(self):
        if not HAS_SNAP7:
            self.skipTest("python-snap7 is missing (tests/requirements.txt)")
        self.server = OurServer()
        self.addCleanup(self.server.__exit__)
        self.client = snap7.Client()
        self.client.connect("127.0.0.1", 0, 2, self.server.port)
        self.addCleanup(self.client.disconnect)

    def test_reads_more_than_a_pdu_holds(self):
        self.assertEqual(self.client.get_pdu_length(), 240)
        self.assertEqual(bytes(self.client.db_read(1, 0, 2000)), DB1)
        self.assertEqual(bytes(self.client.db_read(1, 777, 222)), DB1[777:999])

    def test_reads_every_area(self):
        c = self.client
        self.assertEqual(c.eb_read(2, 1)[0], 0xA5)
        self.assertEqual(c.ab_read(0, 16), bytearray(16))
        self.assertEqual(bytes(c.tm_read(5, 1)), bytes([0, 0x27]))
        self.assertEqual(bytes(c.ct_read(3, 1)), bytes([0, 0x42]))

    def test_writes(self):
        c = self.client
        c.db_write(1, 10, bytearray(range(250)))  # in two requests
        self.assertEqual(bytes(c.db_read(1, 9, 252)), DB1[9:10] + bytes(range(250)) + DB1[260:261])
        c.mb_write(7, 3, bytearray(b"abc"))
        self.assertEqual(bytes(c.mb_read(6, 5)), b"\0abc\0")
        c.db_write_bool(1, 300, 5, not DB1[300] >> 5 & 1)
        self.assertEqual(c.db_read(1, 300, 1)[0], DB1[300] ^ 0x20)
        c.db_write_real(1, 400, 123.456)
        self.assertEqual(bytes(c.db_read(1, 400, 4)), struct.pack(">f", 123.456))

    def test_takes_several_variables_at_once(self):
        items = [{"area": Area.DB, "db_number": 1, "start": 50 * i, "size": 1 + i % 4}
                 for i in range(15)]
        items.append({"area": Area.PE, "db_number": 0, "start": 2, "size": 1})
        code, found = self.client.read_multi_vars(items)
        self.assertEqual(code, 0)
        self.assertEqual([bytes(data) for data in found],
                         [DB1[50 * i:50 * i + 1 + i % 4] for i in range(15)] + [b"\xA5"])

    def test_tells_who_it_is(self):
        info = self.client.get_cpu_info()
        self.assertEqual(info.ModuleTypeName, b"CPU 315-2 PN/DP")
        self.assertEqual(info.SerialNumber, b"S C-X4U421302009")
        self.assertEqual(info.ASName, b"Lineshaft")
        self.assertEqual(info.ModuleName, b"peer")
        order = self.client.get_order_code()
        self.assertEqual(order.OrderCode, b"6ES7 315-2EH14-0AB0")
        self.assertEqual((order.V1, order.V2, order.V3), (3, 2, 6))

    def test_refuses_what_is_not_there(self):
        for read in (lambda: self.client.db_read(9, 0, 1), lambda: self.client.db_read(1, 1999, 2),
                     lambda: self.client.db_write(1, 1999, bytearray(2)), self.client.plc_stop):
            with self.assertRaises(Exception):
                read()
        self.assertEqual(self.client.db_read(1, 0, 1)[0], 1)  # the connection stays


def foreign_db():
    """Data block 1 of the foreign server, written by python-snap7's own setters."""
    db = bytearray(1000)
    moment = datetime.datetime(2026, 11, 23, 18, 50, 7, 250_000)
    db[0] = 0x08
    db[1] = 0xA5
    setters.set_int(db, 2, -1234)
    setters.set_uint(db, 4, 54321)
    setters.set_dint(db, 6, -123456789)
    setters.set_lint(db, 10, -1234567890123)
    setters.set_real(db, 18, 123.456)
    setters.set_lreal(db, 22, 3.141592653589793)
    setters.set_char(db, 30, "X")
    setters.set_string(db, 32, "Heat 42", 20)
    setters.set_wstring(db, 54, "Kühl锅", 10)
    setters.set_date(db, 78, moment.date())
    setters.set_tod(db, 80, datetime.timedelta(hours=18, minutes=50, seconds=7, milliseconds=250))
    setters.set_time(db, 84, "-1:2:3:4.500")
    setters.set_dt(db, 88, moment)
    setters.set_dtl(db, 96, moment)
    db[108:110] = bytes([0x21, 0x27])  # 127 * 1 s
    setters.set_ltime(db, 110, datetime.timedelta(seconds=1.5))
    setters.set_string(db, 210, "", 20)
    return db


EXPECTED = {
    "bool": True, "byte": 0xA5, "int": -1234, "uint": 54321, "dint": -123456789,
    "lint": -1234567890123, "real": 123.456, "lreal": 3.141592653589793, "char": "X",
    "string": "Heat 42", "wstring": "Kühl锅", "date": "2026-11-23", "tod": 67_807_250,
    "time": -(((1 * 24 + 2) * 60 + 3) * 60 + 4) * 1000 - 500, "dt": "2026-11-23T18:50:07.250",
    "dtl": "2026-11-23T18:50:07.250", "s5time": 127_000, "ltime": 1_500_000_000, "marker": -2,
    "input": True, "output": 0x3C, "far": -0.5,
}


class ClientAgainstSnap7(unittest.TestCase):
    # This server takes one variable in a write, and of a bit the whole byte: our client writes one
    # after the other here, and bit 0.
    maxDiff = None

    def serve(self, port):
        server = Server(log=False)
        db2, markers, inputs, outputs = bytearray(1000), bytearray(64), bytearray(8), bytearray(8)
        markers[10:12] = struct.pack(">h", -2)
        inputs[2] = 0x80
        outputs[3] = 0x3C
        db2[996:1000] = struct.pack(">f", -0.5)
        for area, index, data in ((SrvArea.DB, 1, foreign_db()), (SrvArea.DB, 2, db2),
                                  (SrvArea.MK, 0, markers), (SrvArea.PE, 0, inputs),
                                  (SrvArea.PA, 0, outputs)):
            server.register_area(area, index, data)
        server.start(port)
        self.addCleanup(server.stop)

    @needs_snap7
    def test_polls_and_writes(self):
        port = free_port()
        self.serve(port)
        result = subprocess.run([PEER, "client", str(port)], capture_output=True, text=True,
                                timeout=30)
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        first = {}
        for line in lines:
            if "name" in line:
                first.setdefault(line["name"], line)
        self.assertEqual({name: first[name]["value"] for name in EXPECTED}, EXPECTED)
        self.assertEqual({first[name]["quality"] for name in EXPECTED}, {"Good"})
        self.assertEqual(first["missing"]["quality"], "BadConfigurationError")
        self.assertEqual({line["write"]: line for line in lines if "write" in line}, {
            "set_int": {"write": "set_int", "old": 0, "new": -4321},
            "set_real": {"write": "set_real", "old": 0, "new": -2.5},
            "set_bool": {"write": "set_bool", "old": False, "new": True},
            "set_string": {"write": "set_string", "old": "", "new": "Kessel"}})
        status = next(line for line in lines if "status" in line)
        self.assertEqual((status["status"], status["tags_bad"]), ("connected", 1))
        test = next(line for line in lines if "test" in line)
        self.assertTrue(test["test"])
        self.assertEqual(test["product"], "6ES7 315-2EH14-0AB0")


class OnTheWire(unittest.TestCase):
    """What we send is what the dissectors of Wireshark expect."""

    @needs_snap7
    def test_no_frame_is_malformed(self):
        port = free_port()
        with Capture("tpkt", port) as capture:
            with OurServer(port):
                client = snap7.Client()
                client.connect("127.0.0.1", 0, 2, port)
                client.db_read(1, 0, 2000)
                client.get_cpu_info()
                client.db_write(1, 10, bytearray(250))
                client.disconnect()
            with OurServer(port, tpdu_exponent=7):
                ours = subprocess.run([PEER, "client", str(port)], capture_output=True, text=True,
                                      timeout=30, env={**os.environ, "S7_PEER_AT_ONCE": "1"})
                self.assertEqual(ours.stdout.count('"new"'), 4)
        capture.check(self, "s7comm", 21)
        # Several variables in one request, both ways; parts of PDUs put together again.
        self.assertTrue(capture.frames("s7comm.param.func == 0x04 && s7comm.param.itemcount > 1"))
        self.assertTrue(capture.frames("s7comm.param.func == 0x05 && s7comm.param.itemcount > 1"))
        self.assertTrue(capture.frames("cotp.eot == 0"))


if __name__ == "__main__":
    unittest.main()
