#!/usr/bin/env python3
"""Our OPC UA server and client against node-opcua, in the open and encrypted.

Run: opcua_node_interop.py PATH/TO/opcua_peer
What is missing on the machine is skipped, and says so.
"""
import json
import shutil
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from opcua_interop import OurServer, Peer, free_port  # takes the peer out of the words

NODE_PEER = Path(__file__).resolve().parents[1] / "peers/opcua.cjs"
POLICIES = ("Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss")

needs_node_opcua = unittest.skipUnless(
    shutil.which("node") and (NODE_PEER.parent / "node_modules/node-opcua-client").exists(),
    "node-opcua is missing (tools/setup test)")


class NodePeer(Peer):
    """opcua.cjs, whose library mixes remarks into its lines."""

    def __init__(self, mode, *words, identity=None):
        """`identity`: a folder with its certificate, for a peer that comes again."""
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(["node", NODE_PEER, mode, identity or self.folder.name, *words], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.lines = []
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            if not line.startswith("{"):
                continue
            with self.changed:
                self.lines.append(json.loads(line))
                self.changed.notify_all()

    def ask(self, doing, *words):
        self.lines.clear()
        self.say(json.dumps([doing, *words]))
        return self.wait_for(lambda line: doing in line or "error" in line, doing)[doing]


@needs_node_opcua
class OurServerAgainstNodeOpcua(unittest.TestCase):
    def setUp(self):
        self.server = OurServer()
        self.addCleanup(self.server.__exit__)

    def client(self, mode="None", policy="None", *user):
        client = NodePeer("client", self.server.url, mode, policy, *user)
        self.addCleanup(client.__exit__)
        return client

    def test_it_browses_reads_writes_subscribes_and_reads_history(self):
        client = self.client()
        client.wait_for(lambda line: "session" in line, "a session")
        self.assertEqual(sorted(client.ask("browse", "ns=2;s=acme/hall/press")["names"]),
                         ["force", "order", "pieces", "running", "setpoint", "state", "temperature"])
        for name, kind, value in (("force", "Double", 12.5), ("running", "Boolean", True), ("order", "String", "A-17 ä"),
                                  ("temperature", "Float", 20.25)):
            read = client.ask("read", f"ns=2;s=acme/hall/press/{name}")
            self.assertEqual((read["type"], read["value"]), (kind, value), name)
            self.assertEqual(read["time"], "2026-01-01T00:00:00.123Z")
        self.assertEqual(read["status"], 0x40A40000)
        setpoint = "ns=2;s=acme/hall/press/setpoint"
        self.assertEqual(client.ask("write", setpoint, "Double", 42.5), {"status": 0})
        self.assertEqual(client.ask("read", setpoint)["value"], 42.5)
        self.assertEqual(client.ask("write", "ns=2;s=acme/hall/press/force", "Double", 1), {"status": 0x803B0000})

        self.assertEqual(client.ask("watch", "ns=2;s=acme/hall/press/force"), {"watching": True})
        for i in range(20):
            self.server.say(f"set 1 {1000 + i}")
        client.wait_for(lambda line: line.get("changed") == 1019, "the last change")
        self.assertEqual([line["changed"] for line in client.lines if line.get("changed", 0) >= 1000],
                         [1000 + i for i in range(20)])
        past = client.ask("history", "ns=2;s=acme/hall/press/force", "2026-01-01T00:00:00Z", "2026-01-01T00:00:10Z")
        # The library asks for bounding values: the last one is at the end itself.
        self.assertEqual(past["values"], [i / 2 for i in range(11)])

    def test_it_computes_aggregates_and_takes_writes_in_two_steps(self):
        client = self.client()
        client.wait_for(lambda line: "session" in line, "a session")
        average = client.ask("average", "ns=2;s=acme/hall/press/force", "2026-01-01T00:00:00Z", "2026-01-01T00:00:20Z", 10_000)
        self.assertEqual(average["values"], [2.25, 7.25])  # of 0, 0.5 ... 4.5 and of 5, 5.5 ... 9.5
        setpoint = ["String", "acme/hall/press/setpoint"]
        asked = client.ask("call", "ns=2;i=1", "ns=2;i=2", setpoint, ["Double", 8.5])
        self.assertEqual((asked["status"], asked["outputs"][:2]), (0, ["t0k", "press"]))
        confirmed = client.ask("call", "ns=2;i=1", "ns=2;i=3", setpoint, ["Double", 8.5], ["String", "t0k"], ["String", "press"])
        self.assertEqual(confirmed["status"], 0)
        self.assertEqual(client.ask("read", "ns=2;s=acme/hall/press/setpoint")["value"], 8.5)

    def come(self, identity, mode, policy):
        """True: in, and reading. False: refused."""
        with NodePeer("client", self.server.url, mode, policy, "otto", "geheim", identity=identity) as client:
            line = client.wait_for(lambda line: "session" in line or "error" in line, "an answer")
            if "session" in line:
                self.assertEqual(client.ask("read", "ns=2;s=acme/hall/press/force")["value"], 12.5)
            return "session" in line

    def test_every_policy_and_mode_with_a_password_after_approval(self):
        with tempfile.TemporaryDirectory() as identity:
            self.assertFalse(self.come(identity, "Sign", POLICIES[0]), "a client that nobody has approved")
            self.server.say("approve")
            self.server.wait_for(lambda line: line.get("approved"), "approval")
            for policy in POLICIES:
                for mode in ("Sign", "SignAndEncrypt"):
                    self.assertTrue(self.come(identity, mode, policy), f"{policy}, {mode}")

    def test_a_wrong_password_is_refused(self):
        client = self.client("None", "None", "otto", "falsch")
        line = client.wait_for(lambda line: "session" in line or "error" in line, "an answer")
        self.assertIn("error", line)


@needs_node_opcua
class OurClientAgainstNodeOpcua(unittest.TestCase):
    def setUp(self):
        self.port = free_port()
        self.server = NodePeer("server", str(self.port))
        self.addCleanup(self.server.__exit__)
        self.server.wait_for(lambda line: "port" in line, "the server")

    def connection(self, **settings):
        types = {"force": "float64", "count": "int64", "running": "bool", "heat": "float32",
                 "order": "string", "setpoint": "int64"}
        return {"name": "peer", "protocol": "opc-ua", "writes_enabled": True, "store": "all",
                "settings": {"url": f"opc.tcp://127.0.0.1:{self.port}", "timeout_ms": 5000, **settings},
                "groups": [{"name": "fast", "interval_ms": 100}],
                "signals": [{"path": f"acme/{name}", "node": f"nsu=urn:peer:plant;s=press.{name}", "type": kind,
                             "writable": name == "setpoint"} for name, kind in types.items()]}

    def values(self, peer):
        for tag, value in ((1, 1.5), (2, 7), (3, True), (4, 20.25), (5, "A-17 ä"), (6, 3)):
            peer.wait_for(lambda line, t=tag, v=value: line.get("tag") == t and line["quality"] == 0 and line["value"] == v,
                          f"value of tag {tag}")

    def test_it_reads_every_type_follows_changes_and_writes(self):
        with Peer("client", "FOLDER", first_line=self.connection(mode="none")) as peer:
            self.values(peer)
            self.server.say("set force 99.25")
            peer.wait_for(lambda line: line.get("value") == 99.25, "the change")
            peer.say("write 6 17")
            line = peer.wait_for(lambda line: "wrote" in line or "refused" in line, "an outcome")
            self.assertEqual(line, {"wrote": 17, "old": 3})

    def test_it_calls_methods_and_fetches_history(self):
        methods = [{"name": name, "object": "nsu=urn:peer:plant;s=press", "method": f"nsu=urn:peer:plant;s=press.{name}"}
                   for name in ("begin", "hang")]
        self.server.say("past force 2500")
        self.server.wait_for(lambda line: "past" in line, "the past")
        with Peer("client", "FOLDER", first_line=self.connection(mode="none", methods=methods, timeout_ms=3000)) as peer:
            peer.wait_for(lambda line: line.get("tag") == 1 and line["quality"] == 0, "a value")

            def call(name, **arguments):
                peer.lines.clear()
                peer.say(f"call {name} {json.dumps(arguments)}")
                return peer.wait_for(lambda line: "called" in line or "refused" in line, "an outcome")

            self.assertEqual(call("begin", program="A-17", speed=2.5), {"called": {"order": "A-17 at 2.5"}})
            self.assertIn("BadOutOfRange", call("begin", program="A-17", speed=200)["refused"])
            self.assertIn("may or may not have been carried out", call("hang")["refused"])

            peer.lines.clear()
            peer.say("backfill 2026-01-01T00:00:00Z 2026-01-01T01:00:00Z")
            done = peer.wait_for(lambda line: line.get("event") == "filled", "the end")
            self.assertIn("2500 values", done["detail"])
            got = [line["value"] for line in peer.lines if line.get("tag") == 1 and line["time"].startswith("2026-01-01")]
            self.assertEqual(sorted(set(got)), [i / 2 for i in range(2500)])

    def test_it_polls(self):
        with Peer("client", "FOLDER", first_line=self.connection(mode="none", poll=True)) as peer:
            self.values(peer)

    def test_every_policy_with_a_password_after_approval(self):
        for policy in POLICIES:
            settings = self.connection(policy=policy, user="user-name", user_name="otto", password="geheim")
            with Peer("client", "FOLDER", first_line=settings) as peer:
                refused = peer.wait_for(lambda line: line.get("event") == "not-reached", "a refusal")
                self.assertIn("is not trusted", refused["detail"])
                peer.say("approve")
                self.values(peer)
                secured = peer.wait_for(lambda line: line.get("event") == "secured", "the policy")
                self.assertEqual(secured["detail"], f"{policy}, sign and encrypt")

    def test_a_wrong_password_is_named(self):
        settings = self.connection(mode="none", user="user-name", user_name="otto", password="falsch")
        with Peer("client", "FOLDER", first_line=settings) as peer:
            peer.wait_for(lambda line: line.get("event") == "not-reached", "a refusal")
            peer.say("approve")  # on an open channel a password goes only to who is trusted
            peer.wait_for(lambda line: "refuses the user" in line.get("detail", ""), "the reason")


if __name__ == "__main__":
    unittest.main()
