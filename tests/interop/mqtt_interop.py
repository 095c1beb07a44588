#!/usr/bin/env python3
"""Our MQTT client, Sparkplug host and edge node against Mosquitto, paho-mqtt and sparkplug-payload, with tshark
looking on.

Run: mqtt_interop.py PATH/TO/mqtt_peer
What is missing on the machine is skipped, and says so.
"""
import json
import os
import queue
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from capture import Capture

PEER = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "mqtt_peer"
ROOT = Path(__file__).resolve().parents[2]
MOSQUITTO = ROOT / "tools/mosquitto"
NODE = {**os.environ, "NODE_PATH": str(ROOT / "tests/peers/node_modules")}
HAS_MOSQUITTO = (ROOT / ".tools/peers/debian/usr/sbin/mosquitto").exists()
DEADLINE_S = 30

try:
    import paho.mqtt.client as paho
    HAS_PAHO = True
except ImportError:
    HAS_PAHO = False


def has_sparkplug_payload():
    node = shutil.which("node")
    return node and subprocess.run([node, "-e", "require('sparkplug-payload')"], capture_output=True, env=NODE).returncode == 0


needs_broker = unittest.skipUnless(HAS_MOSQUITTO and HAS_PAHO, "mosquitto or paho-mqtt is missing")
needs_oracle = unittest.skipUnless(has_sparkplug_payload(), "node or sparkplug-payload is missing")

# Reads {"encode": payload} or {"decode": hex} a line, and says the other form. 64-bit numbers are strings.
ORACLE = """
const sp = require('sparkplug-payload').get('spBv1.0');
const plain = (key, value) => value && value.low !== undefined && value.high !== undefined ? value.toString() : value;
require('readline').createInterface({input: process.stdin}).on('line', line => {
  const asked = JSON.parse(line);
  if (asked.encode) console.log(JSON.stringify(Buffer.from(sp.encodePayload(asked.encode)).toString('hex')));
  else console.log(JSON.stringify(sp.decodePayload(Buffer.from(asked.decode, 'hex')), plain));
});
"""


