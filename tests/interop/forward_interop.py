#!/usr/bin/env python3
"""Flows on their worst day: the broker or the other server goes, the flow goes on and is killed in the middle of a
delivery, both come back. Mosquitto with paho-mqtt listening, and a Lineshaft server.

Run: forward_interop.py PATH/TO/forward_peer PATH/TO/lineshaft
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

PEER = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "forward_peer"
LINESHAFT = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "lineshaft"
MOSQUITTO = os.environ.get("MOSQUITTO") or shutil.which("mosquitto") or (
    "/usr/sbin/mosquitto" if Path("/usr/sbin/mosquitto").exists() else None)
DEADLINE_S = 60

os.environ["LINESHAFT_BINARY"] = LINESHAFT
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))
from harness import Server  # noqa: E402

try:
    import paho.mqtt.client as paho
    HAS_PAHO = True
except ImportError:
    HAS_PAHO = False


def until(ask, what):
    end = time.monotonic() + DEADLINE_S
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def free_port():
    """Below the ports that the system gives to whoever connects."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Flow:
    """The peer, with the numbers of the samples that it said are kept."""

    def __init__(self, *arguments):
        self.arguments = [str(a) for a in arguments]
        self.kept = []
        self.start()

    def start(self):
        self.process = subprocess.Popen([PEER, *self.arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read, args=(self.process.stdout,), daemon=True)
        self.reader.start()

    def read(self, lines):
        for line in lines:
            words = line.split()
            if words and words[0] == "kept":
                self.kept.append(int(words[1]))
            elif words and words[0] == "waiting":
                self.status = (int(words[1]), " ".join(words[2:]))

    def say(self, *numbers):
        self.process.stdin.write("".join(f"{n}\n" for n in numbers))
        self.process.stdin.flush()

    def asked(self):
        """How many samples wait, and the last error."""
        self.status = None
        self.say("status")
        return until(lambda: self.status, "the status")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def end(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE_S)
        self.reader.join()
        self.process.stdout.close()


class Broker:
    def __init__(self, folder):
        self.port = free_port()
        self.config = Path(folder) / "mosquitto.conf"
        self.config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
        self.start()

    def start(self):
        self.process = subprocess.Popen([MOSQUITTO, "-c", str(self.config)], stderr=subprocess.DEVNULL)
        until(self.answers, "the broker to start")

    def answers(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        self.process.kill()
        self.process.wait()


class Listener:
    """Hears all that is below works/, over as many lives of the broker as there are."""

    def __init__(self, port):
        self.messages = []
        self.subscribed = threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="listener", protocol=paho.MQTTv311,
                                  clean_session=False)
        self.client.on_connect = lambda client, *_: client.subscribe("works/#", 1)
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = lambda _c, _u, message: self.messages.append((message.topic, json.loads(message.payload)))
        self.client.reconnect_delay_set(0.05, 0.2)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self.subscribed.wait(DEADLINE_S)

    def values(self):
        return {message["value"] for _, message in list(self.messages)}

    def close(self):
        self.client.loop_stop()
        self.client.disconnect()


@unittest.skipUnless(MOSQUITTO and HAS_PAHO, "mosquitto or paho-mqtt is missing")
class FlowToMosquitto(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.broker = Broker(self.folder.name)
        self.addCleanup(lambda: self.broker.kill())
        self.flow = Flow("mqtt", Path(self.folder.name) / "flow", self.broker.port)
        self.addCleanup(lambda: self.flow.process.poll() is None and self.flow.kill())

    def check(self, listener, flow):
        """Everything kept arrived; of each tag in order; what came twice came under its id."""
        value_of = {}
        last = {}
        for topic, message in listener.messages:
            first_time = message["id"] not in value_of
            self.assertEqual(value_of.setdefault(message["id"], message["value"]), message["value"])
            if first_time:
                self.assertGreater(message["value"], last.get(topic, -1), topic)
                last[topic] = message["value"]
        self.assertEqual(set(flow.kept) - set(value_of.values()), set(), "kept, and never delivered")
        ids = {}
        for one, value in value_of.items():
            ids.setdefault(value, set()).add(one)
        self.assertTrue(all(len(some) == 1 for some in ids.values()), "a sample has one id")

    def test_it_delivers_at_once_while_all_is_well(self):
        listener = Listener(self.broker.port)
        self.addCleanup(listener.close)
        for n in range(30):
            self.flow.say(n)
            until(lambda: n in listener.values(), f"sample {n}")
        self.check(listener, self.flow)
        self.assertEqual(len(listener.messages), 30)
        topic, message = listener.messages[4]
        self.assertEqual(topic, "works/press/t2")
        self.assertEqual(set(message), {"time", "value", "quality", "id"})
        self.flow.end()

    def test_nothing_that_was_kept_is_lost_when_both_are_killed(self):
        listener = Listener(self.broker.port)
        self.addCleanup(listener.close)
        self.flow.say(*range(100))
        until(lambda: len(listener.values()) == 100, "the first hundred")
        self.broker.kill()
        self.flow.say(*range(100, 20_000))
        until(lambda: len(self.flow.kept) == 20_000, "all to be kept while the broker is away")
        self.flow.kill()
        # The listener is there before the flow: a broker keeps nothing for subscriptions that it has forgotten.
        listener.subscribed.clear()
        self.broker.start()
        assert listener.subscribed.wait(DEADLINE_S)
        self.flow.start()
        # Killed in the middle of the delivery, three times, with samples that are just coming.
        for life in range(3):
            before = len(listener.values())
            first = 20_000 + life * 1_000
            self.flow.say(*range(first, first + 1_000))
            until(lambda: len(listener.values()) > before + 500, "the delivery to be under way")
            self.flow.kill()
            self.flow.start()
        until(lambda: not set(self.flow.kept) - listener.values(), "everything that was kept")
        self.check(listener, self.flow)
        self.assertGreaterEqual(len(self.flow.kept), 20_000)
        doubles = len(listener.messages) - len({message["id"] for _, message in listener.messages})
        print(f"{len(self.flow.kept)} samples kept, {len(listener.messages)} messages, {doubles} of them twice")
        self.flow.end()

    def test_the_broker_is_killed_in_the_middle_of_a_delivery(self):
        listener = Listener(self.broker.port)
        self.addCleanup(listener.close)
        self.flow.say(*range(10_000))
        until(lambda: len(listener.values()) > 300, "the delivery to be under way")
        # What the broker has acknowledged and not handed on dies with it: that is its own loss. Here it counts
        # what came to it, so the listener is asked only for what the flow sends after its return.
        self.broker.kill()
        listener.subscribed.clear()
        self.broker.start()
        assert listener.subscribed.wait(DEADLINE_S)
        self.flow.say(*range(10_000, 10_100))
        until(lambda: set(range(10_000, 10_100)) <= listener.values(), "the flow to go on")
        until(lambda: self.flow.asked()[0] == 0, "the queue to be empty")
        self.flow.end()


class FlowToLineshaft(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.server = Server(Path(self.folder.name) / "other")
        self.addCleanup(self.server.stop)
        self.server.claim()
        self.token = self.server.ok("POST", "/tokens", {"name": "works", "role": "engineer"})["token"]

    def start_flow(self, fingerprint):
        flow = Flow("lineshaft", Path(self.folder.name) / "flow", self.server.port, self.token, fingerprint)
        self.addCleanup(lambda: flow.process.poll() is None and flow.kill())
        return flow

    def stored(self):
        """The values there, by tag, in the order of their times."""
        answer = {}
        for tag in self.server.get("/tags?prefix=works&limit=1000")["items"]:
            items = self.server.get(f"/values/raw?tag={tag['id']}&from=2020-01-01&to=2100-01-01&limit=100000")["items"]
            answer[tag["path"]] = [item["value"] for item in items]
        return answer

    def test_what_was_kept_is_there_once_whoever_is_killed(self):
        flow = self.start_flow(self.server.fingerprint)
        flow.say(*range(1_000))
        until(lambda: sum(map(len, self.stored().values())) == 1_000, "the first thousand")
        self.server.kill()
        flow.say(*range(1_000, 5_000))
        until(lambda: len(flow.kept) == 5_000, "all to be kept while the other server is away")
        flow.kill()
        self.server.start()
        flow.start()
        flow.say(*range(5_000, 6_000))
        until(lambda: len(flow.kept) == 6_000 and sum(map(len, self.stored().values())) == 6_000, "all to be there")
        for path, values in self.stored().items():
            remainder = int(path[-1]) - 1
            self.assertEqual(values, list(range(remainder, 6_000, 3)), path)
        flow.end()

    def test_a_server_with_another_certificate_gets_nothing(self):
        flow = self.start_flow(":".join(["00"] * 32))
        flow.say(*range(10))
        until(lambda: len(flow.kept) == 10, "the samples to be kept")
        until(lambda: "LS-1108" in flow.asked()[1], "the certificate to be refused")
        self.assertEqual(self.server.get("/tags?prefix=works")["total"], 0)
        flow.kill()


if __name__ == "__main__":
    unittest.main()
