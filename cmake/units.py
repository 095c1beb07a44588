#!/usr/bin/env python3
"""Says which files may be read together: units.py MOST, in the root of the project.

Prints "FILE;N" for each source of src/: files of one room with one N make a unit, at most MOST of them, tests
apart from the rest. Kept apart are files where a name that one keeps to itself (anonymous namespace, static,
macro) is known to the other, by itself or by a header of ours: it could mean another thing there. So are files
where a variable of one is any word of the other, for that would hide it; and alone stays what sets a macro
before its headers.
"""
import collections
import functools
import pathlib
import re
import sys

TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)

# Tests, whose names GoogleTest keeps apart, and names of others that are brought in.
NAMELESS = re.compile(r'(TEST|INSTANTIATE)\w*\(|using\b[^=]*$')
VARIABLES = (r'[^(=]*?(\w+)\s*(?:\[[^\]]*\]\s*)*=', r'.*?(\w+)\s*(?:\[[^\]]*\]\s*)*$')


def declared(head):
    """The name that is declared by what stands before a ';' or '{', or None if it is nobody's or a member; and by
    which pattern it was found."""
    for pattern in (r'.*\b(?:struct|class|enum class|enum|union)\s+(\w+)\s*(?:final\s*)?(?::[^(]*)?$',
                    r'(?:template\s*<.*>\s*)?using\s+(\w+)\s*=',
                    VARIABLES[0], r'.*?([\w:~]+)\s*\(', VARIABLES[1]):
        found = re.match(pattern, head, re.S)
        if found:
            return None if ':' in found.group(1) else found.group(1), pattern
    return None, None


@functools.cache
def names_of(path):
    """Names kept to itself, and names for all, that a file declares; and those of the first that are variables."""
    text = path.read_text(encoding='utf-8')
    text = TOKENS.sub(lambda token: ' ' if token.group().startswith('/') else '""', text)
    kept = set(re.findall(r'^\s*#\s*define\s+(\w+)', text, re.M))
    text = re.sub(r'^\s*#(?:[^\n]*\\\n)*[^\n]*', '', text, flags=re.M)
    shared, variables, inside, head = set(), set(), [], ''  # inside: of each open brace the namespace, '' if anonymous
    for at, char in enumerate(text):
        if char in '{;' and None not in inside:
            head = head.strip()
            space = re.search(r'\bnamespace\b\s*([\w:]*)$', head) if char == '{' else None
            if not space and head and not NAMELESS.match(head):
                names = kept if '' in inside or head.startswith('static ') else shared
                name, pattern = declared(head)
                names.add(name)
                if names is kept and pattern in VARIABLES:
                    variables.add(name)
                if char == '{' and re.match(r'enum\b(?!\s+(class|struct)\b)', head):
                    names.update(re.findall(r'(\w+)\s*(?:=[^,}]*)?[,}]', text[at:text.index('}', at) + 1]))
            if char == '{':
                inside.append(space.group(1) if space else None)
        elif char == '{':
            inside.append(None)
        elif char == '}' and inside:
            inside.pop()
        head = '' if char in '{};' else head + char
    return kept - {None}, shared - {None}, variables - {None}


@functools.cache
def headers_of(path):
    """The headers of ours that a file reads, by whatever way."""
    direct = [pathlib.Path('src', name) for name in re.findall(r'^#include "([^"]+)"', path.read_text(), re.M)]
    direct = [header for header in direct if header.exists()]
    return frozenset(direct).union(*(headers_of(header) for header in direct))


def are_apart(one, other):
    """Whether nothing that the one keeps to itself means anything to the other."""
    kept, variables, _, _ = one
    _, _, known, words = other
    return not kept & known and not variables & words


def main():
    most = int(sys.argv[1])
    units = collections.defaultdict(list)
    for path in sorted(pathlib.Path('src').rglob('*.cpp')):
        text = path.read_text(encoding='utf-8')
        kept, _, variables = names_of(path)
        words = set(re.findall(r'\w+', TOKENS.sub(' ', text)))
        brought = re.findall(r'\busing [\w:]+::(\w+);', text)
        known = kept.union(brought, *(names for header in headers_of(path) for names in names_of(header)[:2]))
        room = units[path.parent, path.name.endswith('_test.cpp')]
        alone = re.search(r'^#define', text.partition('#include')[0], re.M)
        mine = (kept, variables, known, words)
        for number, (count, *theirs) in enumerate(room):
            if not alone and count < most and are_apart(mine, theirs) and are_apart(theirs, mine):
                room[number] = (count + 1, *(a | b for a, b in zip(mine, theirs)))
                break
        else:
            number = len(room)
            room.append((most if alone else 1, *mine))
        print(f'{path};{number}')


if __name__ == "__main__":
    main()