def free_port():
    """Below the ports that the system gives to whoever connects."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) != 0:
                return port


def now_ms():
    return int(time.time() * 1000)


class Lines:
    """A program whose lines of JSON are waited for."""

    def __init__(self, *command, **more):
        self.process = subprocess.Popen(command, **more, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        self.seen = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def until(self, fits, what):
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"waited in vain for {what}; seen {self.seen[-20:]}") from None
            self.seen.append(line)
            if fits(line):
                return line

    def value(self, name, value, quality="Good"):
        return self.until(lambda line: line.get("name") == f"o/{name}" and line["value"] == value
                          and line["quality"] == quality, f"{name} = {value} {quality}")

    def end(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE_S)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()


class Broker:
    def __init__(self, folder):
        self.port = free_port()
        config = Path(folder) / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self.command = [MOSQUITTO, "-c", str(config)]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stderr=subprocess.DEVNULL)
        end = time.monotonic() + DEADLINE_S
        while True:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < end, "the broker does not start"
            time.sleep(0.05)  # until somebody else's program listens: nothing to wait on but the port

    def kill(self):
        self.process.kill()
        self.process.wait()


class Person:
    """A client of paho-mqtt that hears everything below some topics."""

    def __init__(self, port, *filters):
        self.heard = queue.Queue()
        self.seen = []
        subscribed = threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self.client.on_message = lambda _c, _u, message: self.heard.put(message)
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        if filters:
            self.client.subscribe([(one, 1) for one in filters])
            assert subscribed.wait(DEADLINE_S)

    def publish(self, topic, payload, qos=1, retain=False):
        self.client.publish(topic, payload, qos, retain).wait_for_publish(DEADLINE_S)

    def until(self, fits, what):
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                message = self.heard.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"waited in vain for {what}; heard {self.seen[-20:]}") from None
            self.seen.append((message.topic, message.payload[:60]))
            if fits(message):
                return message

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


@needs_broker
class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.broker = Broker(folder.name)
        self.addCleanup(lambda: self.broker.kill())

    def peer(self, *arguments):
        peer = Lines(PEER, arguments[0], str(self.broker.port), *arguments[1:])
        self.addCleanup(peer.kill)
        return peer

    def person(self, *filters):
        person = Person(self.broker.port, *filters)
        self.addCleanup(person.end)
        return person


class Client(Case):
    def read_write_and_come_back(self, *version):
        person = self.person("m/set")
        person.publish("m/plain", "12.5", retain=True)
        peer = self.peer("client", *version)
        peer.value("plain", 12.5)
        person.publish("m/json", json.dumps({"axes": [{}, {"speed": -7}], "t": 1700000000123}))
        self.assertEqual(peer.value("deep", -7)["ms"], 1700000000123)
        person.publish("m/x/text", "0012", qos=2)
        peer.value("text", "0012")
        person.publish("m/plain", "warm")
        peer.value("plain", 12.5, "BadTypeMismatch")

        person.publish("m/state", '{"v":1}')
        peer.value("set", 1)
        peer.say("write set 2.5")
        self.assertEqual(json.loads(person.until(lambda m: m.topic == "m/set", "the write").payload), {"v": 2.5})
        person.publish("m/state", '{"v":2.5}')
        self.assertTrue(peer.until(lambda line: "written" in line, "the confirmation")["ok"])

        self.broker.kill()
        peer.value("set", 2.5, "BadNotConnected")
        self.broker.start()
        self.person().publish("m/state", '{"v":3}', retain=True)
        peer.value("set", 3)
        peer.end()
        self.assertEqual(peer.process.returncode, 0)

    def test_version_5_reads_writes_and_comes_back(self):
        self.read_write_and_come_back()

    def test_version_3_1_1_reads_writes_and_comes_back(self):
        self.read_write_and_come_back("3.1.1")

    def test_a_thousand_messages_of_each_qos_arrive(self):
        person = self.person()
        peer = self.peer("client")
        person.publish("m/plain", "-1", retain=True)
        peer.value("plain", -1)
        for qos in (0, 1, 2):
            for n in range(1000):
                person.client.publish("m/plain", str(qos * 1000 + n), qos)
            peer.value("plain", qos * 1000 + 999)
        values = {line["value"] for line in peer.seen if line.get("name") == "o/plain"}
        self.assertGreaterEqual(values, set(range(3000)))


@needs_oracle
class Sparkplug(Case):
    def setUp(self):
        super().setUp()
        self.oracle = Lines("node", "-e", ORACLE, env=NODE)
        self.addCleanup(self.oracle.kill)

    def encode(self, payload):
        self.oracle.say(json.dumps({"encode": payload}))
        return bytes.fromhex(self.oracle.until(lambda _: True, "the oracle"))

    def decode(self, payload):
        self.oracle.say(json.dumps({"decode": payload.hex()}))
        return self.oracle.until(lambda _: True, "the oracle")

    def test_our_host_understands_an_edge_node_of_others(self):
        ear = self.person("spBv1.0/STATE/lineshaft", "spBv1.0/g/NCMD/theirs", "spBv1.0/g/DCMD/theirs/oven")
        peer = self.peer("host")
        state = json.loads(ear.until(lambda m: "STATE" in m.topic, "STATE").payload)
        self.assertIs(state["online"], True)
        self.assertLess(abs(state["timestamp"] - now_ms()), 60_000)

        def send(kind, metrics, seq, device=""):
            payload = {"timestamp": now_ms(), "metrics": [{"timestamp": now_ms(), **m} for m in metrics], "seq": seq}
            ear.publish(f"spBv1.0/g/{kind}/theirs{device}", self.encode(payload), qos=0)

        send("NDATA", [{"alias": 1, "name": None, "type": "Int32", "value": 1}], 9)
        asked = self.decode(ear.until(lambda m: "NCMD" in m.topic, "a request for birth").payload)
        self.assertEqual([(m["name"], m["value"]) for m in asked["metrics"]], [("Node Control/Rebirth", True)])

        send("NBIRTH", [{"name": "bdSeq", "type": "Int64", "value": 0},
                        {"name": "Node Control/Rebirth", "type": "Boolean", "value": False},
                        {"name": "uptime", "alias": 1, "type": "UInt32", "value": 4_000_000_000},
                        {"name": "level", "alias": 2, "type": "Int8", "value": -5}], 0)
        send("DBIRTH", [{"name": "temp", "alias": 3, "type": "Float", "value": 20.5},
                        {"name": "open", "alias": 4, "type": "Boolean", "value": True},
                        {"name": "label", "alias": 5, "type": "String", "value": "\u94a2"},
                        {"name": "set", "alias": 6, "type": "Double", "value": 1}], 1, "/oven")
        for name, value in (("uptime", 4_000_000_000), ("level", -5), ("temp", 20.5), ("open", True),
                            ("label", "\u94a2"), ("set", 1)):
            peer.value(name, value)

        peer.say("write set 2.5")
        command = self.decode(ear.until(lambda m: "DCMD" in m.topic, "the command").payload)
        self.assertEqual([(m["alias"], m["value"]) for m in command["metrics"]], [("6", 2.5)])
        send("DDATA", [{"alias": 6, "name": None, "type": "Double", "value": 2.5}], 2, "/oven")
        self.assertTrue(peer.until(lambda line: "written" in line, "the confirmation")["ok"])
        send("DDEATH", [], 3, "/oven")
        peer.value("temp", 20.5, "BadNoCommunication")
        peer.end()
        offline = ear.until(lambda m: "STATE" in m.topic and b"false" in m.payload, "STATE offline")
        self.assertIs(json.loads(offline.payload)["online"], False)

    def test_others_understand_our_edge_node(self):
        ear = self.person("spBv1.0/g/+/ours/#", "spBv1.0/g/+/ours")
        peer = self.peer("edge")
        birth = self.decode(ear.until(lambda m: "NBIRTH" in m.topic, "NBIRTH").payload)
        self.assertEqual(birth["seq"], "0")
        metrics = {m["name"]: m for m in birth["metrics"]}
        self.assertEqual(set(metrics), {"bdSeq", "Node Control/Rebirth", "count"})
        self.assertEqual(metrics["bdSeq"]["value"], "0")
        device = self.decode(ear.until(lambda m: "DBIRTH" in m.topic, "DBIRTH").payload)
        self.assertEqual([(m["name"], m["type"], m["value"]) for m in device["metrics"]],
                         [("speed", "Float", 1.5), ("name", "String", "press \u00e9")])
        self.assertEqual(device["metrics"][0]["properties"]["engUnit"]["value"], "m/s")

        command = {"timestamp": now_ms(), "metrics": [{"name": "speed", "type": "Float", "value": 9.5}]}
        ear.publish("spBv1.0/g/DCMD/ours/press", self.encode(command))
        # Data carry no type, which the reader of the reference needs: look at the bytes of the float instead.
        ear.until(lambda m: "DDATA" in m.topic and bytes.fromhex("6500001841") in m.payload, "the carried out command")

        again = {"timestamp": now_ms(), "metrics": [{"name": "Node Control/Rebirth", "type": "Boolean", "value": True}]}
        ear.publish("spBv1.0/g/NCMD/ours", self.encode(again))
        second = self.decode(ear.until(lambda m: "NBIRTH" in m.topic, "another NBIRTH").payload)
        self.assertEqual(second["seq"], "0")
        peer.process.kill()  # the broker publishes the will
        death = self.decode(ear.until(lambda m: "NDEATH" in m.topic, "NDEATH").payload)
        self.assertEqual([(m["name"], m["value"]) for m in death["metrics"]], [("bdSeq", "0")])
        self.assertNotIn("seq", death)


@needs_broker
class Wire(Case):
    def test_tshark_finds_no_malformed_packet(self):
        with Capture("mqtt", self.broker.port) as capture:
            person = self.person("m/set")
            peer = self.peer("client")
            person.publish("m/plain", "1", retain=True)
            peer.value("plain", 1)
            peer.end()
        capture.check(self, "mqtt.msgtype == 8", 2)  # SUBSCRIBE

    def test_tshark_reads_births_data_and_deaths(self):
        with Capture("mqtt", self.broker.port) as capture:
            ear = self.person("spBv1.0/#")
            host = self.peer("host")
            ear.until(lambda m: "STATE" in m.topic, "STATE")
            edge = self.peer("edge")
            ear.until(lambda m: "DBIRTH" in m.topic, "DBIRTH")
            edge.end()
            ear.until(lambda m: "NDEATH" in m.topic, "NDEATH")
            host.end()
        # Its dissector knows the topics of Sparkplug 2 and misses members in that of STATE, which 3.0 has made anew.
        capture.check(self, "sparkplugb", 6,
                      '(_ws.malformed or _ws.expert.severity == error) and not mqtt.topic contains "STATE"')
        for kind in ("NBIRTH", "DBIRTH", "NDEATH"):
            self.assertTrue(capture.frames(f'sparkplugb and mqtt.topic contains "{kind}"'), kind)


if __name__ == "__main__":
    unittest.main()
