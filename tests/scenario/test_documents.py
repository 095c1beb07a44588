"""What the documentation shows is what happens: its commands are typed, its tables compared."""
import importlib.util
import json
import os
import re
import shutil
import sys
import unittest
from pathlib import Path

from harness import BINARY, PASSWORD, ROOT, Scenario, free_port, free_ports
from pages import Reader

DOCS = ROOT / "docs"


def needs(module):
    return unittest.skipUnless(importlib.util.find_spec(module), f"{module} is missing (tests/requirements.txt)")


class Pages(Scenario):
    def reader(self):
        """A reader with `lineshaft` in the path, and ports of his own."""
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "lineshaft").symlink_to(Path(BINARY).resolve())
        folder = self.folder / "reader"
        folder.mkdir()
        environment = {key: value for key, value in os.environ.items() if not key.startswith("LINESHAFT_")}
        environment.update(PATH=f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}", XDG_CONFIG_HOME=str(self.folder / "config"),
                           LINESHAFT_PASSWORD=PASSWORD)
        reader = Reader(folder, environment)
        self.addCleanup(reader.close)
        port = free_port()
        reader.replacements["8443"] = str(port)
        # The page starts `lineshaft serve` and no more; the port is this reader's own affair.
        (folder / "lineshaft.toml").write_text(f'listen = "127.0.0.1:{port}"\n')
        environment["LINESHAFT_URL"] = f"https://127.0.0.1:{port}"
        return reader

    def test_first_machine(self):
        reader = self.reader()
        reader.replacements["5020"] = str(free_port())
        reader.read(DOCS / "tutorials/first-machine.md")

    def test_first_payout(self):
        reader = self.reader()
        reader.read(DOCS / "tutorials/first-payout.md")
        self.assertTrue((reader.folder / "wang-fang.pdf").read_bytes().startswith(b"%PDF-"))
        self.assertIn("part,pour-control,Pouring control,inventor,wang-fang,", (reader.folder / "wang-fang.csv").read_text())

    @needs("pymodbus")
    def test_offer_as_a_service(self):
        reader = self.reader()
        reader.replacements["5020"] = str(free_port())
        reader.read(DOCS / "tutorials/offer-as-a-service.md")

    def with_a_server(self):
        """A reader who has done the steps of the first machine: his server is claimed, he is signed in."""
        reader = self.reader()
        server = self.serve()
        server.claim()
        server.cli("login", "--email", "ann@example.com",
                   environment={"LINESHAFT_PASSWORD": PASSWORD, "XDG_CONFIG_HOME": str(self.folder / "config")})
        reader.environment["LINESHAFT_URL"] = server.environment["LINESHAFT_URL"]
        reader.environment["LINESHAFT_FINGERPRINT"] = server.fingerprint
        reader.replacements["lineshaft-data/master.key"] = str(server.directory / "master.key")
        return reader

    def test_demo_plant(self):
        reader = self.with_a_server()
        ports = free_ports(20)
        reader.replacements.update((str(16020 + i), str(ports + i)) for i in range(3))
        reader.read(DOCS / "tutorials/demo-plant.md")

    def test_import_csv(self):
        self.with_a_server().read(DOCS / "how-to/import-csv.md")

    def test_telegraf(self):
        reader = self.with_a_server()
        server = self.servers[-1]
        reader.replacements["8443"] = str(server.port)
        shutil.copy(server.directory / "tls/certificate.pem", reader.folder / "lineshaft.pem")
        reader.read(DOCS / "how-to/telegraf.md")

    def with_a_peer(self, page, *ports, **replacements):
        """Reads a page about a machine or a destination of another maker; `ports` are those of the peer in the page."""
        reader = self.with_a_server()
        server = self.servers[-1]
        reader.replacements.update({"8443": str(server.port), **{port: str(free_port()) for port in ports}}, **replacements)
        shutil.copy(server.directory / "tls/certificate.pem", reader.folder / "lineshaft.pem")
        (self.folder / "bin/mosquitto").symlink_to(ROOT / "tools/mosquitto")
        reader.environment["NODE_PATH"] = str(ROOT / "tests/peers/node_modules")
        reader.read(DOCS / f"how-to/{page}.md")

    @needs("pymodbus")
    def test_connect_modbus(self):
        self.with_a_peer("connect-modbus", "5021")

    @needs("snap7")
    def test_connect_s7(self):
        self.with_a_peer("connect-s7", "1102")

    @needs("asyncua")
    def test_connect_opc_ua(self):
        self.with_a_peer("connect-opc-ua", "4841")

    @needs("paho")
    def test_connect_mqtt(self):
        self.with_a_peer("connect-mqtt", "1884")

    @unittest.skipUnless((ROOT / "tests/peers/node_modules/sparkplug-client").exists(), "sparkplug-client is missing (tools/setup test)")
    def test_connect_sparkplug(self):
        self.with_a_peer("connect-sparkplug", "1885")

    @needs("c104")
    def test_connect_iec104(self):
        self.with_a_peer("connect-iec104", "2405")

    @needs("asyncua")
    def test_serve_opc_ua(self):
        self.with_a_peer("serve-opc-ua", "4840")

    @needs("c104")
    @unittest.skipUnless(shutil.which("mbpoll"), "mbpoll is missing")
    def test_serve_controllers(self):
        self.with_a_peer("serve-controllers", "1502", "1102", "2405", "5001")

    @needs("serial")
    def test_connect_modbus_serial(self):
        self.with_a_peer("connect-modbus-serial", **{"/tmp/ttyMeters": str(self.folder / "ttyMeters")})

    @needs("paho")
    def test_publish_mqtt(self):
        self.with_a_peer("publish-mqtt", "1883")

    @unittest.skipUnless((ROOT / "tests/peers/node_modules/sparkplug-payload").exists(), "sparkplug-payload is missing (tools/setup test)")
    def test_publish_sparkplug(self):
        self.with_a_peer("publish-sparkplug", "1886")

    def test_connect_mtconnect(self):
        reader = self.with_a_server()
        reader.replacements["5000"] = str(free_port())
        reader.read(DOCS / "how-to/connect-mtconnect.md")

    def test_many_machines(self):
        reader = self.with_a_server()
        ports = free_ports(20)
        reader.replacements.update({f"{16020 + i}": str(ports + i) for i in range(3)})
        reader.read(DOCS / "how-to/many-machines.md")

    def test_back_up_and_restore(self):
        self.with_a_server().read(DOCS / "how-to/back-up-and-restore.md")

    def test_retention(self):
        self.with_a_server().read(DOCS / "how-to/retention.md")

    def test_keep_deadlines(self):
        self.with_a_server().read(DOCS / "how-to/keep-deadlines.md")


