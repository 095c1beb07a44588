#!/usr/bin/env python3
"""The bill of materials that tools/sbom writes: as CycloneDX 1.5 wants it, whole, and the same every time.

Run: tests/house/sbom_test.py (from anywhere). Needs nothing but Python. The rules below are those of
bom-1.5.schema.json for the members that we write."""
import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEX_DIGITS = {"SHA-256": 64, "SHA-384": 96, "SHA-512": 128}
MEMBERS = {"type", "bom-ref", "name", "version", "scope", "purl", "hashes", "licenses", "description", "components"}


def written():
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bom.json"
        subprocess.run([ROOT / "tools/sbom", file], check=True)
        return file.read_text()


def lock_lines(path):
    return [line.split() for line in (ROOT / path).read_text().splitlines() if line and not line.startswith("#")]


class BillOfMaterials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = written()
        cls.bill = json.loads(cls.text)
        cls.by_ref = {one["bom-ref"]: one for one in cls.bill["components"]}

    def test_the_same_locks_give_the_same_bytes(self):
        self.assertEqual(written(), self.text)

    def test_it_has_what_the_schema_requires(self):
        bill = self.bill
        self.assertEqual((bill["bomFormat"], bill["specVersion"], bill["version"]), ("CycloneDX", "1.5", 1))
        self.assertRegex(bill["serialNumber"], r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
        self.assertLessEqual(set(bill), {"$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components",
                                         "dependencies", "compositions"})
        root = bill["metadata"]["component"]
        self.assertEqual((root["type"], root["name"]), ("application", "lineshaft"))
        self.assertIn(f"project(lineshaft VERSION {root['version']} ", (ROOT / "CMakeLists.txt").read_text())
        self.assertEqual(len(self.by_ref), len(bill["components"]), "a bom-ref stands twice")
        refs = {*self.by_ref, root["bom-ref"]}
        for entry in bill["dependencies"]:
            self.assertLessEqual({entry["ref"], *entry["dependsOn"]}, refs)
        for one in bill["compositions"]:
            self.assertIn(one["aggregate"], {"complete", "incomplete"})
            self.assertLessEqual(set(one["assemblies"]), refs)

    def test_every_component_is_one(self):
        nested = [part for one in self.bill["components"] for part in one.get("components", [])]
        for one in [*self.bill["components"], *nested]:
            with self.subTest(one.get("purl")):
                self.assertLessEqual(set(one), MEMBERS)
                self.assertIn(one["type"], {"application", "library"})
                self.assertTrue(one["name"] and one["version"])
                self.assertIn(one["scope"], {"required", "excluded"})
                self.assertRegex(one["purl"], r"^pkg:(deb/debian|npm|pypi|cargo|github)/[\w.%/+-]+@[\w.%~:+-]+(\?[\w=&-]+)?$")
                for entry in one.get("hashes", []):
                    self.assertRegex(entry["content"], rf"^[0-9a-f]{{{HEX_DIGITS[entry['alg']]}}}$")
                for entry in one.get("licenses", []):
                    self.assertTrue("expression" in entry or entry["license"]["id"])
        self.assertTrue(all("hashes" in one for one in self.bill["components"]))

    def test_what_is_in_the_program_has_a_licence_and_is_what_the_program_depends_on(self):
        required = [one for one in self.bill["components"] if one["scope"] == "required"]
        self.assertEqual([one["name"] for one in required if "licenses" not in one], [])
        self.assertEqual([one["name"] for one in required if re.search(r"\bA?GPL", json.dumps(one["licenses"]))], [])
        self.assertEqual(self.bill["dependencies"][0]["dependsOn"], [one["bom-ref"] for one in required])

    def test_every_line_of_the_locks_stands_in_it(self):
        def has(start, digest=None):
            found = [one for ref, one in self.by_ref.items() if ref.startswith(start)]
            self.assertEqual(len(found), 1, start)
            if digest:
                self.assertEqual(found[0]["hashes"][0]["content"], digest)
            return found[0]

        for profile, package, _, digest in lock_lines("tools/debian.lock"):
            one = has(f"pkg:deb/debian/{package.replace('+', '%2B')}@", digest)
            self.assertEqual(one["scope"] == "required", profile == "build" and package.endswith("-dev"), package)
        for crate, version, digest, inside in lock_lines("tools/open62541.lock"):
            self.assertEqual(has(f"pkg:cargo/{crate}@{version}", digest)["components"][0]["version"], inside)
        for (requirement, _) in lock_lines("tests/requirements.txt"):
            name, version = requirement.split("==")
            self.assertEqual(has(f"pkg:pypi/{name}@{version}")["scope"], "excluded")
        packages = json.loads((ROOT / "console/package-lock.json").read_text())["packages"]
        for path, package in packages.items():
            if path:
                name = path.rpartition("node_modules/")[2].replace("@", "%40")
                one = has(f"pkg:npm/{name}@{package['version']}")
                if package.get("dev"):
                    self.assertEqual(one["scope"], "excluded", name)
        for name in packages[""]["dependencies"]:
            self.assertEqual(has(f"pkg:npm/{name}@")["scope"], "required")

    def test_every_library_that_the_build_asks_for_is_in_the_program(self):
        """What CMake looks for is what is linked: each must be one of the required components."""
        wanted = {"Boost": "libboost1.81-dev", "EXPAT": "libexpat1-dev", "OpenSSL": "libssl-dev", "SQLite3": "libsqlite3-dev",
                  "fmt": "libfmt-dev", "hwy": "libhwy-dev", "libsodium": "libsodium-dev", "libzstd": "libzstd-dev",
                  "nlohmann_json": "nlohmann-json3-dev", "p11-kit-1": "libp11-kit-dev", "spdlog": "libspdlog-dev"}
        ours = {"PkgConfig", "Python3", "Threads"}  # nothing of them is in the program
        asked = set()
        for file in [*(ROOT / "src").rglob("CMakeLists.txt"), *(ROOT / "cmake").glob("*.cmake")]:
            text = file.read_text()
            asked |= set(re.findall(r"find_package\((\w+)", text)) | set(re.findall(r"pkg_check_modules\(\w+ (?:REQUIRED |IMPORTED_TARGET )*([\w+.-]+)", text))
        self.assertEqual(asked - ours, set(wanted), "name the Debian package of it here")
        # Headers alone, which CMake need not look for.
        headers = {"<CLI/": "libcli11-dev", "<toml++/": "libtomlplusplus-dev"}
        names = {one["name"] for one in self.bill["components"] if one["scope"] == "required" and one["purl"].startswith("pkg:deb/")}
        self.assertEqual({*wanted.values(), *headers.values()}, names)
        sources = "".join(file.read_text() for file in (ROOT / "src").rglob("*") if file.suffix in {".h", ".cpp"})
        self.assertEqual([header for header in headers if f"#include {header}" not in sources], [])


if __name__ == "__main__":
    unittest.main()
