"""Machines over the real protocol: the demo plant, a device of another maker, and what goes wrong with them."""
import contextlib
import json
import socket
import subprocess
import sys
import threading
import unittest

from harness import BINARY, Scenario, free_port, until

PYMODBUS_DEVICE = """
import asyncio, sys
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import StartAsyncTcpServer
block = ModbusSequentialDataBlock(1, [n for n in range(200)])
context = ModbusServerContext(devices=ModbusDeviceContext(hr=block, ir=block), single=True)
asyncio.run(StartAsyncTcpServer(context, address=("127.0.0.1", int(sys.argv[1]))))
"""


def device_signals(count=10):
    return [{"path": f"org/site/other/device/register {n}", "area": "holding", "address": n, "type": "uint16",
             "group": "fast"} for n in range(count)]


class OtherMaker(Scenario):
    """A Modbus device served by pymodbus."""

    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.device = self.plug_in()
        self.server = self.serve()
        self.server.claim()

    def plug_in(self):
        return self.run_process(sys.executable, "-c", PYMODBUS_DEVICE, str(self.port))

    def settings(self):
        return {"host": "127.0.0.1", "port": self.port, "unit_id": 1, "timeout_ms": 1000}

    def test_it_is_tested_added_read_unplugged_and_comes_back(self):
        server = self.server
        request = {"protocol": "modbus-tcp", "settings": self.settings(), "signals": device_signals(3)}
        test = until(lambda: (lambda t: t if t["reachable"] else None)(server.ok("POST", "/connections/test", request)),
                     "the device to answer")
        self.assertEqual([value["value"] for value in test["values"]], [0, 1, 2])
        self.assertEqual(server.get("/connections")["total"], 0, "a test keeps nothing")

        server.ok("POST", "/connections", {"name": "Other", **request, "enabled": True, "signals": device_signals(),
                                           "groups": [{"name": "fast", "interval_ms": 100}]})
        path = "org/site/other/device/register 7"
        until(lambda: server.connection("Other")["status"]["state"] == "connected", "the connection")
        until(lambda: (server.tag(path)["last"] or {}).get("quality") == "Good", "a good value")
        self.assertEqual(server.tag(path)["last"]["value"], 7)

        self.device.kill()
        until(lambda: server.connection("Other")["status"]["state"] == "retrying", "the loss to be seen")
        lost = server.loss_of(path)
        self.assertEqual(lost["value"], 7, "the last usable value, never a zero")
        self.assertIn("LS-", server.connection("Other")["status"]["last_error"])
        self.assertTrue(any(item["title"] == "Other" for item in server.get("/overview")["attention"]))

        self.device.wait()
        self.device = self.plug_in()
        until(lambda: (server.tag(path)["last"])["quality"] == "Good", "the device to be back", 90)
        events = server.get(f"/connections/{server.connection('Other')['id']}/events")["items"]
        self.assertLessEqual({"connected", "lost"}, {event["event"] for event in events})

    def test_a_moved_machine_goes_on_under_its_new_path_after_a_restart(self):
        server = self.server
        server.ok("POST", "/connections", {
            "name": "Other", "protocol": "modbus-tcp", "settings": self.settings(), "signals": device_signals(3),
            "store": "all", "groups": [{"name": "fast", "interval_ms": 100}]})
        path = "org/site/other/device/register 1"
        until(lambda: (server.tag(path)["last"] or {}).get("quality") == "Good", "a good value")
        tag = server.tag(path)["id"]
        self.assertEqual(server.ok("POST", "/tags/move", {"from": "org/site/other", "to": "org/hall 2"})["moved"], 3)
        one = server.get("/tags/3")
        server.ok("PUT", "/tags/3", {**one, "path": "org/hall 2/renamed"})
        server.stop()
        server.start()
        time = server.get(f"/tags/{tag}")["last"]["time"]
        until(lambda: server.get(f"/tags/{tag}")["last"]["time"] > time, "values after the restart")
        self.assertEqual([item["path"] for item in server.get("/tags")["items"]],
                         ["org/hall 2/device/register 0", "org/hall 2/device/register 1", "org/hall 2/renamed"])

    def test_connections_survive_a_restart_and_a_removal_keeps_history(self):
        server = self.server
        made = server.ok("POST", "/connections", {
            "name": "Other", "protocol": "modbus-tcp", "settings": self.settings(), "signals": device_signals(),
            "groups": [{"name": "fast", "interval_ms": 100}]})
        path = "org/site/other/device/register 3"
        until(lambda: (server.tag(path)["last"] or {}).get("quality") == "Good", "a good value")
        server.stop()
        server.start()
        until(lambda: server.connection("Other")["status"]["state"] == "connected", "the connection after the restart")
        tag = server.tag(path)["id"]
        server.ok("DELETE", f"/connections/{made['id']}")
        self.assertEqual(server.get("/connections")["total"], 0)
        raw = server.get(f"/values/raw?tag={tag}&from=2020-01-01&to=2100-01-01")
        self.assertGreater(len(raw["items"]), 0)

    def test_a_wrong_signal_refuses_the_whole_connection(self):
        signals = device_signals(3)
        signals[1]["address"] = 70000
        answer = self.server.request("POST", "/connections", {
            "name": "Other", "protocol": "modbus-tcp", "settings": self.settings(), "signals": signals})
        self.assertEqual(answer.status, 400)
        self.assertIn("signals[1]", answer.json["detail"])
        self.assertEqual(self.server.get("/connections")["total"], 0)
        self.assertEqual(self.server.get("/tags")["total"], 0)

    def test_writing_needs_every_switch_and_is_audited(self):
        server = self.server
        signal = {**device_signals(1)[0], "address": 20, "writable": True}
        body = {"name": "Other", "protocol": "modbus-tcp", "settings": self.settings(), "signals": [signal],
                "groups": [{"name": "fast", "interval_ms": 100}]}
        made = server.ok("POST", "/connections", body)
        tag = server.tag(signal["path"])["id"]
        until(lambda: (server.tag(signal["path"])["last"] or {}).get("quality") == "Good", "a good value")
        refused = server.request("POST", f"/tags/{tag}/write", {"value": 77})
        self.assertIn(refused.status, (403, 409), "writes are off until enabled for the connection")
        server.ok("PUT", f"/connections/{made['id']}", {k: v for k, v in {**body, "writes_enabled": True}.items()
                                                         if k != "signals"})
        written = until(lambda: (lambda a: a.json if a.status == 200 else None)(
            server.request("POST", f"/tags/{tag}/write", {"value": 77})), "the write")
        self.assertEqual((written["old"], written["new"]), (20, 77))
        entry = next(e for e in server.get("/audit")["items"] if e["action"] == "tag.write")
        self.assertEqual((entry["detail"], entry["before"], entry["after"]), ("from 20 to 77", {"value": 20}, {"value": 77}))


