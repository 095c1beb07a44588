#!/usr/bin/env python3
"""What the reference says of the routes of the API, against src/api/rules_table.inc: that each is there, and who may call it.

A route is a code span `GET /path`, perhaps of several methods (`GET,POST /path`), with a query or words behind the path.
A table of routes says in its second column, "who" or "permission", what its routes need: one word for all of them
("tag.read", "session"), or one for each method ("GET user.read, else user.manage"). Behind "and" stands what a handler
asks for besides. Where nothing of that is named, anyone may call. In prose it stands behind the route: `GET /path` (tag.read).

Run: tests/house/api_page_test.py (from anywhere). Needs nothing but Python.
"""
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = "src/api/rules_table.inc"
ROW = re.compile(r'^ +\{"([A-Z]+) (/[^"\s]*)", "([a-z_.]+)@?"\},$', re.M)
RULES = {(method, path): rule for method, path, rule in ROW.findall((ROOT / TABLE).read_text())}
# Added to the server behind the table: the description of all others.
RULES["GET", "/openapi.json"] = "anyone"
PERMISSIONS = {rule for rule in RULES.values() if "." in rule}

ROUTE = re.compile(r"([A-Z]{3,}(?:,[A-Z]{3,})*) (?:/api/v1)?(/[^\s?]*)")
WORD = re.compile(r"(?:([A-Z]{3,}|else) )?(session\b|[a-z]+\.[a-z_]+)")


def routes_in(span):
    """[(method, path)] of the text of a code span; none if it is something else."""
    found = ROUTE.match(span)
    return [(method, found[2]) for method in found[1].split(",")] if found else []


def lines_of(page):
    """The lines of a page; blocks of code are empty lines."""
    text = re.sub(r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), page.read_text(), flags=re.M | re.S)
    return text.splitlines()


def pages(folder):
    return [(page.relative_to(ROOT).as_posix(), lines_of(page)) for page in sorted((ROOT / folder).rglob("*.md"))]


def cells_of(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]


def rows_of_routes():
    """(page:line, header, cells, routes of each code span of the first cell) of every table's row whose first cell names a route."""
    for name, lines in pages("docs/reference"):
        header = None
        for number, line in enumerate(lines, 1):
            if not line.startswith("|"):
                header = None
                continue
            header = header or cells_of(line)
            cells = cells_of(line)
            spans = re.findall(r"`([^`]+)`", cells[0])
            if any(map(routes_in, spans)):
                yield f"{name}:{number}", header, cells, [routes_in(span) for span in spans]


def said_in_prose():
    """(page:line, route, word): what stands behind a route in brackets."""
    for name, lines in pages("docs/reference"):
        text = "\n".join(lines)
        for found in re.finditer(r"`([^`]+)`\s+\((session|anyone|[a-z]+\.[a-z_]+)\b", text):
            number = text.count("\n", 0, found.start()) + 1
            yield from ((f"{name}:{number}", route, found[2]) for route in routes_in(found[1]))


def words_of(cell):
    """{method, "else" or "": word} of a cell of the second column; None if it cannot be read."""
    first = re.split(r"\band\b", cell)[0]
    found = [match for match in map(WORD.match, first.split(", ")) if match]
    words = {match[1] or "": match[2] for match in found}
    if len(words) < len(re.findall(r"\bsession\b|[a-z]+\.[a-z_]+", first)) or "" in words and len(words) > 1:
        return None
    return words


class Pages(unittest.TestCase):
    def nothing_of(self, wrong):
        if wrong:
            self.fail("\n" + "\n".join(wrong))

    def test_the_table_of_rules_can_be_read(self):
        text = (ROOT / TABLE).read_text()
        self.assertEqual(len(ROW.findall(text)), text.count('{"'), f"an entry of {TABLE} could not be read")

    def test_every_route_is_named_with_what_it_needs(self):
        told = {route for _, _, _, spans in rows_of_routes() for span in spans for route in span}
        told |= {route for _, route, _ in said_in_prose()}
        table = (ROOT / TABLE).read_text().splitlines()
        self.nothing_of([f"{TABLE}:{number}: {found[1]} {found[2]}: the rule is {found[3]}, no page of docs/reference says so"
                         for number, line in enumerate(table, 1) for found in ROW.finditer(line)
                         if (found[1], found[2]) not in told])

    def test_every_route_that_is_named_is_one(self):
        wrong = []
        for name, lines in pages("docs"):
            text = "\n".join(lines)
            for found in re.finditer(r"`([^`]+)`", text):
                where = f"{name}:{text.count(chr(10), 0, found.start()) + 1}"
                wrong += [f"{where}: {' '.join(route)}: {TABLE} has no such route" for route in routes_in(found[1]) if route not in RULES]
        self.nothing_of(wrong)

    def test_a_row_says_what_its_routes_need(self):
        wrong = []
        for where, header, cells, spans in rows_of_routes():
            if len(header) != len(cells):
                wrong.append(f"{where}: has {len(cells)} cells, the head of its table {len(header)}")
            elif len(header) < 2 or header[1] not in {"who", "permission"}:
                wrong.append(f'{where}: is in a table whose second column is not "who" or "permission"')
            elif not cells[1] or [] in spans:
                wrong.append(f"{where}: " + ("its first cell has a code span that is no route" if cells[1] else "says nobody"))
            else:
                wrong += [f"{where}: {fault}" for fault in self.faults_of(cells[1], [route for span in spans for route in span])]
        self.nothing_of(wrong)

    def faults_of(self, cell, routes):
        words = words_of(cell)
        if words is None:
            yield f'{" ".join(routes[0])}: it is not clear which route "{cell}" is of'
            return
        unused = set(words)
        for method, path in routes:
            key = next((key for key in (method, "else", "") if key in words), None)
            said = words.get(key, "anyone")
            unused.discard(key)
            if RULES.get((method, path), said) != said:
                yield f'{method} {path}: the rule is {RULES[method, path]}, the page says {said} ("{cell}")'
        for key in sorted(unused):
            yield f'{" ".join(routes[0])}: the page says {f"{key} {words[key]}".strip()}, which is of none of the routes ("{cell}")'
        for word in re.findall(r"[a-z]+\.[a-z_]+", cell):
            if word not in PERMISSIONS:
                yield f'{" ".join(routes[0])}: the page says {word}, which is no permission'

    def test_prose_says_what_a_route_needs(self):
        self.nothing_of([f"{where}: {' '.join(route)}: the rule is {RULES[route]}, the page says {word}"
                         for where, route, word in said_in_prose() if RULES.get(route, word) != word])


if __name__ == "__main__":
    unittest.main()
