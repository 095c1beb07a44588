"""Data out of the house: tags served to clients of other makers, by rules, and written through them."""
import asyncio
import datetime
import importlib.util
import json
import logging
import socket
import ssl
import struct
import sys
import unittest

from harness import PASSWORD, Scenario, free_port, until

if importlib.util.find_spec("asyncua"):
    from asyncua import Client, ua
    from asyncua.crypto.cert_gen import setup_self_signed_certificate
    from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
    from cryptography.x509.oid import ExtendedKeyUsageOID
from pymodbus.client import ModbusTcpClient
from test_machines import PYMODBUS_DEVICE

logging.getLogger("asyncua").setLevel(logging.CRITICAL)
NAMESPACE = "urn:lineshaft:tags"


# A client of lib60870, in a process of its own: asks for everything again and again, and
# prints what it knows whenever that changes.
CONTROL_CENTRE = """
import sys, time
import c104
client = c104.Client(tick_rate_ms=50, command_timeout_ms=5000)
connection = client.add_connection(ip="127.0.0.1", port=int(sys.argv[1]), init=c104.Init.INTERROGATION)
station = connection.add_station(common_address=7)
power = station.add_point(io_address=100, type=c104.Type.M_ME_NC_1)
breaker = station.add_point(io_address=101, type=c104.Type.M_SP_NA_1)
client.start()
told = None
while True:
    known = f"{power.value} {breaker.value}"
    if known != told:
        print(known)
    told = known
    if connection.is_connected and connection.is_muted:
        connection.unmute()  # now and then it forgets to start the transfer of data
    elif connection.is_connected:
        connection.interrogation(common_address=7)
    time.sleep(0.2)
"""


