#!/usr/bin/env python3
"""Our OPC UA server and client against asyncua, in the open and encrypted.

Run: opcua_interop.py PATH/TO/opcua_peer
What is missing on the machine is skipped, and says so.
"""
import asyncio
import datetime
import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from capture import Capture

PEER = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "opcua_peer"

try:
    from asyncua import Client, Server, ua, uamethod
    from asyncua.crypto.cert_gen import setup_self_signed_certificate
    from asyncua.crypto.permission_rules import SimpleRoleRuleset
    from asyncua.crypto.security_policies import (
        SecurityPolicyAes128Sha256RsaOaep, SecurityPolicyAes256Sha256RsaPss,
        SecurityPolicyBasic256Sha256)
    from asyncua.server.user_managers import User, UserRole
    from cryptography.x509.oid import ExtendedKeyUsageOID
    HAS_ASYNCUA = True
except ImportError:
    HAS_ASYNCUA = False

needs_asyncua = unittest.skipUnless(HAS_ASYNCUA, "asyncua is missing (tests/requirements.txt)")
LIMIT = 30  # seconds until a test gives up waiting


def free_port():
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Peer:
    """One of our programs: its JSON lines are kept, and can be waited for."""

    def __init__(self, *words, first_line=None):
        self.folder = tempfile.TemporaryDirectory()
        words = [word.replace("FOLDER", self.folder.name) for word in words]
        self.process = subprocess.Popen([PEER, *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.lines = []
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if first_line is not None:
            self.say(json.dumps(first_line))

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(json.loads(line))
                self.changed.notify_all()

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_for(self, wanted, what):
        """The first line for which `wanted` is true."""
        def find():
            return next((line for line in self.lines if wanted(line)), None)
        with self.changed:
            if not self.changed.wait_for(lambda: find() is not None, LIMIT):
                raise AssertionError(f"no {what} in {self.lines[-20:]}")
            return find()

    async def until(self, wanted, what):
        return await asyncio.to_thread(self.wait_for, wanted, what)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(LIMIT)
        self.reader.join(LIMIT)
        self.process.stdout.close()
        self.folder.cleanup()


class OurServer(Peer):
    def __init__(self):
        super().__init__("server", "FOLDER", "0")
        self.port = self.wait_for(lambda l: 'port' in l, 'port')['port']
        self.url = f"opc.tcp://127.0.0.1:{self.port}"


def node_text(node, uri):
    """As a connection names it."""
    kind = {"TwoByte": "i", "FourByte": "i", "Numeric": "i", "String": "s"}[node.NodeIdType.name]
    return f"nsu={uri};{kind}={node.Identifier}"


async def make_certificate(folder, uri, host="localhost"):
    folder = Path(folder)
    key, certificate = folder / "peer-key.pem", folder / "peer.der"
    await setup_self_signed_certificate(
        key, certificate, uri, host, [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH],
        {"countryName": "DE", "organizationName": "Peer"})
    return certificate, key


@needs_asyncua
class OurServerAgainstAsyncua(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.server = OurServer()
        self.addCleanup(self.server.__exit__)

    async def node(self, client, name):
        index = await client.get_namespace_index("urn:lineshaft:tags")
        return client.get_node(f"ns={index};s=acme/hall/press/{name}")

    async def test_it_browses_the_tree_by_the_levels_of_the_paths(self):
        async with Client(self.server.url) as client:
            index = await client.get_namespace_index("urn:lineshaft:tags")
            press = await client.nodes.objects.get_child(
                [f"{index}:acme", f"{index}:hall", f"{index}:press"])
            names = sorted([(await child.read_browse_name()).Name for child in await press.get_children()])
        self.assertEqual(names, ["force", "order", "pieces", "running", "setpoint", "state", "temperature"])

    async def test_it_reads_types_values_times_and_status(self):
        wanted = {"force": (ua.VariantType.Double, 12.5), "pieces": (ua.VariantType.Int64, 7_000_000_000),
                  "running": (ua.VariantType.Boolean, True), "order": (ua.VariantType.String, "A-17 ä"),
                  "temperature": (ua.VariantType.Float, 20.25), "setpoint": (ua.VariantType.Double, 3.0)}
        async with Client(self.server.url) as client:
            for name, (kind, value) in wanted.items():
                read = await (await self.node(client, name)).read_data_value(raise_on_bad_status=False)
                self.assertEqual((read.Value.VariantType, read.Value.Value), (kind, value), name)
                stamp = read.SourceTimestamp.replace(tzinfo=datetime.timezone.utc)
                self.assertEqual(stamp, datetime.datetime(2026, 1, 1, 0, 0, 0, 123456, datetime.timezone.utc))
                self.assertEqual(read.StatusCode.value, 0x40A40000 if name == "temperature" else 0)

    async def test_it_reads_range_unit_and_names_of_values(self):
        async with Client(self.server.url) as client:
            force = await self.node(client, "force")
            limits = await (await force.get_child("0:EURange")).read_value()
            self.assertEqual((limits.Low, limits.High), (0, 500))
            unit = await (await force.get_child("0:EngineeringUnits")).read_value()
            self.assertEqual(unit.UnitId, int.from_bytes(b"NEW", "big"))  # UNECE Rec 20: newton
            self.assertEqual(unit.DisplayName.Text, "N")
            self.assertEqual((await force.read_description()).Text, "of the ram")
            names = await (await (await self.node(client, "state")).get_child("0:EnumValues")).read_value()
            self.assertEqual([(n.Value, n.DisplayName.Text) for n in names],
                             [(1, "idle"), (2, "press"), (7, "fault")])

    async def test_it_subscribes_and_misses_no_change(self):
        seen, enough = [], asyncio.Event()

        class Handler:
            def datachange_notification(self, node, value, data):
                seen.append(value)
                if value == 1019.0:
                    enough.set()

        async with Client(self.server.url) as client:
            subscription = await client.create_subscription(100, Handler())
            await subscription.subscribe_data_change(await self.node(client, "force"), queuesize=100)
            for i in range(20):
                self.server.say(f"set 1 {1000 + i}")
            await asyncio.wait_for(enough.wait(), LIMIT)
            await subscription.delete()
        self.assertEqual(seen[-20:], [1000.0 + i for i in range(20)])

    async def test_it_writes_where_that_is_allowed_and_hears_why_not(self):
        async with Client(self.server.url) as client:
            setpoint = await self.node(client, "setpoint")
            await setpoint.write_value(ua.DataValue(ua.Variant(42.5, ua.VariantType.Double)))
            self.assertEqual(await setpoint.read_value(), 42.5)
            with self.assertRaises(ua.uaerrors.BadOutOfRange):
                await setpoint.write_value(ua.DataValue(ua.Variant(101.0, ua.VariantType.Double)))
            with self.assertRaises(ua.uaerrors.BadTypeMismatch):
                await setpoint.write_value(ua.DataValue(ua.Variant("x", ua.VariantType.String)))
            with self.assertRaises(ua.uaerrors.BadNotWritable):
                await (await self.node(client, "force")).write_value(
                    ua.DataValue(ua.Variant(1.0, ua.VariantType.Double)))

    async def test_it_reads_history_in_portions_both_ways(self):
        start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
        async with Client(self.server.url) as client:
            force = await self.node(client, "force")
            end = start + datetime.timedelta(seconds=24_000)
            values = await force.read_raw_history(start, end)
            # The library asks for bounding values: the last one is at the end itself.
            self.assertEqual([v.Value.Value for v in values], [i / 2 for i in range(24_001)])
            values = await force.read_raw_history(start + datetime.timedelta(seconds=100), start, numvalues=3)
            self.assertEqual([v.Value.Value for v in values][:3], [50.0, 49.5, 49.0])

    async def test_it_computes_aggregates_and_values_at_instants(self):
        start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
        seconds = lambda n: start + datetime.timedelta(seconds=n)
        async with Client(self.server.url) as client:
            force = await self.node(client, "force")

            async def read(details):
                what = ua.HistoryReadValueId()
                what.NodeId = force.nodeid
                parameters = ua.HistoryReadParameters()
                parameters.HistoryReadDetails = details
                parameters.ReleaseContinuationPoints = False  # the library's default asks for no values
                parameters.NodesToRead.append(what)
                [result] = await client.uaclient.history_read(parameters)
                result.StatusCode.check()
                return result.HistoryData.DataValues

            values = await read(ua.ReadProcessedDetails(
                StartTime=seconds(0), EndTime=seconds(40), ProcessingInterval=10_000.0,
                AggregateType=[ua.NodeId(ua.ObjectIds.AggregateFunction_Average)]))
            # Samples 0, 0.5, 1 ... 4.5 in the first ten seconds: their mean is 2.25, and 5 more in each window.
            self.assertEqual([v.Value.Value for v in values], [2.25, 7.25, 12.25, 17.25])
            self.assertEqual([v.SourceTimestamp.replace(tzinfo=datetime.timezone.utc) for v in values],
                             [seconds(n) for n in (0, 10, 20, 30)])
            values = await read(ua.ReadAtTimeDetails(ReqTimes=[seconds(3), seconds(4.5)]))
            self.assertEqual([v.Value.Value for v in values], [1.5, 2.25])

    async def test_its_methods_write_in_two_steps(self):
        async with Client(self.server.url) as client:
            index = await client.get_namespace_index("urn:lineshaft:tags")
            writes = await client.nodes.objects.get_child([f"{index}:Writes"])
            signal, value = "acme/hall/press/setpoint", ua.Variant(7.5, ua.VariantType.Double)
            token, machine, _, second = await writes.call_method(f"{index}:RequestWrite", signal, value)
            self.assertEqual((machine, second), ("press", False))
            setpoint = await self.node(client, "setpoint")
            self.assertEqual(await setpoint.read_value(), 3.0)
            with self.assertRaises(ua.uaerrors.BadInvalidState):
                await writes.call_method(f"{index}:ConfirmWrite", signal, value, "another", machine)
            await writes.call_method(f"{index}:ConfirmWrite", signal, value, token, machine)
            self.assertEqual(await setpoint.read_value(), 7.5)
            with self.assertRaises(ua.uaerrors.BadNotWritable):
                await writes.call_method(f"{index}:RequestWrite", "acme/hall/press/force", value)

    async def test_tshark_reads_what_our_server_says(self):
        with Capture("opcua", self.server.port) as capture:
            async with Client(self.server.url) as client:
                force = await self.node(client, "force")
                await force.read_value()
                index = await client.get_namespace_index("urn:lineshaft:tags")
                await client.nodes.objects.get_child([f"{index}:acme", f"{index}:hall", f"{index}:press"])
                setpoint = await self.node(client, "setpoint")
                await setpoint.write_value(ua.DataValue(ua.Variant(4.5, ua.VariantType.Double)))
                start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
                await force.read_raw_history(start, start + datetime.timedelta(seconds=100))
                seen = asyncio.Event()

                class Handler:
                    def datachange_notification(self, node, value, data):
                        seen.set()
                subscription = await client.create_subscription(100, Handler())
                await subscription.subscribe_data_change(force)
                await asyncio.wait_for(seen.wait(), LIMIT)
                await subscription.delete()
        capture.check(self, f"opcua and tcp.srcport == {self.server.port}", 10)

    async def test_every_policy_and_mode_with_a_password(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = await make_certificate(folder, "urn:peer:client")
            for policy in (SecurityPolicyBasic256Sha256, SecurityPolicyAes128Sha256RsaOaep,
                           SecurityPolicyAes256Sha256RsaPss):
                for mode in (ua.MessageSecurityMode.Sign, ua.MessageSecurityMode.SignAndEncrypt):
                    for attempt in range(2):
                        client = Client(self.server.url)
                        client.application_uri = "urn:peer:client"
                        client.set_user("otto")
                        client.set_password("geheim")
                        await client.set_security(policy, certificate, key, mode=mode)
                        try:
                            async with client:
                                self.assertEqual(await (await self.node(client, "force")).read_value(), 12.5)
                            break
                        except Exception:  # the certificate waits for approval: once
                            self.assertEqual(attempt, 0)
                            self.server.say("approve")
                            await self.server.until(lambda l: l.get("approved"), "approval")

    async def test_a_wrong_password_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = await make_certificate(folder, "urn:peer:client")
            for password, allowed in (("geheim", True), ("falsch", False)):
                for _ in range(2):
                    client = Client(self.server.url)
                    client.application_uri = "urn:peer:client"
                    client.set_user("otto")
                    client.set_password(password)
                    await client.set_security(SecurityPolicyBasic256Sha256, certificate, key,
                                              mode=ua.MessageSecurityMode.SignAndEncrypt)
                    try:
                        async with client:
                            came = True
                    except Exception as error:
                        came = error
                        self.server.say("approve")
                        await asyncio.sleep(0.2)  # one approval too many does no harm
                if allowed:
                    self.assertIs(came, True)
                else:
                    self.assertIsInstance(came, ua.uaerrors.BadUserAccessDenied)


class Users:
    def get_user(self, iserver, username=None, password=None, certificate=None):
        if username is None:
            return User(role=UserRole.User, name="anonymous")
        if (username, password) == ("otto", "geheim"):
            return User(role=UserRole.User, name=username)
        return None


@needs_asyncua
class OurClientAgainstAsyncua(unittest.IsolatedAsyncioTestCase):
    URI = "urn:peer:plant"

    async def start(self, port=None, policies=None, folder=None):
        server = Server(user_manager=Users())
        await server.init()
        self.port = port or free_port()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{self.port}/peer")
        server.set_server_name("Peer")
        await server.set_application_uri("urn:peer:server")
        if policies:
            certificate, key = await make_certificate(folder, "urn:peer:server")
            server.set_security_policy(policies, permission_ruleset=SimpleRoleRuleset())
            await server.load_certificate(str(certificate))
            await server.load_private_key(str(key))
        else:
            server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        index = await server.register_namespace(self.URI)
        press = await server.nodes.objects.add_object(index, "press")
        self.nodes = {}
        for name, value, kind in (("force", 1.5, ua.VariantType.Double), ("count", 7, ua.VariantType.UInt16),
                                  ("running", True, ua.VariantType.Boolean), ("heat", 20.25, ua.VariantType.Float),
                                  ("order", "A-17 ä", ua.VariantType.String),
                                  ("setpoint", 3, ua.VariantType.Int32)):
            self.nodes[name] = await press.add_variable(
                ua.NodeId(f"press.{name}", index), name, ua.Variant(value, kind))
        await self.nodes["setpoint"].set_writable()
        await self.add_methods(index, press)
        await server.start()
        return server

    def connection(self, **settings):
        types = {"force": "float64", "count": "int64", "running": "bool", "heat": "float32",
                 "order": "string", "setpoint": "int64"}
        return {"name": "peer", "protocol": "opc-ua", "writes_enabled": True, "store": "all",
                "settings": {"url": f"opc.tcp://127.0.0.1:{self.port}/peer", "timeout_ms": 3000, **settings},
                "groups": [{"name": "fast", "interval_ms": 100}],
                "signals": [{"path": f"acme/{name}", "node": f"nsu={self.URI};s=press.{name}", "type": kind,
                             "writable": name == "setpoint"} for name, kind in types.items()]}

    async def add_methods(self, index, press):
        @uamethod
        def begin(parent, program, speed):
            return f"{program} at {speed}", ua.Variant(17, ua.VariantType.UInt16)

        async def hang(parent):
            await asyncio.sleep(60)
            return []

        def refuse(parent):
            return ua.StatusCode(ua.StatusCodes.BadResourceUnavailable)

        def argument(name, kind):
            return ua.Argument(Name=name, DataType=ua.NodeId(kind), ValueRank=-1, ArrayDimensions=[],
                               Description=ua.LocalizedText(f"the {name}"))
        text, real, whole = ua.ObjectIds.String, ua.ObjectIds.Float, ua.ObjectIds.UInt16
        await press.add_method(ua.NodeId("press.begin", index), "begin", begin,
                               [argument("program", text), argument("speed", real)],
                               [argument("order", text), argument("number", whole)])
        await press.add_method(ua.NodeId("press.hang", index), "hang", hang, [], [])
        await press.add_method(ua.NodeId("press.refuse", index), "refuse", refuse, [], [])
        self.press = press

    def methods(self):
        return [{"name": name, "object": node_text(self.press.nodeid, self.URI), "method": f"nsu={self.URI};s=press.{name}"}
                for name in ("begin", "hang", "refuse", "missing")]

    async def call(self, peer, method, **arguments):
        peer.lines.clear()
        peer.say(f"call {method} {json.dumps(arguments)}")
        return await peer.until(lambda l: "called" in l or "refused" in l, "an outcome")

    async def test_it_calls_methods(self):
        server = await self.start()
        settings = self.connection(mode="none", methods=self.methods())
        with Peer("client", "FOLDER", first_line=settings) as peer:
            await self.values(peer)
            peer.say("methods")
            methods = (await peer.until(lambda l: "methods" in l, "the methods"))["methods"]
            self.assertEqual([(a["name"], a["type"], a["description"]) for a in methods[0]["inputs"]],
                             [("program", "String", "the program"), ("speed", "Float", "the speed")])
            self.assertEqual([a["name"] for a in methods[0]["outputs"]], ["order", "number"])
            self.assertIn("BadNodeIdInvalid", methods[3]["error"])  # the library's word for an unknown one
            self.assertEqual(await self.call(peer, "begin", program="A-17", speed=2.5),
                             {"called": {"order": "A-17 at 2.5", "number": 17}})
            wrong = await self.call(peer, "begin", program="A-17", speed="fast")
            self.assertIn("begin: speed: ", wrong["refused"])
            self.assertIn("BadResourceUnavailable", (await self.call(peer, "refuse"))["refused"])
            late = await self.call(peer, "hang")
            self.assertIn("LS-1106", late["refused"])
            self.assertIn("may or may not have been carried out", late["refused"])
        await server.stop()

    async def test_it_fetches_the_history_that_the_server_kept(self):
        server = await self.start()
        await server.historize_node_data_change(self.nodes["force"], period=None, count=100_000)
        start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
        for i in range(2_500):  # more than two pages; the library gives no continuation points for them
            await self.nodes["force"].write_value(ua.DataValue(
                ua.Variant(i / 2, ua.VariantType.Double), SourceTimestamp=start + datetime.timedelta(seconds=i)))
        with Peer("client", "FOLDER", first_line=self.connection(mode="none")) as peer:
            await peer.until(lambda l: l.get("tag") == 1 and l["quality"] == 0, "a value")
            peer.say("backfill 2026-01-01T00:00:00Z 2026-01-01T01:00:00Z")
            done = await peer.until(lambda l: l.get("event") == "filled", "the end")
            self.assertIn("2500 values", done["detail"])
            got = {l["time"]: l["value"] for l in peer.lines if l.get("tag") == 1 and l["time"].startswith("2026-01-01")}
            wanted = {(start + datetime.timedelta(seconds=i)).strftime("%Y-%m-%dT%H:%M:%SZ"): i / 2 for i in range(2_500)}
            self.assertEqual(got, wanted)
            none = await peer.until(lambda l: l.get("event") == "no-history", "what has none")
            self.assertIn("none of 5 of 6 signals", none["detail"])
        await server.stop()

    async def values(self, peer):
        for tag, value in ((1, 1.5), (2, 7), (3, True), (4, 20.25), (5, "A-17 ä"), (6, 3)):
            await peer.until(lambda l, t=tag, v=value: l.get("tag") == t and l["quality"] == 0 and l["value"] == v,
                             f"value of tag {tag}")

    async def test_it_reads_every_type_and_follows_changes(self):
        server = await self.start()
        with Peer("client", "FOLDER", first_line=self.connection(mode="none")) as peer:
            await self.values(peer)
            when = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901)
            await self.nodes["force"].write_value(
                ua.DataValue(ua.Variant(99.25, ua.VariantType.Double), SourceTimestamp=when))
            line = await peer.until(lambda l: l.get("value") == 99.25, "the change")
            self.assertEqual(line["time"], "2026-01-02T03:04:05.678901Z")
            await self.nodes["count"].write_value(
                ua.DataValue(ua.Variant(8, ua.VariantType.UInt16), ua.StatusCode(0x40A40000)))
            await peer.until(lambda l: l.get("tag") == 2 and l["quality"] == 0x40A40000, "the uncertain value")
            await self.nodes["count"].write_value(
                ua.DataValue(ua.Variant(8, ua.VariantType.UInt16), ua.StatusCode(0x808C0000)))
            await peer.until(lambda l: l.get("tag") == 2 and l["quality"] == 0x808C0000, "the bad value")
        await server.stop()

    async def test_tshark_reads_what_our_client_says(self):
        port = free_port()
        with Capture("opcua", port) as capture:
            server = await self.start(port=port)
            with Peer("client", "FOLDER", first_line=self.connection(mode="none")) as peer:
                await self.values(peer)
                peer.say("write 6 17")
                await peer.until(lambda l: "wrote" in l, "an outcome")
            await server.stop()
        capture.check(self, f"opcua and tcp.dstport == {port}", 10)

    async def test_it_polls(self):
        server = await self.start()
        with Peer("client", "FOLDER", first_line=self.connection(mode="none", poll=True)) as peer:
            await self.values(peer)
        await server.stop()

    async def test_it_writes_in_the_type_of_the_node(self):
        server = await self.start()
        with Peer("client", "FOLDER", first_line=self.connection(mode="none")) as peer:
            await self.values(peer)
            peer.say("write 6 17")
            line = await peer.until(lambda l: "wrote" in l or "refused" in l, "an outcome")
            self.assertEqual(line, {"wrote": 17, "old": 3})
            read = await self.nodes["setpoint"].read_data_value()
            self.assertEqual((read.Value.VariantType, read.Value.Value), (ua.VariantType.Int32, 17))
        await server.stop()

    async def test_it_comes_back_after_the_server_was_restarted(self):
        server = await self.start()
        with Peer("client", "FOLDER", first_line=self.connection(mode="none")) as peer:
            await self.values(peer)
            await server.stop()
            await peer.until(lambda l: l.get("tag") == 1 and l["quality"] >> 31, "bad quality")
            server = await self.start(port=self.port)
            await self.nodes["force"].write_value(4711.0)
            await peer.until(lambda l: l.get("value") == 4711.0, "a value after the restart")
        await server.stop()

    async def test_every_policy_with_a_password_after_both_sides_were_asked(self):
        names = {"Basic256Sha256": ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
                 "Aes128_Sha256_RsaOaep": ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
                 "Aes256_Sha256_RsaPss": ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt}
        with tempfile.TemporaryDirectory() as folder:
            server = await self.start(policies=list(names.values()), folder=folder)
            for policy in names:
                settings = self.connection(policy=policy, user="user-name", user_name="otto", password="geheim")
                with Peer("client", "FOLDER", first_line=settings) as peer:
                    refused = await peer.until(lambda l: l.get("event") == "not-reached", "a refusal")
                    self.assertIn("is not trusted", refused["detail"])
                    peer.say("approve")
                    await self.values(peer)
                    secured = await peer.until(lambda l: l.get("event") == "secured", "the policy")
                    self.assertEqual(secured["detail"], f"{policy}, sign and encrypt")
            await server.stop()

    async def test_a_wrong_password_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            server = await self.start(policies=[ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt], folder=folder)
            settings = self.connection(user="user-name", user_name="otto", password="falsch")
            with Peer("client", "FOLDER", first_line=settings) as peer:
                await peer.until(lambda l: l.get("event") == "not-reached", "a refusal")
                peer.say("approve")
                await peer.until(lambda l: "refuses the user" in l.get("detail", ""), "the reason")
            await server.stop()


if __name__ == "__main__":
    unittest.main()
