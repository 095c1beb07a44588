"""tshark looking on: what we send is what the dissectors of Wireshark expect."""
import os
import shutil
import subprocess
import tempfile
import time


class Capture:
    """Records the loopback traffic of some ports, if this machine lets us. `protocol`: how tshark reads them."""

    def __init__(self, protocol, *ports):
        self.ports = ports
        self.read_as = [part for port in ports for part in ("-d", f"tcp.port=={port},{protocol}")]
        self.process = None

    def __enter__(self):
        if not shutil.which("tshark") or os.geteuid() != 0:
            return self
        self.file = tempfile.NamedTemporaryFile(suffix=".pcapng")
        expression = " or ".join(f"tcp port {port}" for port in self.ports)
        self.process = subprocess.Popen(["tshark", "-q", "-i", "lo", "-f", expression, "-w", self.file.name],
                                        stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "Capturing on" in line:
                break
        if self.process.poll() is not None:
            self.process = None
        time.sleep(0.3 if self.process else 0)  # tshark says so a moment before it is true
        return self

    def __exit__(self, *_):
        if self.process:
            time.sleep(0.5)
            self.process.terminate()
            self.process.wait()
            self.process.stderr.close()

    def frames(self, display_filter):
        return subprocess.run(["tshark", "-r", self.file.name, *self.read_as, "-Y", display_filter],
                              capture_output=True, text=True, check=True).stdout.splitlines()

    def check(self, test, seen, least, wrong="_ws.malformed or _ws.expert.severity == error"):
        """At least so many frames that `seen` selects, and none that `wrong` does."""
        if not self.process:
            test.skipTest("no capture: tshark or root is missing")
        test.assertGreaterEqual(len(self.frames(seen)), least, seen)
        test.assertEqual(self.frames(wrong), [])
