"""Where the server may connect to: refused in words where `outgoing.allow` does not lead, and done where it does."""
import importlib.util
import json
import sys
import unittest

from harness import Scenario, free_port, until
from test_audit import Collector
from test_machines import PYMODBUS_DEVICE, device_signals


class Destinations(Scenario):
    def setUp(self):
        super().setUp()
        self.config = self.folder / "lineshaft.toml"

    def allow(self, *entries):
        self.config.write_text(f"[outgoing]\nallow = {json.dumps(entries)}\n")

    def begin(self, *entries):
        self.allow(*entries)
        self.server = self.serve("--config", str(self.config))
        self.server.claim()

    def restart(self, *entries):
        self.server.stop()
        self.allow(*entries)
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


if __name__ == "__main__":
    unittest.main()
