#!/usr/bin/env python3
"""tests/torture/kills.py BINARY [KILLS]: SIGKILLs of the real server under load; everything acknowledged is read back.

Four programs send binary batches of numbered samples as fast as they are taken; at a random moment the server is
killed and started again. A sample's time and value are its number, so count, least, greatest and sum of a range tell
whether each number is there once and with its own value. After each kill that is asked for what came since some kills before,
and at the end, and after every hundredth kill, for everything. Prints the counts as one line of JSON.
SEED repeats a run as far as threads allow.
"""
import contextlib
import http.client
import json
import os
import random
import ssl
import struct
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))
if len(sys.argv) > 1:
    os.environ["LINESHAFT_BINARY"] = str(Path(sys.argv.pop(1)).resolve())
KILLS = int(sys.argv.pop(1)) if len(sys.argv) > 1 else 20
from harness import Scenario, until  # noqa: E402

START_NS = 1_700_000_000_000_000_000
BATCH = 500
KILLS_LOOKED_BACK = 5


class Writer(threading.Thread):
    """Sends numbers from `first` on until the server is gone; the last one acknowledged, and the last one sent."""

    def __init__(self, server, tag, first):
        super().__init__()
        self.server, self.tag, self.sent = server, tag, first
        self.acknowledged = first

    def run(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, context=context, timeout=30)
        with contextlib.closing(connection):
            self.send_on(connection)

    def send_on(self, connection):
        headers = {"authorization": f"Bearer {self.server.token}"}
        while True:
            numbers = range(self.sent, self.sent + BATCH)
            body = b"LSB1" + struct.pack("<BBHI", 2, 0, 0, BATCH) + struct.pack(f"<{BATCH}I", *[self.tag] * BATCH) \
                + struct.pack(f"<{BATCH}q", *(START_NS + n for n in numbers)) + struct.pack(f"<{BATCH}q", *numbers)
            self.sent += BATCH
            try:
                connection.request("POST", "/api/v1/values/batch", body, headers)
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException):
                return
            if response.status == 503:  # the disk is slower than what comes: nothing of it was kept
                self.sent -= BATCH
                continue
            if response.status != 200:
                return
            self.acknowledged = self.sent


class Kills(Scenario):
    def test_kills_under_load_lose_nothing_acknowledged_and_invent_nothing(self):
        seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
        print(f"seed {seed}", file=sys.stderr)
        chance = random.Random(seed)
        server = self.serve()
        server.claim()
        server.token = server.ok("POST", "/tokens", {"name": "writer", "role": "engineer"})["token"]
        tags = [server.ok("POST", "/tags", {"path": f"org/site/t{i}", "type": "int64"})["id"] for i in range(4)]
        # Of each tag: the ranges of numbers that are there for certain, one after each kill. Between them
        # lies what was on its way when the server died.
        kept = {tag: [] for tag in tags}
        next_number = dict.fromkeys(tags, 0)
        for kill in range(1, KILLS + 1):
            writers = [Writer(server, tag, next_number[tag]) for tag in tags]
            for writer in writers:
                writer.start()
            moment = next_number[tags[0]] + chance.randrange(60) * BATCH
            until(lambda: writers[0].acknowledged > moment or not writers[0].is_alive(), "a moment to kill")
            server.kill()
            for writer in writers:
                writer.join()
                kept[writer.tag].append((next_number[writer.tag], writer.acknowledged, writer.sent))
                next_number[writer.tag] = writer.sent
            server.start()
            for tag in tags:
                everything = kill % 100 == 0 or kill == KILLS
                self.check(server, tag, kept[tag] if everything else kept[tag][-KILLS_LOOKED_BACK:])
        samples = sum(acknowledged - first for of_tag in kept.values() for first, acknowledged, _ in of_tag)
        print(json.dumps({"torture": {"kills": KILLS, "samples_read_back": samples}}))

    def check(self, server, tag, ranges):
        for first, acknowledged, sent in ranges:
            found = self.numbers(server, tag, first, acknowledged)
            self.assertEqual(found, whole(first, acknowledged), f"tag {tag}: acknowledged samples are lost or altered")
            # What was on its way is there as one batch or not at all.
            rest = self.numbers(server, tag, acknowledged, sent)
            self.assertIn(rest, (whole(acknowledged, acknowledged), whole(acknowledged, sent)),
                          f"tag {tag}: a part of a batch, or samples that nobody sent")

    def numbers(self, server, tag, first, last):
        if first == last:
            return whole(first, last)
        answer = server.get(f"/values/aggregate?tag={tag}&from={START_NS + first}&to={START_NS + last}&step_ms=1000000")
        [window] = answer["items"]
        if window["count"] == 0:
            return whole(first, first)
        return window["count"], window["min"], window["max"], window["sum"]


def whole(first, last):
    """What numbers() answers when each number of the range is there once."""
    if first == last:
        return 0, 0, 0, 0
    return last - first, first, last - 1, sum(range(first, last))


if __name__ == "__main__":
    unittest.main()