class BadDevices(Scenario):
    """One machine that is well, and others that are not, at the same server."""

    def device(self, behave):
        """Listens, and lets `behave(socket)` do with each connection what it likes."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve(peer):
            with contextlib.suppress(OSError), peer:
                behave(peer)

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    @staticmethod
    def garbage(peer):
        while peer.recv(4096):
            peer.sendall(b"\xa5" * 64)

    @staticmethod
    def silence(peer):
        while peer.recv(4096):
            pass

    @staticmethod
    def another_transaction(peer):
        while request := peer.recv(4096):  # a right answer of two registers to somebody else's request
            peer.sendall(bytes([request[0] ^ 0xff, request[1], 0, 0, 0, 7, request[6], request[7], 4, 0, 1, 0, 2]))

    @staticmethod
    def half_an_answer(peer):
        while request := peer.recv(4096):
            peer.sendall(request[:4] + bytes([0, 7, request[6]]))

    def test_each_is_isolated_told_and_costs_the_others_nothing(self):
        port = free_port()
        self.run_process(sys.executable, "-c", PYMODBUS_DEVICE, str(port), stderr=subprocess.DEVNULL)
        server = self.serve()
        server.claim()

        def connect(name, at):
            server.ok("POST", "/connections", {
                "name": name, "protocol": "modbus-tcp", "store": "all", "groups": [{"name": "fast", "interval_ms": 100}],
                "settings": {"host": "127.0.0.1", "port": at, "timeout_ms": 500},
                "signals": [{**signal, "path": f"org/site/{name}/register {n}"}
                            for n, signal in enumerate(device_signals(2))]})

        connect("well", port)
        until(lambda: (server.tag("org/site/well/register 1")["last"] or {}).get("quality") == "Good", "a good value")
        before = server.connection("well")["status"]
        bad = ("garbage", "silence", "another_transaction", "half_an_answer")
        for name in bad:
            connect(name, self.device(getattr(self, name)))
        for name in bad:
            until(lambda: server.connection(name)["status"]["last_error"], f"a word about {name}")
            until(lambda: (server.tag(f"org/site/{name}/register 1")["last"] or {}).get("quality", "Good") != "Good",
                  f"a bad quality for {name}")
            self.assertRegex(server.connection(name)["status"]["last_error"], r"^LS-\d{4}: ")
            self.assertEqual(server.connection(name)["status"]["tags_bad"], 2)
        after = server.connection("well")["status"]
        self.assertEqual((after["state"], after["errors"], after["reconnects"], after["tags_bad"]),
                         ("connected", before["errors"], 0, 0))
        until(lambda: server.connection("well")["status"]["requests"] > after["requests"] + 10, "its polls to go on")


class Plant(Scenario):
    def test_the_demo_plant_is_provisioned_connected_and_read(self):
        provision = self.folder / "provision"
        provision.mkdir()
        base = free_port()
        connections = subprocess.run([BINARY, "sim", "plant", "--port", str(base), "--print-connections"],
                                     capture_output=True, text=True, check=True, timeout=60).stdout
        (provision / "connections.json").write_text(connections)
        count = len(json.loads(connections))
        self.run_process(BINARY, "sim", "plant", "--port", str(base), stdout=subprocess.DEVNULL)
        server = self.serve("--provision", str(provision))
        server.claim()
        until(lambda: server.get("/overview")["connections"]["connected"] >= count - 2, "the machines")
        until(lambda: server.get("/overview")["values_per_second"] > 50, "values")
        server.cli_login()
        rows = [json.loads(line) for line in server.cli("tag", "ls", "-o", "ndjson").splitlines()]
        self.assertGreater(len(rows), 1800)
        good = [row for row in rows if (row["last"] or {}).get("quality") == "Good"]
        self.assertGreater(len(good), 0.8 * len(rows))
        watched = server.cli("tag", "watch", "--count", "20")
        self.assertEqual(len(watched.splitlines()), 20)


if __name__ == "__main__":
    unittest.main()
