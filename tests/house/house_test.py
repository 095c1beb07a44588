#!/usr/bin/env python3
"""The rules of the house, read from the files themselves: floors, documents, words.

Run: tests/house/house_test.py (from anywhere). Needs nothing but Python and git.
"""
import json
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"

# Headers of the operating system, the network and the libraries that wrap them: sys/ only.
OS_HEADERS = re.compile(
    r"<(sys/|netinet/|arpa/|net/|linux/|unistd\.h|fcntl\.h|poll\.h|netdb\.h|dirent\.h|pthread\.h"
    r"|signal\.h|csignal|boost/|openssl/|filesystem|fstream)")
# Where a room may, beside sys/: the reason stands with it.
OS_HEADERS_ALLOWED = {
    "app/": "the entrance: files and signals of the command line",
}


def floors():
    """{room: floor} from cmake/floors.cmake."""
    text = (ROOT / "cmake/floors.cmake").read_text()
    return {room: int(floor) for floor, room in re.findall(r'^\s+"(\d) ([\w/]+)"', text, re.M)}


def room_of(path, rooms):
    """The room that a path below src/ belongs to: the longest room name that is its prefix."""
    fits = [room for room in rooms if path.startswith(room + "/")]
    return max(fits, key=len) if fits else None


def sources():
    for file in sorted(SOURCE.rglob("*")):
        if file.suffix in {".h", ".cpp", ".def", ".inc"}:
            yield file


class Floors(unittest.TestCase):
    def test_every_include_goes_to_a_lower_floor_or_stays_in_its_room(self):
        rooms = floors()
        wrong = []
        for file in sources():
            relative = file.relative_to(SOURCE).as_posix()
            room = room_of(relative, rooms)
            self.assertIsNotNone(room, f"{relative} lies in no room of cmake/floors.cmake")
            for number, line in enumerate(file.read_text().splitlines(), 1):
                match = re.match(r'#include "([^"]+)"', line)
                if not match:
                    continue
                other = room_of(match[1], rooms)
                if other is None:
                    wrong.append(f"{relative}:{number}: {match[1]} is not named from src/")
                elif other != room and rooms[other] >= rooms[room]:
                    wrong.append(f"{relative}:{number}: floor {rooms[room]} includes {match[1]} "
                                 f"of floor {rooms[other]}")
        self.assertEqual(wrong, [])

    def test_only_sys_includes_the_operating_system(self):
        wrong = []
        for file in sources():
            relative = file.relative_to(SOURCE).as_posix()
            if relative.startswith(("sys/", *OS_HEADERS_ALLOWED)) or relative.endswith(("_test.cpp", "_fixture.h")):
                continue
            for number, line in enumerate(file.read_text().splitlines(), 1):
                if line.startswith("#include") and OS_HEADERS.search(line):
                    wrong.append(f"{relative}:{number}: {line}")
        self.assertEqual(wrong, [])

    def test_the_table_of_rooms_in_the_architecture_page_is_the_list_of_cmake(self):
        page = (ROOT / "docs/ARCHITECTURE.md").read_text()
        rows = {room: int(floor)
                for floor, room in re.findall(r"^\| (\d) \| `([\w/]+)/` \|", page, re.M)}
        built = {room: floor for room, floor in floors().items() if (SOURCE / room).is_dir()}
        self.assertEqual(rows, built)


class Documents(unittest.TestCase):
    def test_every_error_stands_in_the_reference_with_its_remedy(self):
        catalogue = re.findall(
            r'^LS_ERROR\((\d+), k(\w+), k(\w+),\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)"\)',
            (SOURCE / "base/errors.def").read_text(), re.M)
        declared = (SOURCE / "base/errors.def").read_text().count("\nLS_ERROR(")
        self.assertEqual(len(catalogue), declared, "an entry of errors.def could not be read")
        page = (ROOT / "docs/reference/errors.md").read_text()
        for number, _, _, title, remedy in catalogue:
            self.assertIn(f"| LS-{number} | {title} | {remedy} |", page,
                          "run tools/error-page to write docs/reference/errors.md")

    def test_links_between_documents_lead_somewhere(self):
        broken = []
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
                if "://" not in target and not (page.parent / target).exists():
                    broken.append(f"{page.relative_to(ROOT)}: {target}")
        self.assertEqual(broken, [])

    def test_pages_that_the_sources_name_exist(self):
        missing = {f"{file.relative_to(ROOT)}: {page}" for file in sources()
                   for page in re.findall(r"\bdocs/[\w/-]+\.md", file.read_text()) if not (ROOT / page).exists()}
        self.assertEqual(missing, set())

    def test_the_commands_of_the_readme_exist_in_the_makefile(self):
        targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M))
        used = set(re.findall(r"\bmake (\w+)", (ROOT / "README.md").read_text()))
        self.assertLessEqual(used, targets)
        self.assertLessEqual({"demo", "test"}, used)


class Words(unittest.TestCase):
    def test_the_console_has_words_for_every_event_of_a_machine(self):
        named = {name for file in sources() if not file.name.endswith("_test.cpp")
                 for call in re.findall(r"\b(?:on|add)_event\(([^;]*?)[,)]\s", file.read_text())
                 for name in re.findall(r'"([a-z-]+)"', call)}
        self.assertLessEqual({"connected", "lost", "secured", "node-offline"}, named, "the calls look otherwise now")
        for language in ("en", "zh"):
            words = json.loads((ROOT / f"console/src/words/{language}.json").read_text())
            self.assertEqual([name for name in sorted(named) if f"event.{name}" not in words], [], language)

    def test_no_file_names_a_place_of_one_machine_or_leaves_work_undone(self):
        # The patterns are written so that this file does not match itself.
        forbidden = re.compile(r"(?<![\w./~])/(?:work|root|home)/\w|\bT[O]DO\b|\bFIX[M]E\b|\bX{3}\b")
        files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                               capture_output=True, text=True, check=True).stdout.split("\n")
        wrong = []
        for name in filter(None, files):
            file = ROOT / name
            if file.suffix in {".lock", ".png", ".bin"} or not file.is_file() or "corpus/" in name:
                continue
            for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
                if forbidden.search(line) and "package-lock" not in name:
                    wrong.append(f"{name}:{number}: {line.strip()[:100]}")
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