class Tables(Scenario):
    def test_the_settings_of_modbus_have_the_defaults_and_bounds_of_the_page(self):
        page = (DOCS / "reference/modbus.md").read_text()
        rows = re.findall(r"^\| `(\w+)` \| ?(\w*) ?\| ?((?:\d+ to \d+)?)[^|]*\|",
                          page[page.index("## Settings of a connection"):page.index("## Where a value lies")], re.M)
        server = self.serve()
        server.claim()

        def make(name, **settings):
            return server.request("POST", "/connections", {
                "name": name, "protocol": "modbus-tcp", "enabled": False, "settings": {"host": "127.0.0.1", **settings}})

        real = make("defaults").json["settings"]
        self.assertEqual({name for name, _, _ in rows} | {"tls_certificate"}, set(real), "a setting that the page lacks, or that is none")
        for name, default, allowed in rows:
            if default:
                self.assertEqual(json.dumps(real[name]).strip('"'), default, name)
            if allowed:
                low, high = map(int, allowed.split(" to "))
                for value in (low, high):
                    self.assertEqual(make(f"{name} {value}", **{name: value}).status, 201, f"{name} {value}")
                for value in (low - 1, high + 1):
                    refused = make("refused", **{name: value})
                    self.assertEqual(refused.status, 400, f"{name} {value}")
                    self.assertIn(name, refused.json["detail"])


if __name__ == "__main__":
    unittest.main()
