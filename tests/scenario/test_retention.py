"""How long samples are kept, and what is erased: rules by the command line and the API, over a restart, with an audit trail."""
import datetime
import json
import subprocess
import unittest

from harness import BINARY, Scenario

DAY = datetime.timedelta(days=1)


def rfc3339(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


class Retention(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()
        self.server.cli_login()
        self.now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
        # A full hour ten days ago, and what is newest.
        self.old = (self.now - 10 * DAY).replace(minute=0)

    def make(self, path, kind="float64"):
        return self.server.ok("POST", "/tags", {"path": path, "type": kind})["id"]

    def store(self, tag, *values):
        """The values a minute after the other in the old hour, then 99 now."""
        samples = [{"tag": tag, "time": rfc3339(self.old + datetime.timedelta(minutes=n)), "value": value}
                   for n, value in enumerate(values)]
        self.server.ok("POST", "/values", {"samples": [*samples, {"tag": tag, "time": rfc3339(self.now), "value": 99}]})

    def raw(self, tag):
        return self.server.get(f"/values/raw?tag={tag}&from={rfc3339(self.old - DAY)}&to={rfc3339(self.now + DAY)}")

    def values(self, tag):
        return [item["value"] for item in self.raw(tag)["items"]]

    def hour(self, tag):
        window, = self.server.get(f"/values/aggregate?tag={tag}&from={rfc3339(self.old)}"
                                  f"&to={rfc3339(self.old + datetime.timedelta(hours=1))}&step_ms=3600000")["items"]
        return [window[key] for key in ("count", "min", "max", "mean", "first", "last")]

    def file(self, rules, name="rules.json"):
        path = self.folder / name
        path.write_text(json.dumps(rules))
        return str(path)

    def run_cli(self, *arguments, **environment):
        return subprocess.run([BINARY, *arguments], env={**self.server.environment, **environment},
                              capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)

    def audit(self, action):
        return [entry for entry in self.server.get("/audit")["items"] if entry["action"] == action]

    def test_samples_that_are_too_old_become_summaries_and_stay_so_after_a_restart(self):
        furnace, door = self.make("works/melt shop/furnace"), self.make("works/office/door")
        self.store(furnace, 10, 30, 20)
        self.store(door, 1, 2, 3)
        rules = [{"pattern": "works/melt shop/**", "samples_days": 5, "minutes_days": None, "hours_days": "forever"}]
        shown = self.run_cli("retention", "set", self.file(rules))
        self.assertEqual(shown.returncode, 1, "nobody could be asked")
        self.assertIn("nothing was changed", shown.stderr)
        self.assertEqual(shown.stdout.splitlines()[1].split(), "1 works/melt shop/** 5 days none for ever gone 1".split())
        self.assertEqual(json.loads(self.server.cli("retention", "show", "-o", "json"))["rules"], [])

        self.server.cli("retention", "set", self.file(rules), "--yes")
        report = json.loads(self.server.cli("retention", "apply", "-o", "json"))
        self.assertEqual(set(report), {"tags", "rollups", "erasures", "files_rewritten"})
        self.assertEqual(self.values(furnace), [99])
        self.assertEqual(self.raw(furnace)["summarised"], 3)
        self.assertEqual(self.hour(furnace), [3, 10, 30, 20, 10, 20], "what arithmetic says of 10, 30, 20")
        self.assertEqual((self.values(door), self.raw(door)["summarised"]), ([1, 2, 3, 99], 0))

        self.server.stop()
        self.server.start()
        self.server.sign_in()
        kept = self.server.get("/historian/retention")
        self.assertEqual((kept["version"], kept["tags_total"], kept["tags_without_rule"]), (1, 2, 1))
        self.assertEqual([rule["tags"] for rule in kept["rules"]], [1])
        self.assertEqual((self.values(furnace), self.hour(furnace)[0]), ([99], 3))

        self.store(furnace, 50, 50, 50)  # late: their hour is summed up
        self.assertEqual(self.hour(furnace), [3, 10, 30, 20, 10, 20])
        metrics = self.server.request("GET", "/metrics").body.decode()
        self.assertIn("\nlineshaft_samples_too_late_total 3\n", metrics)

        span = ("--from", rfc3339(self.old), "--to", rfc3339(self.now + DAY))
        asked = self.run_cli("query", "raw", str(furnace), *span)
        self.assertIn("of 3 samples before only summaries remain", asked.stderr)
        exported = self.run_cli("export", str(furnace), str(door), *span)
        self.assertIn("of 3 more samples only summaries remain", exported.stderr)
        self.assertEqual(len(exported.stdout.splitlines()), 1 + 1 + 4)

    def test_what_another_sample_replaced_is_kept_where_a_rule_says_so_also_over_a_kill(self):
        kept, gone = self.make("works/scale/weight"), self.make("works/other/weight")
        self.server.cli("retention", "set", self.file([{"pattern": "works/scale/**", "keep_replaced": True}]), "--yes")
        for values in ((10,), (11,), (11,), (12,)):
            for tag in (kept, gone):
                self.store(tag, *values)
        self.server.kill()
        self.server.start()  # the log is replayed, and what it holds becomes files
        self.server.sign_in()
        self.server.cli("retention", "apply")
        span = ("--from", rfc3339(self.old), "--to", rfc3339(self.now + DAY), "-o", "json")
        replaced = lambda tag: [row["value"] for row in json.loads(self.server.cli("query", "replaced", str(tag), *span))]
        self.assertEqual((replaced(kept), self.values(kept)), ([10, 11], [12, 99]))
        self.assertEqual((replaced(gone), self.values(gone)), ([], [12, 99]))

    def test_rules_are_refused_whole_and_not_overwritten_unseen(self):
        good = {"pattern": "**", "samples_days": None}
        for bad, words in (({"pattern": "a/**", "samples_days": 0}, "rule 2: samples_days"),
                           ({"pattern": "a/**", "samples_days": 9, "minutes_days": 9}, "rule 2: minutes_days"),
                           ({"pattern": "", "samples_days": 9}, "rule 2: pattern"),
                           ({"samples_days": 9}, "rule 2: pattern"),
                           ({"pattern": "a/**", "sample_days": 9}, "rule 2: sample_days")):
            for route, method in (("", "PUT"), ("/preview", "POST")):
                refused = self.server.request(method, "/historian/retention" + route, {"version": 0, "rules": [good, bad]})
                self.assertEqual(refused.status, 400, bad)
                self.assertIn(words, refused.json["detail"])
            done = self.run_cli("retention", "set", self.file([good, bad]), "--yes")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(words, done.stderr)
        self.assertEqual(self.server.get("/historian/retention")["version"], 0)

        self.server.cli("retention", "set", self.file([good]), "--yes")
        seen = json.loads(self.server.cli("retention", "show", "-o", "json"))
        self.server.cli("retention", "set", self.file([{**good, "samples_days": 700}]), "--yes")
        stale = self.run_cli("retention", "set", self.file(seen), "--yes")
        self.assertEqual(stale.returncode, 4, stale.stderr)
        self.assertEqual(self.server.get("/historian/retention")["rules"][0]["samples_days"], 700)
        failed, meant, done = self.audit("retention.change")[:3]  # what is meant is written before it is tried
        self.assertEqual([failed["result"], meant["request"], done["result"]], ["failed", failed["request"], "done"])
        self.assertIn("retention 1 has version 2, not 1", failed["detail"])
        self.assertEqual(done["detail"], "before: **: everything for ever\nafter: **: samples for 700 days, then nothing")

    def test_samples_are_erased_for_a_reason_after_a_look(self):
        a, b, note = self.make("works/line/a"), self.make("works/line/b"), self.make("works/line/note", "string")
        self.store(a, 1, 2, 3)
        self.store(b, 4, 5, 6)
        self.server.ok("POST", "/values", {"samples": [{"tag": note, "time": rfc3339(self.old), "value": "x"}]})
        span = ("--from", rfc3339(self.old + datetime.timedelta(minutes=1)), "--to", rfc3339(self.now))
        command = ("erase", "--match", "works/line/*", *span, "--reason", "calibration", "-o", "json")
        shown = self.run_cli(*command)
        self.assertEqual((shown.returncode, json.loads(shown.stdout)["samples"]), (1, 4))
        self.assertIn("nothing was erased", shown.stderr)
        self.assertEqual(self.audit("values.erase"), [])
        self.assertEqual(self.values(a), [1, 2, 3, 99])

        erased = json.loads(self.server.cli(*command, "--yes"))
        self.assertEqual((erased["tags"], erased["samples"]), (2, 4))
        self.server.stop()
        self.server.start()
        self.server.sign_in()
        self.assertEqual((self.values(a), self.values(b), self.values(note)), ([1, 99], [4, 99], ["x"]))
        entry, = self.audit("values.erase")
        self.assertEqual((entry["actor"], entry["object"]), ("ann@example.com", "works/line/*"))
        self.assertIn("4 samples of 2 tags, reason: calibration", entry["detail"])

        self.server.cli("erase", "works/line/a", "works/line/note", "--from", "1970-01-01", "--to", "2200-01-01",
                        "--reason", "the end of it", "--yes")
        self.assertEqual((self.values(a), self.values(b), self.values(note)), ([], [4, 99], []))
        self.store(a, 7)
        self.assertEqual(self.values(a), [7, 99], "what comes later stays")

    def test_what_cannot_be_erased_says_why(self):
        tag = self.make("works/line/a")
        body = {"tags": [tag], "from": "2026-01-01", "to": "2026-01-02", "reason": "r"}
        for change, status, words in (({"reason": " "}, 400, "reason"), ({"reason": None}, 400, "reason"),
                                      ({"to": "2026-01-01"}, 400, "to: must be after from"), ({"from": "soon"}, 400, "from"),
                                      ({"tags": [tag, 77]}, 404, "tag 77"), ({"tags": []}, 400, "tags"),
                                      ({"tags": ["works/line/a"]}, 400, "tags"), ({"pattern": "**"}, 400, "give one of them"),
                                      ({"tags": list(range(1, 10_002))}, 400, "in parts"), ({"days": 3}, 400, "days")):
            refused = self.server.request("POST", "/values/erase", {**body, **change})
            self.assertEqual(refused.status, status, change)
            self.assertIn(words, refused.json["detail"], change)
        none = self.run_cli("erase", "--match", "none/**", "--from", "2026-01-01", "--to", "2026-01-02", "--reason", "r", "--yes")
        self.assertEqual(none.returncode, 3)
        both = self.run_cli("erase", "--from", "2026-01-01", "--to", "2026-01-02", "--reason", "r", "--yes")
        self.assertEqual(both.returncode, 2)

    def test_only_an_administrator_ends_data(self):
        tag = self.make("works/line/a")
        for role in ("viewer", "operator", "engineer"):
            token = {"LINESHAFT_TOKEN": self.server.cli("token", "add", role, "--role", role).strip()}
            self.server.cli("retention", "show", environment=token)
            self.server.cli("retention", "apply", expect=5, environment=token)
            self.server.cli("retention", "set", self.file([]), "--yes", expect=5, environment=token)
            self.server.cli("erase", str(tag), "--from", "2026-01-01", "--to", "2026-01-02", "--reason", "r", expect=5,
                            environment=token)


if __name__ == "__main__":
    unittest.main()
