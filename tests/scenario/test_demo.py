"""`make demo` without the building: the demo as a person starts it, and its end."""
import contextlib
import os
import signal
import socket
import subprocess
import unittest

from harness import BINARY, DEADLINE_S, ROOT, Scenario, free_port, free_ports, until

MACHINES = 20
FLOWS = 5  # that serve


class Demo(Scenario):
    def start(self, **variables):
        self.output = self.folder / "output"
        environment = {**os.environ, "LINESHAFT_BINARY": BINARY, "DEMO_DATA": str(self.folder / "data"),
                       "DEMO_LISTEN": f"127.0.0.1:{free_port()}", "DEMO_PORT": str(free_ports(MACHINES)),
                       "DEMO_BROKER_PORT": str(free_port()), "DEMO_FLOW_PORT": str(free_ports(FLOWS)),
                       "DEMO_DAYS": "2", **variables}
        with open(self.output, "wb") as out:
            demo = self.run_process(ROOT / "tools/demo", env=environment, stdout=out, stderr=subprocess.STDOUT,
                                    start_new_session=True)
        self.addCleanup(self.end_all_of, demo.pid)
        return demo

    def end_all_of(self, group):
        """What a test that failed left running."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)

    def members(self, group):
        """Processes of a process group that still run."""
        listing = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
        return [line for line in listing.splitlines()
                if line.split()[0] == str(group) and not line.split()[1].startswith("Z")]

    def test_unattended_it_ends_by_itself_with_a_summary(self):
        demo = self.start(DEMO_SECONDS="10")
        self.assertEqual(demo.wait(180), 0, self.output.read_text())
        self.assertRegex(self.output.read_text(), r"20 assets have owners .*\n1\d{3} tags have a good value; [1-9]\d* samples of .* were read back")
        self.assertRegex(self.output.read_text(), r"2 organisations share 1 asset by their agreement; \d+ questions found nothing else")
        self.assertEqual(self.members(demo.pid), [])

    def test_ctrl_c_ends_all_of_it(self):
        demo = self.start()
        until(lambda: f"{MACHINES} of {MACHINES} machines connected" in self.output.read_text()
              or f"{MACHINES - 1} of {MACHINES}" in self.output.read_text(), "the machines")  # one is dead at times
        self.assertEqual(len(self.members(demo.pid)), 4, "the script, the broker, the plant, the server")
        os.killpg(demo.pid, signal.SIGINT)  # as a terminal does
        self.assertEqual(demo.wait(DEADLINE_S), 0, self.output.read_text())
        self.assertEqual(self.members(demo.pid), [])
        self.assertIn("stopped; the data stays in", self.output.read_text())
        # The data is good: the same again goes on with it.
        again = self.start()
        until(lambda: "machines connected" in self.output.read_text(), "the second start")
        os.killpg(again.pid, signal.SIGTERM)
        self.assertEqual(again.wait(DEADLINE_S), 0)
        self.assertEqual(self.members(again.pid), [])

    def test_ctrl_c_while_history_is_taken_in_loses_none_of_it(self):
        demo = self.start(DEMO_DAYS="30")
        until(lambda: "imported" in self.output.read_text(), "the first file", 180)  # a month is made up before
        os.killpg(demo.pid, signal.SIGINT)
        self.assertEqual(demo.wait(DEADLINE_S), 0, self.output.read_text())
        self.assertFalse((self.folder / "data/server/provisioned").exists(), "too fast to be interrupted")
        again = self.start(DEMO_DAYS="30")
        until((self.folder / "data/server/provisioned").exists, "the rest of the history", 240)
        files = {path.name for path in (self.folder / "data/provision").glob("*.csv")}
        taken = {line.split()[-1] for line in self.output.read_text().splitlines() if "imported" in line}
        self.assertEqual(taken, files)
        os.killpg(again.pid, signal.SIGINT)
        self.assertEqual(again.wait(DEADLINE_S), 0)
        once_more = self.start(DEMO_DAYS="30")
        until(lambda: "machines connected" in self.output.read_text(), "a third start")
        self.assertNotIn("imported", self.output.read_text())
        os.killpg(once_more.pid, signal.SIGINT)
        self.assertEqual(once_more.wait(DEADLINE_S), 0)

    def test_a_broker_that_cannot_start_is_told(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", free_port()))
            taken.listen()
            demo = self.start(DEMO_BROKER_PORT=str(taken.getsockname()[1]))
            self.assertEqual(demo.wait(DEADLINE_S), 1)
        self.assertIn("Address already in use", self.output.read_text())
        self.assertIn("demo: the MQTT broker ended", self.output.read_text())
        self.assertEqual(self.members(demo.pid), [])

    def test_a_plant_that_cannot_start_is_told(self):
        taken = free_port()
        blocker = self.run_process(BINARY, "sim", "plant", "--port", str(taken), "--machine", "EAF 1",
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: str(taken) in subprocess.run(["ss", "-ltn"], capture_output=True, text=True).stdout
              or blocker.poll() is not None, "the port to be taken")
        demo = self.start(DEMO_PORT=str(taken))
        self.assertEqual(demo.wait(DEADLINE_S), 1)
        self.assertIn("LS-1109", self.output.read_text())
        self.assertIn("demo: the plant ended", self.output.read_text())
        self.assertEqual(self.members(demo.pid), [])


if __name__ == "__main__":
    unittest.main()