class FlowScenario(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()

    def add_tag(self, path, **more):
        return self.server.ok("POST", "/tags", {"path": path, "type": "float64", **more})["id"]

    def store(self, tag, value, **more):
        self.server.ok("POST", "/values", {"samples": [
            {"tag": tag, "time": datetime.datetime.now(datetime.UTC).isoformat(), "value": value, **more}]})

    def add_flow(self, kind, settings, rules=None, **more):
        port = free_port()
        flow = self.server.ok("POST", "/flows", {
            "name": kind, "kind": kind, "settings": {"port": port, **settings},
            **({"rules": rules} if rules else {}), **more})
        return flow, port

    def flow(self, flow):
        return self.server.get(f"/flows/{flow['id']}")


@unittest.skipUnless(importlib.util.find_spec("asyncua"), "asyncua is missing (tests/requirements.txt)")
class OpcUaFlow(FlowScenario):
    def setUp(self):
        super().setUp()
        self.force = self.add_tag("acme/hall/press/force", unit="B47")
        self.heat = self.add_tag("acme/hall/oven/heat", unit="CEL")
        self.store(self.force, 12.5)
        self.store(self.heat, 100.0)

    def test_values_units_qualities_and_history_reach_a_client(self):
        flow, port = self.add_flow("opcua-server", {"allow_none": True, "allow_anonymous": True}, [
            {"select": "acme/*/oven/**", "name": "ovens/{-1}", "unit": "FAH"}, {"select": "**"}])
        asyncio.run(self.read(port))
        until(lambda: self.flow(flow)["status"]["samples_out"] >= 2, "the counters")
        status = self.flow(flow)["status"]
        self.assertEqual((status["state"], status["tags"], status["tags_left_out"]), ("up", 2, 0))

    async def read(self, port):
        async with Client(f"opc.tcp://127.0.0.1:{port}") as client:
            ns = await client.get_namespace_index(NAMESPACE)
            heat = client.get_node(ua.NodeId("ovens/heat", ns))
            force = client.get_node(ua.NodeId("acme/hall/press/force", ns))
            for _ in range(100):  # nodes are made in portions
                try:
                    self.assertEqual(await heat.read_value(), 212.0)
                    break
                except ua.UaStatusCodeError:
                    await asyncio.sleep(0.1)
            self.assertEqual(await force.read_value(), 12.5)
            unit = await (await heat.get_child("0:EngineeringUnits")).read_value()
            self.assertEqual(unit.DisplayName.Text, "FAH")

            seen = asyncio.Queue()

            class Handler:
                def datachange_notification(self, node, value, data):
                    seen.put_nowait((value, data.monitored_item.Value.StatusCode.value))

            subscription = await client.create_subscription(50, Handler())
            await subscription.subscribe_data_change(force)
            self.assertEqual((await asyncio.wait_for(seen.get(), 30))[0], 12.5)
            await asyncio.to_thread(self.store, self.force, 13.0)
            self.assertEqual((await asyncio.wait_for(seen.get(), 30))[0], 13.0)
            # Bad quality is passed on as the status code that it is.
            await asyncio.to_thread(self.store, self.force, 13.0, quality_code=0x80310000)
            self.assertEqual((await asyncio.wait_for(seen.get(), 30))[1], 0x80310000)

            history = await heat.read_raw_history(datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1),
                                                  datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1))
            # The library asks for bounding values; there is none on either side.
            self.assertEqual([one.Value.Value for one in history], [None, 212.0, None])

    def test_nobody_gets_in_without_a_trusted_certificate_and_a_password(self):
        _, port = self.add_flow("opcua-server", {})
        asyncio.run(self.get_in(port))
        signed_in = [entry for entry in self.server.get("/audit")["items"] if entry["action"] == "flow.sign_in"]
        self.assertEqual([entry["actor"] for entry in signed_in], ["ann@example.com"])

    def test_a_person_writes_only_with_the_permission(self):
        device = free_port()
        self.run_process(sys.executable, "-c", PYMODBUS_DEVICE, str(device))
        self.server.ok("POST", "/connections", {
            "name": "Press", "protocol": "modbus-tcp", "settings": {"host": "127.0.0.1", "port": device},
            "groups": [{"name": "fast", "interval_ms": 100}], "writes_enabled": True,
            "signals": [{"path": "acme/press/speed", "area": "holding", "address": 3, "type": "uint16",
                         "group": "fast", "writable": True}]})
        until(lambda: self.server.connection("Press")["status"]["state"] == "connected", "the machine")
        for name, role in (("bo", "viewer"), ("cy", "operator")):
            self.server.ok("POST", "/users", {"name": name, "email": f"{name}@example.com", "role": role, "password": PASSWORD})
        _, port = self.add_flow("opcua-server", {}, writes_enabled=True)
        asyncio.run(self.write(port))
        until(lambda: self.server.tag("acme/press/speed")["last"]["value"] == 55, "the machine to follow")
        writes = [entry for entry in self.server.get("/audit")["items"] if entry["action"] == "tag.write"]
        self.assertEqual([(entry["actor"], entry["before"], entry["after"]) for entry in writes],
                         [("cy@example.com", {"value": 3}, {"value": 55})])

    async def write(self, port):
        await self.become_trusted(port)
        for user, may in (("bo@example.com", False), ("cy@example.com", True)):
            async with await self.secured(port, user, PASSWORD) as client:
                ns = await client.get_namespace_index(NAMESPACE)
                speed = client.get_node(ua.NodeId("acme/press/speed", ns))
                if may:
                    await speed.write_value(ua.DataValue(ua.Variant(55, ua.VariantType.Int64)))
                    continue
                with self.assertRaises(ua.UaStatusCodeError) as refused:
                    await speed.write_value(ua.DataValue(ua.Variant(44, ua.VariantType.Int64)))
                self.assertEqual(refused.exception.code, ua.StatusCodes.BadUserAccessDenied)

    async def secured(self, port, user, password):
        client = Client(f"opc.tcp://127.0.0.1:{port}", timeout=20)
        client.application_uri = "urn:peer:flows"
        await client.set_security(SecurityPolicyBasic256Sha256, str(self.folder / "peer.der"),
                                  str(self.folder / "peer-key.pem"), mode=ua.MessageSecurityMode.SignAndEncrypt)
        client.set_user(user)
        client.set_password(password)
        return client

    async def become_trusted(self, port):
        await setup_self_signed_certificate(
            self.folder / "peer-key.pem", self.folder / "peer.der", "urn:peer:flows", "localhost",
            [ExtendedKeyUsageOID.CLIENT_AUTH], {"organizationName": "Peer"})
        with self.assertRaises(Exception):  # not trusted yet
            async with await self.secured(port, "ann@example.com", PASSWORD):
                pass
        waiting = await asyncio.to_thread(self.server.get, "/certificates")
        [peer] = [one for one in waiting["waiting"] if one["application_uri"] == "urn:peer:flows"]
        await asyncio.to_thread(self.server.ok, "POST", f"/certificates/{peer['thumbprint']}/approve")

    async def get_in(self, port):
        with self.assertRaises(Exception):  # in the open
            async with Client(f"opc.tcp://127.0.0.1:{port}"):
                pass
        await self.become_trusted(port)
        with self.assertRaises(Exception):
            async with await self.secured(port, "ann@example.com", "wrong " + PASSWORD):
                pass
        async with await self.secured(port, "ann@example.com", PASSWORD) as client:
            ns = await client.get_namespace_index(NAMESPACE)
            self.assertEqual(await client.get_node(ua.NodeId("acme/hall/press/force", ns)).read_value(), 12.5)

    def test_a_dangerous_write_takes_both_steps_by_methods(self):
        device = free_port()
        self.run_process(sys.executable, "-c", PYMODBUS_DEVICE, str(device))
        self.server.ok("POST", "/connections", {
            "name": "Press", "protocol": "modbus-tcp", "settings": {"host": "127.0.0.1", "port": device},
            "groups": [{"name": "fast", "interval_ms": 100}], "writes_enabled": True,
            "signals": [{"path": "acme/press/speed", "area": "holding", "address": 3, "type": "uint16",
                         "group": "fast", "writable": True, "write_confirm": "again", "write_high": 100}]})
        until(lambda: self.server.connection("Press")["status"]["state"] == "connected", "the machine")
        for name, role in (("bo", "viewer"), ("cy", "operator")):
            self.server.ok("POST", "/users", {"name": name, "email": f"{name}@example.com", "role": role, "password": PASSWORD})
        _, port = self.add_flow("opcua-server", {"two_step_methods": True}, writes_enabled=True)
        asyncio.run(self.write_twice(port))
        until(lambda: self.server.tag("acme/press/speed")["last"]["value"] == 55, "the machine to follow")
        trail = [(entry["action"], entry["actor"]) for entry in self.server.get("/audit")["items"]
                 if entry["action"] in ("tag.write", "tag.write.wait")]
        self.assertEqual(trail, [("tag.write", "cy@example.com"), ("tag.write.wait", "cy@example.com")])

    async def write_twice(self, port):
        await self.become_trusted(port)
        signal = ua.Variant("acme/press/speed", ua.VariantType.String)
        value = lambda number: ua.Variant(number, ua.VariantType.Int64)

        async def refused(status, writes, method, *arguments):
            with self.assertRaises(ua.UaStatusCodeError) as error:
                await writes.call_method(method, *arguments)
            self.assertEqual(error.exception.code, status)

        for user, may in (("bo@example.com", False), ("cy@example.com", True)):
            async with await self.secured(port, user, PASSWORD) as client:
                ns = await client.get_namespace_index(NAMESPACE)
                writes = await client.nodes.objects.get_child([f"{ns}:Writes"])
                ask, confirm = f"{ns}:RequestWrite", f"{ns}:ConfirmWrite"
                if not may:
                    await refused(ua.StatusCodes.BadUserAccessDenied, writes, ask, signal, value(55))
                    continue
                await refused(ua.StatusCodes.BadOutOfRange, writes, ask, signal, value(101))
                token, machine, _, second = await writes.call_method(ask, signal, value(55))
                self.assertEqual((machine, second), ("Press", False))
                await refused(ua.StatusCodes.BadInvalidState, writes, confirm, signal, value(55), "made up", machine)
                await writes.call_method(confirm, signal, value(55), token, machine)
                await refused(ua.StatusCodes.BadInvalidState, writes, confirm, signal, value(55), token, machine)

    def test_history_is_computed_here_and_fetched_by_a_server_like_this(self):
        start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        at = lambda second: (start + datetime.timedelta(seconds=second)).isoformat().replace("+00:00", "Z")
        self.server.ok("POST", "/values", {"samples": [
            {"tag": self.heat, "time": at(i), "value": i / 2} for i in range(2_500)]})
        _, port = self.add_flow("opcua-server", {"allow_none": True, "allow_anonymous": True})
        asyncio.run(self.compute(port, start))

        other = self.serve(name="other")
        other.claim()
        other.ok("POST", "/connections", {
            "name": "Upstream", "protocol": "opc-ua", "settings": {"url": f"opc.tcp://127.0.0.1:{port}", "mode": "none"},
            "groups": [{"name": "fast", "interval_ms": 100}],
            "signals": [{"path": "copy/heat", "node": f"nsu={NAMESPACE};s=acme/hall/oven/heat", "type": "float64"}]})
        until(lambda: (other.tag("copy/heat")["last"] or {}).get("quality") == "Good", "a good value")
        connection = other.connection("Upstream")["id"]
        page = f"/connections/{connection}/backfill"
        kept = lambda: other.get(f"/values/raw?tag={other.tag('copy/heat')['id']}&from={at(0)}&to={at(3600)}&limit=10000")["items"]
        for dry_run in (True, False, False):  # the third brings what is there already
            other.ok("POST", page, {"from": at(0), "to": at(3600), "dry_run": dry_run})
            until(lambda: other.get(page)["state"] != "running", "the end")
            done = other.get(page)
            self.assertEqual((done["state"], done["values"], done["error"]), ("done", 2_500, None))
            self.assertEqual(len(kept()), 0 if dry_run else 2_500)
        self.assertEqual([one["value"] for one in kept()[:3]], [0, 0.5, 1])
        events = [one["event"] for one in other.get(f"/connections/{connection}/events")["items"]]
        self.assertEqual(events.count("filled"), 2)

    async def compute(self, port, start):
        seconds = lambda n: start + datetime.timedelta(seconds=n)
        async with Client(f"opc.tcp://127.0.0.1:{port}") as client:
            ns = await client.get_namespace_index(NAMESPACE)
            what = ua.HistoryReadValueId()
            what.NodeId = ua.NodeId("acme/hall/oven/heat", ns)
            parameters = ua.HistoryReadParameters()
            parameters.ReleaseContinuationPoints = False  # the library's default asks for no values
            parameters.NodesToRead.append(what)

            async def read(details):
                parameters.HistoryReadDetails = details
                [result] = await client.uaclient.history_read(parameters)
                return result.StatusCode.value, [one.Value.Value for one in result.HistoryData.DataValues] if result.StatusCode.is_good() else []

            for aggregate, wanted in (("Average", [2.25, 7.25]), ("Maximum", [4.5, 9.5]), ("Count", [10, 10])):
                for _ in range(100):  # nodes are made in portions
                    status, values = await read(ua.ReadProcessedDetails(
                        StartTime=start, EndTime=seconds(20), ProcessingInterval=10_000.0,
                        AggregateType=[ua.NodeId(getattr(ua.ObjectIds, f"AggregateFunction_{aggregate}"))]))
                    if status != ua.StatusCodes.BadNodeIdUnknown:
                        break
                    await asyncio.sleep(0.1)
                self.assertEqual((status, values), (0, wanted), aggregate)
            # Samples at 3 s and 4 s are 1.5 and 2; between them the tag says what there is.
            status, values = await read(ua.ReadAtTimeDetails(ReqTimes=[seconds(3), seconds(4)]))
            self.assertEqual((status, values), (0, [1.5, 2.0]))


