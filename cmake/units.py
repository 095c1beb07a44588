#!/usr/bin/env python3
"""Says which files may be read together: units.py MOST, in the root of the project.

Prints "FILE;N" for each source of src/ that is no test: files of one room with one N make a unit, at most
MOST of them. Kept apart are files where a name that one keeps to itself (anonymous namespace, static, macro) is
known to the other, by itself or by a header of ours: it could mean another thing there.
"""
import collections
import functools
import pathlib
import re
import sys

TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)


def declared(head):
    """The name that is declared by what stands before a ';' or '{', or None if it is nobody's or a member."""
    for pattern in (r'.*\b(?:struct|class|enum class|enum|union)\s+(\w+)\s*(?:final\s*)?(?::[^(]*)?$',
                    r'(?:template\s*<.*>\s*)?using\s+(\w+)\s*=',
                    r'[^(=]*?(\w+)\s*(?:\[[^\]]*\]\s*)*=',
                    r'.*?([\w:~]+)\s*\(',
                    r'.*?(\w+)\s*(?:\[[^\]]*\]\s*)*$'):
        found = re.match(pattern, head, re.S)
        if found:
            return None if ':' in found.group(1) else found.group(1)
    return None


@functools.cache
def names_of(path):
    """Names kept to itself, and names for all, that a file declares."""
    text = path.read_text(encoding='utf-8')
    text = TOKENS.sub(lambda token: ' ' if token.group().startswith('/') else '""', text)
    kept = set(re.findall(r'^\s*#\s*define\s+(\w+)', text, re.M))
    text = re.sub(r'^\s*#(?:[^\n]*\\\n)*[^\n]*', '', text, flags=re.M)
    shared, inside, head = set(), [], ''  # inside: of each open brace the namespace, '' if anonymous
    for at, char in enumerate(text):
        if char in '{;' and None not in inside:
            head = head.strip()
            space = re.search(r'\bnamespace\b\s*([\w:]*)$', head) if char == '{' else None
            if not space and head:
                names = kept if '' in inside or head.startswith('static ') else shared
                names.add(declared(head))
                if char == '{' and re.match(r'enum\b(?!\s+(class|struct)\b)', head):
                    names.update(re.findall(r'(\w+)\s*(?:=[^,}]*)?[,}]', text[at:text.index('}', at) + 1]))
            if char == '{':
                inside.append(space.group(1) if space else None)
        elif char == '{':
            inside.append(None)
        elif char == '}' and inside:
            inside.pop()
        head = '' if char in '{};' else head + char
    return kept - {None}, shared - {None}


@functools.cache
def headers_of(path):
    """The headers of ours that a file reads, by whatever way."""
    direct = [pathlib.Path('src', name) for name in re.findall(r'^#include "([^"]+)"', path.read_text(), re.M)]
    direct = [header for header in direct if header.exists()]
    return frozenset(direct).union(*(headers_of(header) for header in direct))


def main():
    most = int(sys.argv[1])
    units = collections.defaultdict(list)
    for path in sorted(pathlib.Path('src').rglob('*.cpp')):
        if path.name.endswith('_test.cpp'):
            continue
        kept = names_of(path)[0]
        known = kept.union(*(names for header in headers_of(path) for names in names_of(header)))
        room = units[path.parent]
        for number, (count, their_kept, their_known) in enumerate(room):
            if count < most and not kept & their_known and not their_kept & known:
                room[number] = (count + 1, their_kept | kept, their_known | known)
                break
        else:
            number = len(room)
            room.append((1, kept, known))
        print(f'{path};{number}')


main()
