"""Where the server may connect to, and what may go without encryption: refused in words where `outgoing.allow` and `plain.allow` do not lead,
and done where they do."""
import importlib.util
import json
import socket
import sys
import unittest

from harness import Scenario, free_port, until
from test_audit import Collector
from test_machines import PYMODBUS_DEVICE, device_signals


class Destinations(Scenario):
    def setUp(self):
        super().setUp()
        self.config = self.folder / "lineshaft.toml"

    def allow(self, *entries, plain=("loopback", "private")):
        self.config.write_text(f"[outgoing]\nallow = {json.dumps(entries)}\n[plain]\nallow = {json.dumps(plain)}\n")

    def begin(self, *entries, **more):
        self.allow(*entries, **more)
        self.server = self.serve("--config", str(self.config))
        self.server.claim()

    def restart(self, *entries, **more):
        self.server.stop()
        self.allow(*entries, **more)
        self.server.start()
        self.server.sign_in()

    def test_a_list_that_is_none_stops_the_start(self):
        self.allow("10.20.0.1/16")
        with self.assertRaises(AssertionError) as stopped:
            self.serve("--config", str(self.config))
        self.assertIn("lineshaft.toml:2: outgoing.allow: must be a list of", str(stopped.exception))

    @unittest.skipUnless(importlib.util.find_spec("pymodbus"), "pymodbus is missing (tests/requirements.txt)")
    def test_a_machine_is_refused_and_then_allowed(self):
        port = free_port()
        self.run_process(sys.executable, "-c", PYMODBUS_DEVICE, str(port))
        self.begin("private", f"127.0.0.1:{port - 1}")
        server = self.server
        for host in ("127.0.0.1", "localhost", "0.0.0.0", "127.1"):
            request = {"protocol": "modbus-tcp", "settings": {"host": host, "port": port}, "signals": device_signals(1)}
            test = server.ok("POST", "/connections/test", request)
            self.assertFalse(test["reachable"], host)
            self.assertIn("LS-1110", json.dumps(test), host)
            self.assertIn("this machine itself, is not in outgoing.allow", json.dumps(test), host)
        refused = server.request("POST", "/connections/scan", {"addresses": "127.0.0.1", "ports": str(port), "protocols": ["modbus-tcp"]})
        self.assertEqual(refused.status, 403)
        self.assertIn(f"127.0.0.1:{port}", refused.json["detail"])
        server.ok("POST", "/connections", {"name": "Press", "protocol": "modbus-tcp", "settings": {"host": "127.0.0.1", "port": port},
                                           "groups": [{"name": "fast", "interval_ms": 200}], "signals": device_signals(3)})
        until(lambda: "LS-1110" in (server.connection("Press")["status"]["last_error"] or ""), "the refusal")
        self.assertEqual(server.connection("Press")["status"]["state"], "retrying")

        self.restart(f"127.0.0.0/8:{port}")
        until(lambda: server.connection("Press")["status"]["state"] == "connected", "the connection")
        until(lambda: (server.tag("org/site/other/device/register 2")["last"] or {}).get("value") == 2, "a value")

    def test_the_feed_of_the_audit_trail_keeps_to_it_too(self):
        self.begin("private")
        self.server.cli_login()
        collectors = [Collector(self.folder, kind).start() for kind in ("https", "syslog")]
        for collector in collectors:
            kind = "https" if collector.kind == "https" else "syslog-tls"
            path = ["--path", "/collect"] if kind == "https" else []
            self.server.cli("audit", "feed", "add", kind, "localhost", str(collector.port), "--fingerprint", collector.fingerprint, *path)
            until(lambda k=kind, c=collector: f"entries wait for {k} localhost:{c.port}: LS-1110" in self.server.output(), "the refusal")
        self.assertEqual([collector.entries for collector in collectors], [[], []])
        self.restart("loopback")
        for collector in collectors:
            until(lambda c=collector: c.entries, f"entries by {collector.kind}")

    def flow(self, name):
        return next(flow for flow in self.server.get("/flows")["items"] if flow["name"] == name)["status"]

    def findings(self):
        return {finding["id"] for finding in self.server.get("/exposure")["findings"]}

    @unittest.skipUnless(importlib.util.find_spec("pymodbus"), "pymodbus is missing (tests/requirements.txt)")
    def test_nothing_goes_without_encryption_where_the_list_of_that_does_not_lead(self):
        port, served = free_port(), free_port()
        self.run_process(sys.executable, "-c", PYMODBUS_DEVICE, str(port))
        self.begin("loopback", plain=["none"])
        server = self.server
        server.cli_login()
        test = server.ok("POST", "/connections/test", {"protocol": "modbus-tcp", "settings": {"host": "localhost", "port": port},
                                                       "signals": device_signals(1)})
        self.assertFalse(test["reachable"])
        self.assertIn("LS-1111", json.dumps(test))
        self.assertIn(f"localhost:{port} (127.0.0.1), this machine itself, is not in plain.allow, and this connection is not encrypted: "
                      "turn on its TLS", json.dumps(test))
        # The same place with TLS is reached, and does not speak it.
        test = server.ok("POST", "/connections/test", {"protocol": "modbus-tcp", "signals": device_signals(1),
                                                       "settings": {"host": "localhost", "port": port, "tls": True, "timeout_ms": 500}})
        self.assertNotIn("LS-1111", json.dumps(test))
        scan = {"addresses": "127.0.0.1", "ports": str(port), "protocols": ["modbus-tcp"]}
        refused = server.request("POST", "/connections/scan", scan)
        self.assertEqual(refused.status, 403)
        self.assertIn(f"127.0.0.1:{port}", refused.json["detail"])
        # What every OPC UA server is asked may be asked; the rest is left out and named.
        scan["protocols"].append("opc-ua")
        left_out = [{"protocol": "modbus-tcp", "port": port, "hosts": ["127.0.0.1"]}]
        self.assertEqual(server.ok("POST", "/connections/scan", scan)["left_out"], left_out)
        _, told = server.drawn_by("connect", "scan", "127.0.0.1", "--ports", str(port), "--protocol", "modbus-tcp", "--protocol", "opc-ua")
        self.assertIn(f"not asked: modbus-tcp at port {port} of 127.0.0.1: nothing may go there without encryption (plain.allow)", told.decode())
        # What was set up before says why nothing comes of it.
        server.ok("POST", "/connections", {"name": "Press", "protocol": "modbus-tcp", "settings": {"host": "127.0.0.1", "port": port},
                                           "groups": [{"name": "fast", "interval_ms": 200}], "signals": device_signals(3)})
        until(lambda: "LS-1111" in (server.connection("Press")["status"]["last_error"] or ""), "the refusal of a machine")
        self.assertEqual(server.connection("Press")["status"]["state"], "retrying")
        for name, kind, settings in (("PLC", "modbus-server", {"port": served}), ("Broker", "mqtt", {"host": "127.0.0.1", "port": free_port()})):
            server.ok("POST", "/flows", {"name": name, "kind": kind, "settings": settings, "rules": [{"select": "**"}]})
            until(lambda n=name: "LS-1111" in (self.flow(n)["last_error"] or ""), f"the refusal of the flow {name}")
        feed = free_port()
        server.cli("audit", "feed", "add", "syslog-tcp", "127.0.0.1", str(feed))
        until(lambda: f"entries wait for syslog-tcp 127.0.0.1:{feed}: LS-1111" in server.output(), "the refusal of the feed")
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", served), timeout=2).close()
        self.assertEqual(server.get("/exposure")["plain"], ["none"])
        self.assertLessEqual({"connection.plain_refused", "flow.plain_refused"}, self.findings())

        self.restart("loopback", plain=[f"127.0.0.0/8:{port}", f"127.0.0.1:{served}"])
        until(lambda: server.connection("Press")["status"]["state"] == "connected", "the connection")
        until(lambda: (server.tag("org/site/other/device/register 2")["last"] or {}).get("value") == 2, "a value")
        until(lambda: self.flow("PLC")["at"], "the flow")
        socket.create_connection(("127.0.0.1", served), timeout=2).close()
        until(lambda: "LS-1111" in (self.flow("Broker")["last_error"] or ""), "the refusal of the broker, which is not on the list")
        self.assertIn("connection.plain", self.findings())
        self.assertNotIn("connection.plain_refused", self.findings())

    def test_a_peer_that_is_not_on_the_list_is_cut_before_it_is_served(self):
        served = free_port()
        self.begin("loopback", plain=[f"127.0.0.1:{served}"])
        self.server.ok("POST", "/flows", {"name": "PLC", "kind": "modbus-server", "settings": {"listen": "0.0.0.0", "port": served},
                                          "rules": [{"select": "**"}]})
        until(lambda: self.flow("PLC")["at"], "the flow")

        def answer_to(source):
            """To a read of one register: an answer, or nothing at the end."""
            with socket.create_connection(("127.0.0.1", served), timeout=5, source_address=(source, 0)) as stream:
                try:
                    stream.sendall(bytes.fromhex("000100000006010300000001"))
                    return stream.recv(260)
                except ConnectionError:
                    return b""

        self.assertTrue(answer_to("127.0.0.1"))
        self.assertEqual(answer_to("127.0.0.2"), b"")
        until(lambda: f"127.0.0.2:{served}, this machine itself, is not in plain.allow" in self.server.output(), "the line of the log")


if __name__ == "__main__":
    unittest.main()
