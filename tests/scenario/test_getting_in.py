"""The first evening with many machines: found, browsed, read from a table, undone; and writes that ask twice."""
import importlib.util
import json
import shutil
import subprocess
import sys
import unittest
import urllib.parse

from harness import PASSWORD, ROOT, Scenario, free_port, until
from test_machines import PYMODBUS_DEVICE, device_signals

ASYNCUA_SERVER = """
import asyncio, sys
from asyncua import Server, ua
async def main():
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{sys.argv[1]}")
    space = await server.register_namespace("urn:maker:oven")
    oven = await server.nodes.objects.add_object(space, "Oven")
    zone = await oven.add_object(space, "Zone 1/2")
    heat = await zone.add_variable(space, "heat", 840.5)
    await heat.add_property(0, "EURange", ua.Range(Low=0, High=1200))
    setpoint = await zone.add_variable(space, "setpoint", 850.0)
    await setpoint.set_writable()
    await zone.add_variable(space, "steps", [1, 2, 3])
    await oven.add_variable(space, "running", True)
    async with server:
        await asyncio.Event().wait()
asyncio.run(main())
"""


@unittest.skipUnless(importlib.util.find_spec("pymodbus"), "pymodbus is missing (tests/requirements.txt)")
class Machines(Scenario):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.run_process(sys.executable, "-c", PYMODBUS_DEVICE, str(self.port))
        self.server = self.serve()
        self.server.claim()

    def connect(self, **more):
        body = {"name": "Press", "protocol": "modbus-tcp", "settings": {"host": "127.0.0.1", "port": self.port},
                "groups": [{"name": "fast", "interval_ms": 100}], "signals": device_signals(3), **more}
        return self.server.ok("POST", "/connections", body)

    def test_a_range_is_searched_and_what_answers_can_be_connected_as_it_is(self):
        server = self.server
        request = {"addresses": "127.0.0.1-2", "ports": f"{self.port}", "protocols": ["modbus-tcp", "s7"]}
        found = until(lambda: (lambda r: r if r["items"] else None)(server.ok("POST", "/connections/scan", request)), "the device")
        hits = [hit for hit in found["items"] if hit["host"] == "127.0.0.1"]
        self.assertEqual([(hit["port"], hit["protocol"], hit["tls"]) for hit in hits], [(self.port, "modbus-tcp", False)])
        self.assertEqual((found["total"], found["next"]), (4, None))
        server.ok("POST", "/connections", {"name": "Found", "protocol": hits[0]["protocol"], "settings": hits[0]["settings"],
                                           "signals": [{"path": "org/site/found/n", "area": "holding", "address": 7, "type": "uint16"}]})
        until(lambda: (server.tag("org/site/found/n")["last"] or {}).get("value") == 7, "a value")

        refused = server.request("POST", "/connections/scan", {"addresses": "8.8.8.0/30"})
        self.assertEqual(refused.status, 400)
        self.assertIn("allow_public", refused.json["detail"])
        trail = [e for e in server.get("/audit")["items"] if e["action"] == "connection.scan"]
        self.assertIn("127.0.0.1-2", trail[-1]["object"])

    def test_a_table_goes_out_comes_in_and_is_undone(self):
        server = self.server
        made = self.connect()
        table = server.request("GET", "/connection-table")
        self.assertTrue(table.headers["content-type"].startswith("text/csv"))
        same = server.ok("POST", "/connection-table", raw=table.body)
        self.assertEqual((same["applied"], same["errors"], same["connections"]["changed"]), (False, [], []))

        text = table.body.decode()
        changed = text.replace("fast=100", "fast=250").replace("register 2", "register two")
        changed += text.splitlines()[-1].replace("Press", "Nobody") + "\r\n"
        dry = server.ok("POST", "/connection-table?dry_run=true", raw=changed.encode())
        self.assertEqual([(e["line"], e["field"]) for e in dry["errors"]], [(6, "connection")])
        refused = server.request("POST", "/connection-table", raw=changed.encode())
        self.assertEqual(refused.status, 400)
        self.assertIn("line 6, connection: there is no connection 'Nobody'", refused.json["detail"])
        self.assertEqual(server.connection("Press")["groups"][0]["interval_ms"], 100, "refused whole")

        good = "\r\n".join(changed.splitlines()[:-1]) + "\r\n"
        done = server.ok("POST", "/connection-table?remove_missing=true", raw=good.encode())
        self.assertTrue(done["applied"])
        self.assertEqual(done["connections"]["changed"], [{"name": "Press", "fields": ["groups: fast=100 -> fast=250"]}])
        self.assertEqual([one["path"] for one in done["signals"]["added"]], ["org/site/other/device/register two"])
        self.assertEqual([one["path"] for one in done["signals"]["removed"]], ["org/site/other/device/register 2"])
        until(lambda: server.connection("Press")["status"]["state"] == "connected", "it to run as the table says")

        server.stop()
        server.start()  # what can be undone outlives the program
        server.sign_in()
        last = server.get("/connection-table/import")["import"]
        self.assertEqual((last["who"], last["changed"]), ("ann@example.com", ["Press"]))
        server.ok("POST", "/connection-table/undo")
        self.assertEqual(server.connection("Press")["groups"][0]["interval_ms"], 100)
        paths = [s["path"] for s in server.get(f"/connections/{made['id']}/signals")["items"]]
        self.assertEqual(paths, [s["path"] for s in device_signals(3)])
        self.assertEqual(server.request("POST", "/connection-table/undo").status, 404)

    def test_an_import_is_not_undone_over_a_later_change(self):
        server = self.server
        made = self.connect()
        table = server.request("GET", "/connection-table").body.decode()
        server.ok("POST", "/connection-table", raw=table.replace("fast=100", "fast=250").encode())
        body = server.get(f"/connections/{made['id']}")
        server.ok("PUT", f"/connections/{made['id']}", {**body, "enabled": False})
        refused = server.request("POST", "/connection-table/undo")
        self.assertEqual(refused.status, 409)
        self.assertIn("'Press' has changed since the import", refused.json["detail"])
        self.assertEqual(server.connection("Press")["groups"][0]["interval_ms"], 250)

    def test_an_import_that_made_and_removed_is_undone_whole(self):
        server = self.server
        self.connect()
        table = ("row,connection,protocol,settings.host,path,area,address,type\n"
                 "connection,New,modbus-tcp,127.0.0.1,,,,\n"
                 "signal,New,,,org/site/other/device/register 1,holding,0,uint16\n")
        done = server.ok("POST", "/connection-table?remove_missing=true", raw=table.encode())
        self.assertEqual([one["name"] for one in done["connections"]["removed"]], ["Press"])
        self.assertEqual([c["name"] for c in server.get("/connections")["items"]], ["New"])
        server.ok("POST", "/connection-table/undo")
        self.assertEqual([(c["id"], c["name"]) for c in server.get("/connections")["items"]], [(1, "Press")])
        until(lambda: server.connection("Press")["status"]["state"] == "connected", "it to be back")

    def test_a_signal_belongs_to_one_connection(self):
        self.connect()
        answer = self.server.request("POST", "/connections", {
            "name": "Second", "protocol": "modbus-tcp", "settings": {"host": "127.0.0.1"},
            "groups": [{"name": "fast", "interval_ms": 100}], "signals": device_signals(1)})
        self.assertEqual(answer.status, 409)
        self.assertIn("signals[0].path: 'org/site/other/device/register 0' is a signal of the connection 'Press' already",
                      answer.json["detail"])

    def test_a_dangerous_write_is_asked_for_and_confirmed(self):
        server = self.server
        signals = device_signals(3)
        signals[1].update(writable=True, write_high=1000, write_confirm="again")
        signals[2].update(writable=True, write_confirm="second-person")
        self.connect(signals=signals, writes_enabled=True)
        until(lambda: server.connection("Press")["status"]["state"] == "connected", "the connection")
        tag = server.tag("org/site/other/device/register 1")["id"]
        until(lambda: (server.tag("org/site/other/device/register 1")["last"] or {}).get("value") == 1, "a value")
        self.assertEqual(server.request("POST", f"/tags/{tag}/write", {"value": 1001}).status, 400)
        asked = server.request("POST", f"/tags/{tag}/write", {"value": 77})
        self.assertEqual(asked.status, 202)
        token = asked.json["pending"]["token"]
        self.assertEqual(server.get(f"/tags/{tag}/write")["pending"]["value"], 77)
        self.assertEqual(server.tag("org/site/other/device/register 1")["last"]["value"], 1, "nothing has moved")
        wrong = server.request("POST", f"/tags/{tag}/write", {"value": 78, "token": token, "machine": "Press"})
        self.assertEqual(wrong.status, 409)
        again = server.ok("POST", f"/tags/{tag}/write", {"value": 77})["pending"]["token"]
        done = server.ok("POST", f"/tags/{tag}/write", {"value": 77, "token": again, "machine": "Press"})
        self.assertEqual((done["old"], done["new"]), (1, 77))

        other = server.tag("org/site/other/device/register 2")["id"]
        token = server.ok("POST", f"/tags/{other}/write", {"value": 5})["pending"]["token"]
        order = {"value": 5, "token": token, "machine": "Press"}
        mine = server.request("POST", f"/tags/{other}/write", order)
        self.assertEqual(mine.status, 403)
        self.assertIn("two people", mine.json["detail"])
        server.ok("POST", "/users", {"email": "bob@example.com", "name": "Bob", "password": PASSWORD, "role": "operator"})
        bob = server.request("POST", "/session", {"email": "bob@example.com", "password": PASSWORD})
        server.keep_session(bob)
        self.assertEqual(server.ok("POST", f"/tags/{other}/write", order)["new"], 5)

    def test_the_command_line_writes_in_two_steps(self):
        server = self.server
        signals = device_signals(1)
        signals[0].update(writable=True, write_confirm="again")
        self.connect(signals=signals, writes_enabled=True)
        until(lambda: server.connection("Press")["status"]["state"] == "connected", "the connection")
        server.cli_login()
        path = "org/site/other/device/register 0"
        said = server.cli("write", path, "9")
        self.assertIn("not written yet: 9 to Press", said)
        token = said.split("--token ")[1].split()[0]
        self.assertEqual(server.cli("write", path, "9", "--token", token, "--machine", "Press").strip(), "0 -> 9")

    def test_a_template_is_kept_and_used_for_the_next_machine(self):
        server = self.server
        made = self.connect()
        shipped = server.get("/templates")["items"]
        self.assertTrue(all(one["id"] is None for one in shipped))
        self.assertGreaterEqual(len(shipped), 3)
        kept = server.ok("POST", "/templates", {"connection": made["id"], "name": "Press type"})
        self.assertEqual([s["path"] for s in kept["signals"]], [f"register {n}" for n in range(3)])
        self.assertEqual(server.request("POST", "/templates", {"connection": made["id"], "name": "Press type"}).status, 409)
        used = server.ok("POST", "/templates/Press%20type/use", {"prefix": "org/site/press 5", "address_offset": 100})
        self.assertEqual(used["signals"][2]["path"], "org/site/press 5/register 2")
        self.assertEqual(used["signals"][2]["address"], 102)
        server.ok("POST", "/connections", {"name": "Press 5", "protocol": used["protocol"], "groups": used["groups"],
                                           "settings": {"host": "127.0.0.1", "port": self.port}, "signals": used["signals"]})
        until(lambda: (server.tag("org/site/press 5/register 2")["last"] or {}).get("value") == 102, "a value")
        exported = json.dumps(next(t for t in server.get("/templates")["items"] if t["name"] == "Press type"))
        server.ok("DELETE", "/templates/Press%20type")
        server.ok("POST", "/templates", json.loads(exported))
        stays = server.request("DELETE", "/templates/" + shipped[0]["name"].replace(" ", "%20"))
        self.assertEqual(stays.status, 403)

    def test_the_command_line_keeps_and_uses_templates(self):
        server = self.server
        made = self.connect()
        server.cli_login()
        server.cli("template", "save", str(made["id"]), "--name", "Press type", "--description", "three registers")
        listed = server.cli("template", "ls", "-o", "csv").splitlines()
        self.assertIn("Press type,modbus-tcp,3,yes,three registers", listed)
        shown = server.cli("template", "apply", "Press type", "--prefix", "org/site/press 6", "--address-offset", "10", "-o", "csv")
        self.assertIn("org/site/press 6/register 2", shown)
        other = server.ok("POST", "/connections", {"name": "Press 6", "protocol": "modbus-tcp",
                                                   "settings": {"host": "127.0.0.1", "port": self.port},
                                                   "signals": [{"path": "org/site/press 6/own", "area": "holding", "address": 3, "type": "uint16"}]})
        server.cli("template", "apply", "Press type", "--prefix", "org/site/press 6", "--address-offset", "10",
                   "--connection", str(other["id"]))
        signals = server.get(f"/connections/{other['id']}/signals")["items"]
        self.assertEqual([(one["path"], one["address"]) for one in signals],
                         [("org/site/press 6/own", 3)] + [(f"org/site/press 6/register {n}", 10 + n) for n in range(3)])
        until(lambda: (server.tag("org/site/press 6/register 2")["last"] or {}).get("value") == 12, "a value")
        kept = server.cli("template", "ls", "-o", "ndjson").splitlines()
        (self.folder / "press.json").write_text(next(line for line in kept if "Press type" in line))
        server.cli("template", "rm", "Press type")
        server.cli("template", "save", "--file", str(self.folder / "press.json"))
        self.assertIn("Press type", server.cli("template", "ls"))


