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


# Of the ids of ASVS 5.0.0 those of levels 1 and 2: {section: its numbers}.
ASVS = {"1.1": "1-2", "1.2": "1-9", "1.3": "1-11", "1.4": "1-3", "1.5": "1-2", "2.1": "1-3", "2.2": "1-3", "2.3": "1-4", "2.4": "1",
        "3.2": "1-2", "3.3": "1-4", "3.4": "1-6", "3.5": "1-5", "3.7": "1-2", "4.1": "1-3", "4.2": "1", "4.3": "1-2", "4.4": "1-4",
        "5.1": "1", "5.2": "1-3", "5.3": "1-2", "5.4": "1-3", "6.1": "1-3", "6.2": "1-12", "6.3": "1-4", "6.4": "1-4", "6.5": "1-5",
        "6.6": "1-3", "6.8": "1-4", "7.1": "1-3", "7.2": "1-4", "7.3": "1-2", "7.4": "1-5", "7.5": "1-2", "7.6": "1-2", "8.1": "1-2",
        "8.2": "1-3", "8.3": "1", "8.4": "1", "9.1": "1-3", "9.2": "1-4", "10.1": "1-2", "10.2": "1-2", "10.3": "1-4", "10.4": "1-11",
        "10.5": "1-5", "10.6": "1-2", "10.7": "1-3", "11.1": "1-2", "11.2": "1-3", "11.3": "1-3", "11.4": "1-4", "11.5": "1", "11.6": "1",
        "12.1": "1-3", "12.2": "1-2", "12.3": "1-4", "13.1": "1", "13.2": "1-5", "13.3": "1-2", "13.4": "1-5", "14.1": "1-2",
        "14.2": "1-4", "14.3": "1-3", "15.1": "1-3", "15.2": "1-3", "15.3": "1-7", "16.1": "1", "16.2": "1-5", "16.3": "1-4",
        "16.4": "1-3", "16.5": "1-3", "17.1": "1", "17.2": "1-4", "17.3": "1-2"}