class ModbusFlow(FlowScenario):
    def float64(self, client, address):
        answer = client.read_holding_registers(address, count=4)
        self.assertFalse(answer.isError(), answer)
        return struct.unpack(">d", struct.pack(">4H", *answer.registers))[0]

    def test_addresses_stay_when_tags_come_and_the_server_restarts(self):
        b = self.add_tag("acme/b/force")
        self.store(b, 2.5)
        flow, port = self.add_flow("modbus-server", {"first_address": 100})
        client = ModbusTcpClient("127.0.0.1", port=port)
        self.addCleanup(client.close)
        client.connect()
        until(lambda: self.float64(client, 100) == 2.5, "the value")
        a = self.add_tag("acme/a/force")  # before b in the order of paths
        self.store(a, 1.5)
        until(lambda: self.flow(flow)["status"]["tags"] == 2, "the new tag")
        until(lambda: self.float64(client, 104) == 1.5, "its value")
        self.assertEqual(self.float64(client, 100), 2.5)
        self.store(b, 2.75)
        until(lambda: self.float64(client, 100) == 2.75, "the change")

        self.server.stop()
        self.server.start()
        self.server.sign_in()
        client.close()
        client.connect()
        until(lambda: self.float64(client, 104) == 1.5 and self.float64(client, 100) == 2.75, "all of it again")
        table = self.server.request("GET", f"/flows/{flow['id']}/tags.csv").body.decode().splitlines()
        self.assertEqual(table, ["name,address,type,unit,writable,description,tag",
                                 "acme/a/force,register 104: float64,float64,,no,,acme/a/force",
                                 "acme/b/force,register 100: float64,float64,,no,,acme/b/force"])

    def test_a_client_writes_to_a_machine_through_the_house(self):
        device = free_port()
        self.run_process(sys.executable, "-c", PYMODBUS_DEVICE, str(device))
        self.server.ok("POST", "/connections", {
            "name": "Press", "protocol": "modbus-tcp", "settings": {"host": "127.0.0.1", "port": device},
            "groups": [{"name": "fast", "interval_ms": 100}], "writes_enabled": True,
            "signals": [{"path": "acme/press/speed", "area": "holding", "address": 3, "type": "uint16",
                         "group": "fast", "writable": True}]})
        until(lambda: self.server.connection("Press")["status"]["state"] == "connected", "the machine")
        flow, port = self.add_flow("modbus-server", {"narrow": True})
        client = ModbusTcpClient("127.0.0.1", port=port)
        self.addCleanup(client.close)
        client.connect()
        refused = client.write_registers(0, [0, 1200])
        self.assertTrue(refused.isError(), "the flow takes no writes")
        body = self.flow(flow)
        self.server.ok("PUT", f"/flows/{flow['id']}", {**body, "writes_enabled": True},
                       headers={"if-match": str(body["version"])})
        until(lambda: not client.write_registers(0, [0, 1200]).isError(), "a write that is taken")
        until(lambda: self.server.tag("acme/press/speed")["last"]["value"] == 1200, "the machine to follow")
        until(lambda: client.read_holding_registers(0, count=2).registers == [0, 1200], "the client to see it")
        writes = [entry for entry in self.server.get("/audit")["items"] if entry["action"] == "tag.write"]
        self.assertEqual(writes[0]["actor"], "Modbus client")
        self.assertIn("by the flow 'modbus-server'", writes[0]["detail"])

    def test_what_comes_back_from_the_destination_is_left_out(self):
        self.store(self.add_tag("acme/press/force"), 2.5)
        flow, port = self.add_flow("modbus-server", {})
        self.server.ok("POST", "/connections", {
            "name": "Mirror", "protocol": "modbus-tcp", "settings": {"host": "127.0.0.1", "port": port},
            "groups": [{"name": "fast", "interval_ms": 100}],
            "signals": [{"path": "mirror/press/force", "area": "holding", "address": 0, "type": "float64",
                         "group": "fast"}]})
        until(lambda: (self.server.tag("mirror/press/force")["last"] or {}).get("value") == 2.5, "the mirror")
        until(lambda: self.flow(flow)["status"]["loops"] == ["Mirror"], "the loop to be seen")
        left_out = self.server.get(f"/flows/{flow['id']}/tags?left_out=true")["items"]
        self.assertEqual([one["path"] for one in left_out], ["mirror/press/force"])
        self.assertIn("'Mirror' reads it from there", left_out[0]["why"])


