#!/usr/bin/env python3
"""bench/live.py BINARY [CHANGES]: from the change at a device to the value in a browser, over the whole server.

The device publishes to a broker on this machine; the browser watches the tag over the WebSocket of the console. What is measured is
the time between the device's publishing and the text of the value in the browser's hands, with every value durable between.
"""
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/scenario"))
os.environ["LINESHAFT_BINARY"] = str(Path(sys.argv[1]).resolve())
import subprocess  # noqa: E402

import paho.mqtt.client as paho  # noqa: E402
from harness import Server, free_port, until  # noqa: E402
from test_bad_days import Browser  # noqa: E402

CHANGES = int(sys.argv[2]) if len(sys.argv) > 2 else 500


def seen(message, value):
    """Does a message of the live values have it, wherever it stands?"""
    if isinstance(message, dict):
        return any(seen(one, value) for one in message.values())
    if isinstance(message, list):
        return any(seen(one, value) for one in message)
    return message == value and not isinstance(message, bool)


def main():
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="lineshaft-bench-") as folder:
        broker = subprocess.Popen([ROOT / "tools/mosquitto", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            server = Server(Path(folder) / "server")
            server.claim()
            server.ok("POST", "/connections", {
                "name": "Device", "protocol": "mqtt", "settings": {"host": "127.0.0.1", "port": port},
                "signals": [{"path": "bench/device/count", "topic": "device/count"}]})
            until(lambda: server.connection("Device")["status"]["state"] == "connected", "the broker")
            device = paho.Client(paho.CallbackAPIVersion.VERSION2)
            device.connect("127.0.0.1", port)
            device.loop_start()
            device.publish("device/count", "-1")
            tag = until(lambda: server.tag("bench/device/count"), "the tag")
            browser = Browser(server)
            browser.watch([tag["id"]])
            until(lambda: seen(browser.message(), -1), "the first value")
            waited = []
            for count in range(CHANGES):
                time.sleep(0.02 + 0.001 * (count % 17))  # at no fixed place in the beat of the server
                began = time.perf_counter()
                device.publish("device/count", str(count))
                while not seen(browser.message(), count):
                    pass
                waited.append((time.perf_counter() - began) * 1000)
            waited.sort()
            print(f"device change to browser, {CHANGES} changes: p50 {waited[len(waited) // 2]:.1f} ms, "
                  f"p99 {waited[int(len(waited) * 0.99)]:.1f} ms, greatest {waited[-1]:.1f} ms")
            device.loop_stop()
            server.stop()
        finally:
            broker.kill()
            broker.wait()


if __name__ == "__main__":
    main()