@unittest.skipUnless(importlib.util.find_spec("asyncua"), "asyncua is missing (tests/requirements.txt)")
class ForeignServer(Scenario):
    def test_it_is_browsed_and_what_it_has_is_read_as_it_stands(self):
        port = free_port()
        self.run_process(sys.executable, "-c", ASYNCUA_SERVER, str(port))
        server = self.serve()
        server.claim()
        machine = {"protocol": "opc-ua", "settings": {"url": f"opc.tcp://127.0.0.1:{port}", "mode": "none"}}

        def browse(**more):
            answer = server.request("POST", "/connections/browse", {**machine, **more})
            return answer.json if answer.status == 200 else None

        top = until(browse, "the server to answer")
        oven = next(item for item in top["items"] if item["levels"] == ["Oven"])
        self.assertTrue(oven["has_more"])
        found = browse(node=oven["node"], depth=5)
        by_name = {item["levels"][-1]: item for item in found["items"]}
        self.assertEqual(by_name["heat"]["signal"]["range_high"], 1200)
        self.assertEqual(by_name["heat"]["signal"]["path"], "Zone 1-2/heat")
        self.assertEqual((by_name["setpoint"]["signal"]["writable"], by_name["heat"]["signal"]["writable"]), (True, False))
        self.assertIsNone(by_name["steps"]["signal"], "an array is no signal")
        signals = [{**item["signal"], "path": "org/site/" + item["signal"]["path"]} for item in found["items"] if item["signal"]]
        server.ok("POST", "/connections", {"name": "Oven", **machine, "signals": signals})
        until(lambda: (server.tag("org/site/Zone 1-2/heat")["last"] or {}).get("value") == 840.5, "a value")
        until(lambda: (server.tag("org/site/running")["last"] or {}).get("value") is True, "a bit")
        again = server.ok("POST", "/connections/browse", {"connection": 1, "node": oven["node"]})
        self.assertIn(["Zone 1/2"], [item["levels"] for item in again["items"]])
        refused = server.request("POST", "/connections/browse", {"protocol": "s7", "settings": {"host": "127.0.0.1"}})
        self.assertEqual((refused.status, refused.json["id"]), (400, "LS-1006"))