class Authority:
    """Issues certificates for Modbus/TCP Security, with the role of a client where it has one."""

    def __init__(self):
        from cryptography.hazmat.primitives.asymmetric import ec
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self.sign("authority", self.key, is_authority=True)
        self.pem = self.text(self.certificate)

    def sign(self, name, key, role=None, is_authority=False):
        import ipaddress

        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        issuer = subject if is_authority else self.certificate.subject
        now = datetime.datetime.now(datetime.UTC)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                   .not_valid_after(now + datetime.timedelta(days=1))
                   .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), True)
                   .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False))
        if role:
            text = role.encode()
            builder = builder.add_extension(x509.UnrecognizedExtension(
                x509.ObjectIdentifier("1.3.6.1.4.1.50316.802.1"), bytes([0x0c, len(text)]) + text), False)
        return builder.sign(self.key, hashes.SHA256())

    @staticmethod
    def text(certificate):
        from cryptography.hazmat.primitives import serialization
        return certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, name, role=None):
        """(certificate, key), PEM."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        key = ec.generate_private_key(ec.SECP256R1())
        return self.text(self.sign(name, key, role)), key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


@unittest.skipUnless(importlib.util.find_spec("cryptography"), "cryptography is missing (tests/requirements.txt)")
class SecureModbusFlow(FlowScenario):
    def client(self, authority, port, name, role=None):
        certificate, key = authority.issue(name, role)
        (self.folder / f"{name}.pem").write_text(certificate + key)
        context = ssl.create_default_context(cadata=authority.pem)
        context.load_cert_chain(self.folder / f"{name}.pem")
        stream = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 20), server_hostname="127.0.0.1")
        self.addCleanup(stream.close)
        return stream

    def ask(self, stream, pdu):
        """True: answered as asked; else with an exception. pymodbus leaves out the header under TLS."""
        stream.sendall(struct.pack(">HHHB", 1, 0, len(pdu) + 1, 1) + pdu)
        answer = b""
        while len(answer) < 9:
            piece = stream.recv(260)
            self.assertTrue(piece, "the server closed the connection")
            answer += piece
        return answer[7] == pdu[0]

    def test_only_clients_with_a_role_that_is_named_may_write(self):
        device = free_port()
        self.run_process(sys.executable, "-c", PYMODBUS_DEVICE, str(device))
        self.server.ok("POST", "/connections", {
            "name": "Press", "protocol": "modbus-tcp", "settings": {"host": "127.0.0.1", "port": device},
            "groups": [{"name": "fast", "interval_ms": 100}], "writes_enabled": True,
            "signals": [{"path": "acme/press/speed", "area": "holding", "address": 3, "type": "uint16",
                         "group": "fast", "writable": True}]})
        until(lambda: self.server.connection("Press")["status"]["state"] == "connected", "the machine")
        authority = Authority()
        certificate, key = authority.issue("server")
        settings = {"narrow": True, "tls": True, "tls_certificate": certificate, "tls_key": key, "writing_roles": "operator, engineer"}
        refused = self.server.request("POST", "/flows", {"name": "x", "kind": "modbus-server", "settings": {"port": free_port(), **settings}})
        self.assertEqual(refused.status, 400)
        self.assertIn("settings.writing_roles", refused.json["detail"])
        flow, port = self.add_flow("modbus-server", {**settings, "tls_trusted": authority.pem}, writes_enabled=True)
        self.assertNotIn("tls_key", self.flow(flow)["settings"])
        until(lambda: self.flow(flow)["status"]["state"] == "up", "the flow")
        for role, may in (("engineer", True), ("viewer", False), (None, False)):
            client = self.client(authority, port, f"client of {role}", role)
            until(lambda: self.ask(client, struct.pack(">BHH", 3, 0, 2)), "a value that is read")
            self.assertEqual(self.ask(client, struct.pack(">BHHBHH", 16, 0, 2, 4, 0, 1200)), may, role)
        until(lambda: self.server.tag("acme/press/speed")["last"]["value"] == 1200, "the machine to follow")


@unittest.skipUnless(importlib.util.find_spec("snap7"), "python-snap7 is missing (tests/requirements.txt)")
class S7Flow(FlowScenario):
    def test_values_and_qualities_lie_where_the_list_says(self):
        import snap7
        tags = {path: self.server.ok("POST", "/tags", {"path": path, "type": kind})["id"] for path, kind in (
            ("acme/a/on", "bool"), ("acme/b/count", "int64"), ("acme/c/heat", "float32"), ("acme/d/order", "string"))}
        for path, value in (("acme/a/on", True), ("acme/b/count", -7), ("acme/c/heat", 20.25), ("acme/d/order", "A-17")):
            self.store(tags[path], value)
        flow, port = self.add_flow("s7-server", {"db": 5, "string_chars": 10})
        listed = self.server.get(f"/flows/{flow['id']}/tags")["items"]
        self.assertEqual([one["address_text"] for one in listed],
                         ["DB5.DBX0.0", "DB5.DBB2:LINT", "DB5.DBD10:REAL", "DB5.DBB14:STRING[10]"])
        client = snap7.Client()
        client.connect("127.0.0.1", 0, 1, port)
        self.addCleanup(client.disconnect)
        data = client.db_read(5, 0, 26)
        self.assertEqual((data[0], struct.unpack(">q", data[2:10])[0], struct.unpack(">f", data[10:14])[0]), (1, -7, 20.25))
        self.assertEqual(bytes(data[14:20]), b"\x0a\x04A-17")
        self.assertEqual(set(client.db_read(1001, 10, 4)), {0})
        self.store(tags["acme/c/heat"], 20.25, quality_code=0x80310000)
        until(lambda: set(client.db_read(1001, 10, 4)) == {2}, "the bad quality")
        with self.assertRaises(Exception):
            client.db_write(5, 10, bytearray(4))


@unittest.skipUnless(importlib.util.find_spec("c104"), "c104 is missing (tests/requirements.txt)")
class Iec104Flow(FlowScenario):
    def test_a_control_centre_is_told_the_newest_values(self):
        force, closed = self.add_tag("acme/a/power"), self.server.ok("POST", "/tags", {"path": "acme/b/closed", "type": "bool"})["id"]
        self.store(force, 72.5)
        self.store(closed, True)
        _, port = self.add_flow("iec104-server", {"first_address": 100, "common_address": 7})
        log = open(self.folder / "centre", "w+")
        self.addCleanup(log.close)
        self.run_process(sys.executable, "-u", "-c", CONTROL_CENTRE, str(port), stdout=log)

        def heard():
            log.seek(0)
            return log.read().splitlines()
        until(lambda: "72.5 True" in heard(), "the interrogation")
        self.store(force, 80.25)
        until(lambda: "80.25 True" in heard(), "the change")


class FlowApi(FlowScenario):
    def test_a_preview_keeps_nothing_and_a_wrong_unit_is_refused_whole(self):
        self.add_tag("acme/oven/heat", unit="CEL")
        flow = {"name": "x", "kind": "modbus-server", "settings": {"port": free_port()},
                "rules": [{"select": "**", "name": "{-1}", "unit": "BAR"}]}
        page = self.server.ok("POST", "/flows/preview?left_out=true", flow)
        self.assertEqual((page["tags"], page["left_out"]), (0, 1))
        self.assertIn("'CEL' does not convert to 'BAR'", page["items"][0]["why"])
        refused = self.server.request("POST", "/flows", flow)
        self.assertEqual(refused.status, 400)
        self.assertIn("rules[0].unit", refused.json["detail"])
        self.assertEqual(self.server.get("/flows")["items"], [])
        flow["rules"][0]["unit"] = "KEL"
        [item] = self.server.ok("POST", "/flows/preview", flow)["items"]
        self.assertEqual((item["name"], item["unit"], item["address_text"]), ("heat", "KEL", "register 0: float64"))

    def test_a_change_of_something_that_has_changed_is_refused(self):
        flow, _ = self.add_flow("modbus-server", {})
        path = f"/flows/{flow['id']}"
        answer = self.server.request("GET", path)
        self.assertEqual(answer.headers["etag"], '"1"')
        self.server.ok("PUT", path, {**answer.json, "enabled": False}, headers={"if-match": '"1"'})
        late = self.server.request("PUT", path, answer.json, headers={"if-match": '"1"'})
        self.assertEqual(late.status, 409)
        self.assertEqual(self.flow(flow)["status"]["state"], "disabled")
        self.server.ok("DELETE", path)
        self.assertEqual(self.server.request("GET", path).status, 404)
        actions = [entry["action"] for entry in self.server.get("/audit")["items"]]
        for action in ("flow.add", "flow.change", "flow.remove"):
            self.assertIn(action, actions)

    def test_a_server_can_be_started_with_flows(self):
        folder = self.folder / "provision"
        folder.mkdir()
        flows = [{"name": "PLC", "kind": "modbus-server", "settings": {"port": free_port()}}]
        (folder / "flows.json").write_text(json.dumps(flows))
        server = self.serve("--provision", str(folder), name="provisioned")
        server.claim()
        [flow] = until(lambda: server.get("/flows")["items"], "the flow of the folder")
        self.assertEqual((flow["name"], flow["status"]["state"]), ("PLC", "up"))

    def test_the_command_line_does_the_same(self):
        self.add_tag("acme/press/force", unit="B47")
        self.server.cli_login()
        flow = f'{{"name": "PLC", "kind": "modbus-server", "settings": {{"port": {free_port()}}}}}'
        shown = self.server.cli("flow", "preview", "-", stdin=flow)
        self.assertIn("register 0: float64", shown)
        self.server.cli("flow", "apply", "-", stdin=flow)
        self.server.cli("flow", "apply", "-", stdin=flow)  # the same again: still one
        listed = self.server.cli("flow", "ls", "-o", "csv").splitlines()
        self.assertEqual(len(listed), 2, listed)
        self.assertIn("acme/press/force", self.server.cli("flow", "show", "1"))
        self.server.cli("flow", "rm", "1")
        self.assertEqual(self.server.get("/flows")["items"], [])


if __name__ == "__main__":
    unittest.main()
