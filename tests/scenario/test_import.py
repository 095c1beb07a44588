"""Every file of measurements that industry published and we have, taken as it is and read back, against an
independent reading by Python's csv module. The files are no part of the product: absent, these tests are skipped."""
import csv
import datetime
import io
import json
import unittest

from harness import BINARY, SHARED, Scenario

DATA = SHARED / "data"
UTC = datetime.timezone.utc
# For files that say nothing about time. The turbines' names hold their year, which the program notices by itself.
START, STEP_S = "2026-01-01T00:00:00Z", 180
FILES = {
    "gas_turbine_2011.csv": [], "gas_turbine_2012.csv": [], "machine_temperature.csv": [], "steel_plant_energy.csv": [],
    **{name: ["--start", START, "--step-ms", str(STEP_S * 1000)] for name in (
        "milling_ai4i2020.csv", "tennessee_eastman_d00.dat", "tennessee_eastman_d01.dat",
        "tennessee_eastman_d01_te.dat", "tennessee_eastman_d05.dat")},
}


def utc(*parts):
    return datetime.datetime(*parts, tzinfo=UTC)


def plain(cell):
    """A cell as Python reads it: a number if it is one."""
    try:
        return float(cell)
    except ValueError:
        return cell


def table(name):
    """(column names or None, rows) of a file."""
    text = (DATA / name).read_text(encoding="utf-8-sig")
    if name.endswith(".dat"):
        rows = [line.split() for line in text.splitlines() if line.split()]
        return None, list(map(list, zip(*rows))) if name.endswith("d00.dat") else rows
    names, *rows = csv.reader(io.StringIO(text))
    return [name.strip() for name in names], [row for row in rows if row]


def times(name, names, rows):
    if name == "machine_temperature.csv":
        return [datetime.datetime.fromisoformat(row[0]).replace(tzinfo=UTC) for row in rows]
    if name == "steel_plant_energy.csv":  # ends of quarters of an hour; midnight bears the date of the day before
        at = [datetime.datetime.strptime(row[0], "%d-%m-%Y %H:%M").replace(tzinfo=UTC) for row in rows]
        return [t + datetime.timedelta(days=1) if (t.hour, t.minute) == (0, 0) else t for t in at]
    year = next((year for year in (2011, 2012) if str(year) in name), None)
    start, step = (utc(year, 1, 1), 3600) if year else (utc(2026, 1, 1), STEP_S)
    return [start + datetime.timedelta(seconds=step * i) for i in range(len(rows))]


def expected(name):
    """{column: {time: value}}; column by name, or by number where the file has no names."""
    names, rows = table(name)
    when = times(name, names, rows)
    first = 1 if name in ("machine_temperature.csv", "steel_plant_energy.csv") else 0
    return {names[i] if names else i: {t: plain(row[i]) for t, row in zip(when, rows)}
            for i in range(first, len(rows[0]))}


def exported(text):
    """{path: {time: value}} of an export."""
    found = {}
    for row in csv.DictReader(io.StringIO(text)):
        assert row["quality"] == "Good", row
        found.setdefault(row["tag"], {})[datetime.datetime.fromisoformat(row["time"])] = plain(row["value"])
    return found


@unittest.skipUnless(DATA.is_dir(), f"there is no folder {DATA}")
class SharedFiles(Scenario):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.server.claim()
        self.server.cli_login()

    def run_import(self, name, *options):
        return json.loads(self.server.cli("import", "csv", str(DATA / name), "--prefix", "mill/north", "-o", "json",
                                          *FILES[name], *options))

    def export(self, server, tags, *options):
        return server.cli("export", *map(str, tags), "--from", "1990-01-01", "--to", "2100-01-01", *options)

    def test_every_file_is_taken_and_comes_back_value_for_value(self):
        present = {path.name for path in DATA.iterdir() if path.suffix in {".csv", ".dat"}}
        self.assertEqual(present, set(FILES), "a file that this test does not know")
        for name in sorted(FILES):
            with self.subTest(file=name):
                before = self.server.get("/tags")["total"]
                dry = self.run_import(name, "--dry-run")
                self.assertEqual(self.server.get("/tags")["total"], before, "a dry run made tags")
                names, rows = table(name)
                self.assertEqual(dry["rows_refused"], 0)
                self.assertEqual(dry["rows"], 52 if name.endswith("d00.dat") else len(rows))

                done = self.run_import(name)
                self.assertEqual((done["state"], done["samples"]), ("done", dry["samples"]))
                columns = {c["name"] if names else c["index"]: c["path"]
                           for c in done["plan"]["columns"] if c["use"] == "value"}
                want = expected(name)
                self.assertEqual(set(columns), set(want))
                self.assertEqual(done["samples"] - done["duplicates"], sum(map(len, want.values())))
                ids = [self.server.tag(path)["id"] for path in columns.values()]
                got = exported(self.export(self.server, ids))
                for column, path in columns.items():
                    self.assertEqual(got[path], want[column], f"{name}: {column}")

    def test_what_is_exported_and_imported_elsewhere_is_exported_alike(self):
        other = self.serve(name="other")
        other.claim("Southfield Steel")
        other.cli_login()
        for name, layout in (("machine_temperature.csv", "long"), ("gas_turbine_2011.csv", "wide")):
            with self.subTest(file=name, layout=layout):
                done = self.run_import(name)
                paths = [c["path"] for c in done["plan"]["columns"] if c["use"] == "value"]
                first = self.export(self.server, paths, "--layout", layout)
                copy = self.folder / f"{layout}.csv"
                copy.write_text(first)
                other.cli("import", "csv", str(copy))
                again = self.export(other, paths, "--layout", layout)
                self.assertGreater(len(first.splitlines()), 7000)
                self.assertEqual(again, first)

    def test_a_person_sees_what_was_detected_and_how_far_it_is(self):
        shown = self.server.cli("import", "csv", str(DATA / "steel_plant_energy.csv"), "--dry-run",
                                "--prefix", "mill/north", "--zone", "Asia/Seoul")
        for words in ("with a byte-order mark", "delimiter  ,", "header     yes", "dd-mm-yyyy HH:MM",
                      "zone Asia/Seoul", "2017-12-31T15:15:00Z", "35040 rows, 0 refused, 350400 samples"):
            self.assertIn(words, shown)
        code, drawn = self.server.drawn_by("import", "csv", str(DATA / "steel_plant_energy.csv"),
                                           "--prefix", "mill/north")
        self.assertEqual(code, 0)
        self.assertIn(b"uploading", drawn)
        self.assertIn(b"100.0 %", drawn)


if __name__ == "__main__":
    unittest.main()
