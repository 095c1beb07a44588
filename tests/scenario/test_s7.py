"""A CPU of another maker over S7: found, added, read, written, unplugged and back."""
import importlib.util
import sys
import unittest

from harness import Scenario, free_port, until

SNAP7_CPU = """
import logging, struct, sys, threading
logging.disable(logging.CRITICAL)
from snap7.server import Server
from snap7.type import SrvArea
from snap7.util import setters
db = bytearray(400)
setters.set_real(db, 4, 1538.5)
setters.set_string(db, 20, "Heat 42", 30)
setters.set_int(db, 60, 17)
server = Server(log=False)
server.register_area(SrvArea.DB, 1, db)
server.start(int(sys.argv[1]))
threading.Event().wait()
"""


def signals():
    return [{"path": f"org/site/furnace/cpu/{name}", "address": address, "group": "fast"} for name, address in
            (("temperature", "DB1.DBD4:REAL"), ("heat", "DB1.DBB20:STRING[30]"), ("beyond", "DB1.DBW399"))] + [
        {"path": "org/site/furnace/cpu/setpoint", "address": "db1.dbw60:int", "group": "fast", "writable": True}]


@unittest.skipUnless(importlib.util.find_spec("snap7"), "python-snap7 is missing (tests/requirements.txt)")
class ForeignCpu(Scenario):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.cpu = self.plug_in()
        self.server = self.serve()
        self.server.claim()

    def plug_in(self):
        return self.run_process(sys.executable, "-c", SNAP7_CPU, str(self.port))

    def test_it_is_tested_added_read_written_unplugged_and_comes_back(self):
        server = self.server
        request = {"protocol": "s7", "settings": {"host": "127.0.0.1", "port": self.port, "slot": 2},
                   "signals": signals()}
        test = until(lambda: (lambda t: t if t["reachable"] else None)(server.ok("POST", "/connections/test", request)),
                     "the CPU to answer")
        self.assertEqual([value.get("value") for value in test["values"]], [1538.5, "Heat 42", None, 17])
        self.assertIn("outside", test["values"][2]["error"])
        self.assertIn("6ES7 315", test["identification"]["product"])

        server.ok("POST", "/connections", {"name": "Furnace", **request, "enabled": True, "writes_enabled": True,
                                           "groups": [{"name": "fast", "interval_ms": 100}]})
        until(lambda: server.connection("Furnace")["status"]["state"] == "connected", "the connection")
        path = "org/site/furnace/cpu/temperature"
        until(lambda: (server.tag(path)["last"] or {}).get("quality") == "Good", "a good value")
        self.assertEqual(server.tag(path)["last"]["value"], 1538.5)
        self.assertEqual(server.connection("Furnace")["status"]["tags_bad"], 1)
        kept = server.get(f"/connections/{server.connection('Furnace')['id']}/signals")["items"]
        self.assertEqual([signal["address"] for signal in kept],
                         ["DB1.DBD4:REAL", "DB1.DBB20:STRING[30]", "DB1.DBW399", "DB1.DBW60:INT"])

        setpoint = server.tag("org/site/furnace/cpu/setpoint")["id"]
        written = server.ok("POST", f"/tags/{setpoint}/write", {"value": -5})
        self.assertEqual((written["old"], written["new"]), (17, -5))

        self.cpu.kill()
        until(lambda: server.connection("Furnace")["status"]["state"] == "retrying", "the loss to be seen")
        lost = server.loss_of(path)
        self.assertEqual(lost["value"], 1538.5, "the last usable value, never a zero")
        self.cpu.wait()
        self.cpu = self.plug_in()
        until(lambda: server.tag(path)["last"]["quality"] == "Good", "the CPU to be back", 90)

    def test_a_wrong_address_is_refused_with_what_is_wrong(self):
        answer = self.server.request("POST", "/connections", {
            "name": "Furnace", "protocol": "s7", "settings": {"host": "127.0.0.1"},
            "groups": [{"name": "fast", "interval_ms": 100}],
            "signals": [{"path": "org/site/furnace/cpu/x", "address": "DB1.DBW0:REAL", "group": "fast"}]})
        self.assertEqual(answer.status, 400)
        self.assertIn("REAL does not have the size that W stands for", answer.json["detail"])


if __name__ == "__main__":
    unittest.main()