@unittest.skipUnless(shutil.which("node") and (ROOT / "tests/peers/node_modules/node-opcua-server").exists(),
                     "node-opcua is missing (tools/setup test)")
class CompanionModels(Scenario):
    """Templates of companion models against machines that node-opcua makes from the node sets of the OPC Foundation."""

    def setUp(self):
        super().setUp()
        port = free_port()
        folder = self.folder / "peer"
        folder.mkdir()
        self.peer = self.run_process("node", ROOT / "tests/peers/models.cjs", folder, str(port), text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.server = self.serve()
        self.server.claim()
        self.machine = {"protocol": "opc-ua", "settings": {"url": f"opc.tcp://127.0.0.1:{port}", "mode": "none"}}
        until(lambda: self.server.request("POST", "/connections/browse", self.machine).status == 200, "the peer", 60)

    def use(self, template, name):
        """The values of a machine that a template is used for, those that are good, by the path below it."""
        used = self.server.ok("POST", f"/templates/{urllib.parse.quote(template)}/use",
                              {"prefix": f"org/hall/{name}", "object": f"nsu=urn:peer:models;s={name}"})
        made = self.server.ok("POST", "/connections", {"name": name, **self.machine, "groups": used["groups"], "signals": used["signals"]})
        until(lambda: self.server.get(f"/connections/{made['id']}")["status"]["state"] == "connected", "the connection")

        def values():
            lasts = {one["path"]: self.server.tag(one["path"])["last"] for one in used["signals"]}
            return all(lasts.values()) and {path.removeprefix(f"org/hall/{name}/"): last["value"]
                                            for path, last in lasts.items() if last["quality"] == "Good"}
        return until(values, "a sample of every signal")

    def test_a_machine_of_opc_ua_for_machinery(self):
        self.assertEqual(self.use("Machine (OPC UA for Machinery)", "machine"), {
            "identification/manufacturer": "Presswerk AG", "identification/model": "P 400", "identification/serial number": "PW-00417",
            "identification/product instance": "urn:presswerk.example:PW-00417", "identification/year of construction": 2019,
            "identification/software revision": "4.2", "identification/location": "Hall 2", "state": "NotExecuting",
            "counters/power on": 3600000.0, "counters/operation": 1800000.5})  # it has no mode and counts no cycles
        self.peer.stdin.write("state Executing\n")
        self.peer.stdin.flush()
        until(lambda: self.server.tag("org/hall/machine/state")["last"]["value"] == "Executing", "the state that follows")

    def test_a_unit_of_packml(self):
        values = self.use("Packaging machine (OPC UA, PackML)", "unit")
        self.assertEqual((values["speed/actual"], values["speed/setpoint"], values["blocked"], values["starved"]), (117.5, 120.0, False, True))

    def test_an_asset_of_isa_95(self):
        self.assertEqual(self.use("Physical asset (OPC UA, ISA-95)", "asset")["asset/location"], "Hall 2, column C4")


if __name__ == "__main__":
    unittest.main()