class SecurityTables(unittest.TestCase):
    def rows(self, page):
        """[(id, state, evidence)] of a table of requirements."""
        text = (ROOT / "docs/reference" / page).read_text()
        return [(cells[0], cells[-2], cells[-1]) for line in text.splitlines() if re.match(r"\| (\d|C)", line)
                for cells in [[cell.strip() for cell in line.strip("|").split("|")]]]

    def test_every_requirement_of_asvs_stands_in_the_table_once(self):
        wanted = []
        for section, numbers in ASVS.items():
            first, _, last = numbers.partition("-")
            wanted += [f"{section}.{n}" for n in range(int(first), int(last or first) + 1)]
        self.assertEqual(len(wanted), 253)
        self.assertEqual([row[0] for row in self.rows("asvs.md")], wanted)

    def test_the_tables_name_what_exists_and_count_right(self):
        wrong = []
        for page in ("asvs.md", "iec62443.md"):
            rows = self.rows(page)
            for requirement, state, evidence in rows:
                self.assertIn(state, ("pass", "n/a", "open"), requirement)
                named = re.findall(r"`((?:src|tests|docs|console|packaging|fuzz|tools)\b[\w./-]*|[A-Z]+(?:\.md)?|CMakePresets\.json)"
                                   r"(?:: ([^`]+))?`", evidence)
                if state == "pass" and not named and not re.search(r"\bas \d+\.\d+\.\d+", evidence):
                    wrong.append(f"{requirement}: names nothing")
                for path, name in named:
                    file = ROOT / path
                    if not file.exists():
                        wrong.append(f"{requirement}: there is no {path}")
                    elif name and not self.has(file, name):
                        wrong.append(f"{requirement}: {path} has no {name}")
            counted = re.search(r"(\d+) pass, (\d+) are not applicable, (\d+) are open", (ROOT / "docs/reference" / page).read_text())
            states = [row[1] for row in rows]
            self.assertEqual([int(n) for n in counted.groups()], [states.count(s) for s in ("pass", "n/a", "open")], page)
        self.assertEqual(wrong, [])

    def has(self, file, name):
        """A test is there if it runs: a beginning of its name, in a file that is built. Of other files the text counts."""
        text = file.read_text()
        if file.name.endswith("_test.cpp"):
            built = (file.parent / "CMakeLists.txt").exists() and file.name in (file.parent / "CMakeLists.txt").read_text()
            return built and re.search(rf"\bTEST(_F|_P)?\(\w+,\s*{name}", text) is not None
        return re.search(rf"def {name}\b", text) is not None if name.startswith("test_") else name in text

    def test_no_command_of_the_system_is_run(self):
        calls = re.compile(r"\b(system|popen|exec[vl][pe]*|posix_spawnp?|fork)\(")
        self.assertEqual([f"{file.relative_to(ROOT)}" for file in sources() if not file.name.endswith(("_test.cpp", "_fixture.h"))
                          and calls.search(file.read_text())], [])

    def test_the_console_shows_text_as_text(self):
        raw = re.compile(r"@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(")
        self.assertEqual([str(file.relative_to(ROOT)) for file in (ROOT / "console/src").rglob("*")
                          if file.suffix in {".svelte", ".ts"} and raw.search(file.read_text())], [])

    def test_connections_go_out_from_two_files_that_ask_where_they_may(self):
        opens = re.compile(r"\basync_connect\(|(?<!\w)::connect\(|(?<!\w)::sendto\(|\bresolver_?\.(?:async_)?resolve\(")
        found = {f"{file.relative_to(SOURCE)}" for file in sources() if opens.search(file.read_text())}
        self.assertEqual(found - {"sys/http_stream.cpp", "sys/http_stream.h"}, {"sys/asio_loop.cpp", "sys/http_client.cpp"},
                         "a stream of HTTP is given its addresses by http_client.cpp")
        for name in ("sys/asio_loop.cpp", "sys/http_client.cpp"):
            text = (SOURCE / name).read_text()
            # The addresses that are connected to are those that permitted() gave.
            self.assertRegex(text, r"const auto (\w+) = permitted\([\s\S]{0,600}?\basync_connect\((?:\s*socket_, )?\*\1,", name)
            self.assertEqual(len(re.findall(r"\basync_connect\(", text)), 1, name)

    def test_who_calls_a_connection_encrypted_encrypts_it(self):
        says = {f"{file.relative_to(SOURCE)}": file.read_text() for file in sources()
                if not file.name.endswith(("_test.cpp", "_fixture.h")) and re.search(r"\bkEncrypted\b|\bprivacy_of\(", file.read_text())}
        lists = {name for name in says if name.startswith("sys/") and name not in ("sys/http_client.cpp", "sys/tls_stream.h")}
        self.assertEqual(lists, {"sys/loop.h", "sys/reach.cpp"}, "who only looks at it")
        opcua = {name for name in says if name.startswith("connect/opcua/")}
        self.assertEqual(opcua, {"connect/opcua/server.cpp", "connect/opcua/ua_client.cpp", "connect/opcua/ua_loop.h"})
        self.assertRegex(says["connect/opcua/ua_client.cpp"], r"securityMode == UA_MESSAGESECURITYMODE_SIGNANDENCRYPT")
        self.assertEqual([name for name, text in says.items()
                          if name not in lists | opcua and not re.search(r"\bstart_tls\(|\basync_handshake\(", text)], [])

    def test_the_server_redirects_nobody(self):
        self.assertEqual([str(file.relative_to(ROOT)) for file in sources()
                          if re.search(r'"location"|\bstatus = 30[12378]\b', file.read_text())], [])


class BadDays(unittest.TestCase):
    """Tables of what is tested name tests that are built and run."""

    @staticmethod
    def built():
        """{Suite.Name} of all tests in files that a CMakeLists.txt builds."""
        found = set()
        for file in sorted(SOURCE.rglob("*_test.cpp")):
            folder = next(parent for parent in file.parents if (parent / "CMakeLists.txt").exists())
            if file.relative_to(folder).as_posix() in (folder / "CMakeLists.txt").read_text():
                found |= {f"{suite}.{name}" for suite, name in
                          re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", file.read_text(), re.M)}
        return found

    def test_every_protocol_has_every_bad_day_and_its_test(self):
        tests, days = self.built(), {}
        for section in (ROOT / "docs/reference/bad-days.md").read_text().split("\n## ")[1:]:
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| ")]
            days[section.splitlines()[0]] = [row[0] for row in rows[1:]]
            for day, cell in rows[1:]:
                named = re.findall(r"`([\w.]+)`", cell)
                self.assertTrue(named or re.match(r"(n/a|open): \w", cell), f"{day}: {cell}")
                self.assertEqual([name for name in named if name not in tests], [], day)
        protocols = [of for name, of in days.items() if name not in ("All together", "Clients of our servers")]
        self.assertEqual(len(protocols), 8)
        self.assertEqual([of for of in protocols if of != protocols[0]], [], "the same days everywhere")

    def test_the_assertions_of_sparkplug_name_tests_that_are_built(self):
        tests = self.built()
        page = (ROOT / "docs/reference/sparkplug.md").read_text().split("## Assertions of the specification")[1]
        rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")]
        named = {row[2] for row in rows if row[1] == "tested"}
        self.assertGreater(len(named), 25)
        self.assertEqual(sorted(named - tests), [])


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
