"""The command line as people and scripts use it: forms of output, exit codes, what goes where."""
import csv
import io
import json
import re
import shutil
import subprocess
import sys
import unittest

from harness import BINARY, PASSWORD, Scenario, free_port, until
from test_machines import PYMODBUS_DEVICE, device_signals


class CommandLine(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()
        self.server.cli_login()

    def run_cli(self, *arguments, **environment):
        return subprocess.run([BINARY, *arguments], env={**self.server.environment, **environment},
                              capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)

    def fails(self, code, words, *arguments, **environment):
        """The command ends with that exit code, says so on stderr with an error number, and prints no data."""
        done = self.run_cli(*arguments, **environment)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout}{done.stderr}")
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"^error LS-\d{4}: ")
        self.assertIn(words, done.stderr)

    def store(self, path="org/site/furnace"):
        tag = self.server.ok("POST", "/tags", {"path": path, "type": "float64", "unit": "CEL"})["id"]
        self.server.ok("POST", "/values", {"samples": [
            {"tag": tag, "time": f"2026-01-01T00:0{minute}:00Z", "value": 20.5 + minute} for minute in range(5)]})
        return tag

    def test_the_same_rows_in_every_form(self):
        tag = self.store()
        arguments = ("query", "raw", str(tag), "--from", "2026-01-01", "--to", "2026-01-02", "-o")
        want = [20.5, 21.5, 22.5, 23.5, 24.5]
        self.assertEqual([row["value"] for row in json.loads(self.server.cli(*arguments, "json"))], want)
        lines = self.server.cli(*arguments, "ndjson").splitlines()
        self.assertEqual([json.loads(line)["value"] for line in lines], want)
        rows = list(csv.DictReader(io.StringIO(self.server.cli(*arguments, "csv"))))
        self.assertEqual([float(row["value"]) for row in rows], want)
        self.assertEqual(rows[0]["quality"], "Good")
        table = self.server.cli(*arguments, "table").splitlines()
        self.assertEqual(table[0].split(), ["time", "value", "quality"])
        self.assertEqual([float(line.split()[1]) for line in table[1:]], want)

    def test_every_command_that_prints_rows_prints_json(self):
        self.store()
        self.server.cli("token", "add", "feed")
        for command in ("user ls", "token ls", "connect ls", "tag ls", "query last org/site/furnace",
                        "query raw org/site/furnace", "query agg org/site/furnace", "retention show", "asset list",
                        "party list", "doctor"):
            rows = json.loads(self.run_cli(*command.split(), "-o", "json").stdout)
            self.assertIsInstance(rows, (list, dict), command)
        watched = self.server.cli("tag", "watch", "furnace", "--count", "1", "-o", "ndjson")
        self.assertEqual(json.loads(watched)["path"], "org/site/furnace")
        header, row = self.server.cli("tag", "watch", "furnace", "--count", "1", "-o", "csv").splitlines()
        self.assertEqual(dict(zip(header.split(","), row.split(",")))["value"], "24.5")

    def test_tags_are_found_by_a_path_with_stars_and_moved_with_their_history(self):
        for path in ("works/melt shop/eaf1/cooling/temperature 1", "works/melt shop/temperature", "works/mill/temperature"):
            self.store(path)
        match = lambda pattern: [row["path"] for row in json.loads(
            self.server.cli("tag", "ls", "--match", pattern, "-o", "json"))]
        self.assertEqual(match("*/melt shop/**/temperature*"),
                         ["works/melt shop/eaf1/cooling/temperature 1", "works/melt shop/temperature"])
        self.assertEqual(match("works/*/temperature"), ["works/melt shop/temperature", "works/mill/temperature"])

        moved = self.run_cli("tag", "mv", "works/melt shop", "works/east/melt shop")
        self.assertEqual((moved.returncode, moved.stdout), (0, ""))
        self.assertIn("2 tags moved", moved.stderr)
        path = "works/east/melt shop/eaf1/cooling/temperature 1"
        self.server.stop()
        self.server.start()
        rows = json.loads(self.server.cli("query", "raw", path, "--from", "2026-01-01", "--to", "2026-01-02", "-o", "json"))
        self.assertEqual([row["value"] for row in rows], [20.5, 21.5, 22.5, 23.5, 24.5])
        self.assertEqual(match("works/melt shop/**"), [])

        self.fails(4, "works/mill/temperature is taken", "tag", "mv", "works/east/melt shop", "works/mill")
        self.fails(3, "no tag is at or below works/none", "tag", "mv", "works/none", "works/other")
        self.fails(1, "path: ", "tag", "mv", "works/mill", "works//mill")
        self.assertEqual(len(match("works/**")), 3)
        self.assertEqual(self.server.request("GET", "/tags?text=" + "a%20" * 70).status, 400)
        self.assertIn("tag.move", [entry["action"] for entry in self.server.get("/audit")["items"]])

    def test_aggregates_are_what_arithmetic_says(self):
        tag = self.store()
        window, = json.loads(self.server.cli("query", "agg", str(tag), "--from", "2026-01-01T00:00:00Z", "--to",
                                             "2026-01-01T01:00:00Z", "--step-ms", "3600000", "-o", "json"))
        self.assertEqual([window[k] for k in ("count", "min", "max", "mean", "first", "last")],
                         [5, 20.5, 24.5, 22.5, 20.5, 24.5])

    def test_part_13_aggregates_are_what_arithmetic_says(self):
        tag = str(self.store())
        # 20.5 to 24.5 in steps of a minute, and a bad sample at the fifth.
        self.server.ok("POST", "/values", {"samples": [{"tag": int(tag), "time": "2026-01-01T00:05:00Z", "value": 0,
                                                        "quality_code": 0x800A0000}]})
        span = "--from", "2026-01-01T00:00:30Z", "--to", "2026-01-01T00:05:30Z", "--step-ms", "300000"
        def ask(*more):
            return json.loads(self.server.cli("query", "agg", tag, *span, *more, "-o", "json"))
        window, = ask("--aggregates", "TimeAverage2,Maximum,DurationBad,WorstQuality,MaximumActualTime")
        # A tag made without a word slopes: from 21 at 0:30 to 24.5 at 4:00, then held to 5:00; bad to 5:30.
        area = (21 + 24.5) / 2 * 210 + 24.5 * 60
        self.assertAlmostEqual(window["TimeAverage2"]["value"], area / 270)
        self.assertEqual(window["TimeAverage2"]["quality"], "UncertainDataSubNormal")
        self.assertEqual(window["TimeAverage2"]["origin"], "calculated")
        self.assertTrue(window["TimeAverage2"]["partial"])
        self.assertEqual(window["Maximum"]["value"], 24.5)
        self.assertEqual(window["DurationBad"]["value"], 30000)
        self.assertEqual(window["WorstQuality"]["value"], "BadTimeout")
        self.assertEqual(window["MaximumActualTime"]["time"], "2026-01-01T00:04:00Z")
        self.assertEqual(window["MaximumActualTime"]["origin"], "raw")
        # 30 of 300 seconds are bad, and the minute that ends bad is uncertain: 70 percent are good.
        self.assertEqual(ask("--aggregates", "TimeAverage2", "--percent-data-good", "70")[0]["TimeAverage2"]["quality"],
                         "Good")
        bad, = ask("--aggregates", "TimeAverage2", "--percent-data-good", "90", "--percent-data-bad", "10")
        self.assertEqual((bad["TimeAverage2"]["quality"], bad["TimeAverage2"]["value"]), ("Bad", None))
        table = self.server.cli("query", "agg", tag, *span, "--aggregates", "Count", "-o", "table").splitlines()
        self.assertEqual(table[0].split(), ["from", "Count", "quality"])
        self.fails(1, "'Mean' is not an aggregate", "query", "agg", tag, "--aggregates", "Mean")
        self.fails(1, "percent_data_good", "query", "agg", tag, "--aggregates", "Count", "--percent-data-good", "101")
        self.fails(1, "100 - percent_data_bad", "query", "agg", tag, "--aggregates", "Count", "--percent-data-good", "10",
                   "--percent-data-bad", "10")

    def test_values_at_instants_are_interpolated(self):
        tag = str(self.store())
        times = "2026-01-01T00:04:00Z", "2026-01-01T00:00:30Z", "2026-01-01T00:06:00Z", "2025-12-31T00:00:00Z"
        rows = json.loads(self.server.cli("query", "at", tag, *times, "-o", "json"))
        self.assertEqual([(row["value"], row["quality"]) for row in rows],
                         [(24.5, "Good"), (21, "Good"), (24.5, "UncertainDataSubNormal"), (None, "BadNoData")])
        self.assertEqual([row.get("origin") for row in rows], ["raw", "interpolated", "interpolated", None])
        straight, = json.loads(self.server.cli("query", "at", tag, times[2], "--sloped-extrapolation", "-o", "json"))
        self.assertEqual(straight["value"], 26.5)
        self.fails(1, "times", "query", "at", tag, "soon")

    def test_exit_codes(self):
        self.store()
        self.assertEqual(self.run_cli("tag", "ls").returncode, 0)
        self.fails(1, "LS-1506", "user", "add", "--email", "b@example.com", "--name", "B", LINESHAFT_PASSWORD="short")
        self.fails(2, "there are: ls, add, test, scan, browse, backfill, methods, call, export, import, undo, rm", "connect", "frob")
        self.fails(2, "needs one of", "query")
        self.fails(2, "tag is required", "query", "raw")
        self.fails(2, "--listen", "serve", "--listen", "nowhere")
        self.fails(2, "--file, or an address and --name", "connect", "add")
        self.fails(3, "the tag org/site/none", "query", "last", "org/site/none")
        self.fails(3, "connection 77", "connect", "rm", "77")
        self.fails(4, "only administrator of people", "user", "rm", "1")
        self.fails(5, "not signed in", "tag", "ls", XDG_CONFIG_HOME=str(self.folder / "nobody"))
        viewer = self.server.cli("token", "add", "looker", "--role", "viewer").strip()
        self.fails(5, "user.read", "user", "ls", LINESHAFT_TOKEN=viewer)
        self.fails(6, "refused", "tag", "ls", "--server", f"https://127.0.0.1:{free_port()}", LINESHAFT_TOKEN=viewer)

    def test_help_goes_to_stdout_and_a_bare_call_says_how_on_stderr(self):
        asked = self.run_cli("connect", "add", "--help")
        self.assertEqual((asked.returncode, asked.stderr), (0, ""))
        self.assertIn("--file", asked.stdout)
        bare = self.run_cli()
        self.assertEqual((bare.returncode, bare.stdout), (2, ""))
        self.assertIn("Subcommands", bare.stderr)
        self.assertRegex(self.run_cli("version").stdout, r"^lineshaft \d+\.\d+\.\d+\n$")

    def test_colour_only_on_a_terminal_and_never_with_no_color(self):
        command = "query", "last", "org/site/none"
        self.assertIn(b"\x1b[", self.server.drawn_by(*command)[1])
        self.assertNotIn(b"\x1b[", self.server.drawn_by(*command, environment={"NO_COLOR": "1"})[1])
        self.assertNotIn("\x1b[", self.run_cli(*command).stderr)

    def test_people_and_tokens_come_and_go(self):
        self.server.cli("user", "add", "--email", "bo@example.com", "--name", "Bo", "--role", "operator",
                        environment={"LINESHAFT_PASSWORD": PASSWORD})
        bo = next(u for u in json.loads(self.server.cli("user", "ls", "-o", "json")) if u["name"] == "Bo")
        self.assertEqual(bo["grants"], [{"role": "operator", "place": "*"}])
        self.server.cli("user", "rm", str(bo["id"]))
        self.assertNotIn("bo@example.com", self.server.cli("user", "ls"))
        secret = self.server.cli("token", "add", "feed").strip()
        self.assertEqual(self.run_cli("tag", "ls", LINESHAFT_TOKEN=secret).returncode, 0)
        token, = json.loads(self.server.cli("token", "ls", "-o", "json"))
        self.server.cli("token", "rm", str(token["id"]))
        self.fails(5, "LS-1503", "tag", "ls", LINESHAFT_TOKEN=secret)
        self.server.cli("logout")
        self.fails(5, "LS-1703", "tag", "ls")

    def test_a_first_sign_in_without_the_fingerprint_says_where_it_stands(self):
        self.fails(6, "give --fingerprint", "login", "--email", "ann@example.com", LINESHAFT_PASSWORD=PASSWORD,
                   LINESHAFT_FINGERPRINT="", XDG_CONFIG_HOME=str(self.folder / "nobody"))

    def test_a_machine_is_found_tested_added_listed_and_removed(self):
        port = free_port()
        self.run_process(sys.executable, "-c", PYMODBUS_DEVICE, str(port), stderr=subprocess.DEVNULL)
        until(lambda: str(port) in self.server.cli("connect", "scan", "127.0.0.1", "--ports", str(port), "--protocol", "modbus-tcp"), "the device")
        file = self.folder / "machine.json"
        file.write_text(json.dumps({"name": "Other", "protocol": "modbus-tcp", "signals": device_signals(3),
                                    "settings": {"host": "127.0.0.1", "port": port},
                                    "groups": [{"name": "fast", "interval_ms": 200}]}))
        tested = json.loads(self.server.cli("connect", "test", "--file", str(file), "-o", "json"))
        self.assertEqual([value["value"] for value in tested["values"]], [0, 1, 2])
        made, = json.loads(self.server.cli("connect", "add", "--file", str(file), "-o", "json"))
        self.assertEqual((made["status"]["tags"], made["enabled"]), (3, True))
        self.assertNotEqual(made["status"]["state"], "disabled")
        self.fails(4, "Other", "connect", "add", "--file", str(file))
        until(lambda: "connected" in self.server.cli("connect", "ls"), "the connection")
        until(lambda: self.server.cli("query", "last", device_signals(3)[2]["path"], "-o", "csv").count(",2,"),
              "the value of the third register")
        self.server.cli("connect", "rm", str(made["id"]))
        self.assertEqual(json.loads(self.server.cli("connect", "ls", "-o", "json")), [])

    def test_the_manual_page_is_one_that_man_reads(self):
        page = self.server.cli("man")
        if not shutil.which("groff"):
            self.skipTest("groff is not installed")
        formatted = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=page, capture_output=True, text=True)
        self.assertEqual(formatted.stderr, "")
        text = re.sub(".\b", "", formatted.stdout)  # bold is a letter struck twice
        self.assertTrue("lineshaft connect scan addresses [options]" in text, text[:2000])


if __name__ == "__main__":
    unittest.main()
