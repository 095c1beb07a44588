#!/usr/bin/env python3
"""Every file includes what it uses, so that it compiles alone.

The build of the tests reads headers of others beforehand and several files at once (cmake/headers.cmake,
cmake/units.cmake), and would not notice a missing #include. The compiler of `make build` would, an hour too late.
Read here are words, not C++: a name of std:: must come from its header, and a type or function that a header of ours
declares must at least be mentioned by a header that the file reads.

Run: tests/house/include_test.py (from anywhere). Needs nothing but Python.
"""
import collections
import functools
import os
import re
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
os.chdir(ROOT)
SOURCE = Path("src")
sys.path.insert(0, str(ROOT / "cmake"))
import units  # noqa: E402  (stands beside what uses it most)

# A header and the names for which it is enough. A name may stand at several headers: one of them must be read.
STANDARD = """
algorithm       adjacent_find all_of any_of clamp copy copy_if copy_n count count_if equal equal_range fill fill_n find
algorithm       find_if is_sorted lower_bound max max_element min min_element minmax_element mismatch move_backward none_of
algorithm       nth_element partition_point ranges remove remove_if replace replace_copy reverse search shuffle sort
algorithm       stable_partition stable_sort swap_ranges transform unique upper_bound
array           array get size tuple_size_v begin end to_array
atomic          atomic memory_order_release memory_order_acquire
bit             bit_cast bit_floor bit_width countl_zero countr_zero endian has_single_bit popcount
bitset          bitset
cctype          isalnum tolower toupper
charconv        from_chars to_chars chars_format errc
chrono          chrono chrono_literals milli
cmath           abs ceil cos exp floor fmax fmin isfinite isinf isnan llround log2 lround nan nanf nearbyint pow round signbit
cmath           sin sqrt trunc
compare         strong_ordering weak_ordering
concepts        unsigned_integral
condition_variable condition_variable
cstddef         size_t ptrdiff_t
cstdint         int16_t int32_t int64_t int8_t uint16_t uint32_t uint64_t uint8_t uintptr_t
cstdio          fclose fgetc fgets fopen fprintf fread remove rename snprintf size_t
cstdlib         abort abs getenv strtod strtoull system size_t
cstring         memcpy memset size_t strerror
csignal         signal
ctime           clock time_t tm
deque           deque erase_if erase
exception       exception
filesystem      filesystem
fstream         fstream ifstream ofstream ios streamoff
functional      equal_to function greater greater_equal hash less
future          async future_status launch packaged_task promise
initializer_list initializer_list
iostream        cerr cin cout endl flush ios ostream
iterator        back_inserter begin distance end istreambuf_iterator make_move_iterator next prev rbegin size ssize
limits          numeric_limits
list            list erase_if
map             map erase_if
memory          enable_shared_from_this make_shared make_unique make_unique_for_overwrite shared_ptr unique_ptr weak_ptr
mutex           lock_guard mutex scoped_lock try_to_lock unique_lock
numbers         numbers
numeric         accumulate gcd iota lcm
optional        nullopt nullopt_t optional
ostream         endl flush ostream
random          geometric_distribution mt19937 mt19937_64 normal_distribution
set             multiset set erase_if
shared_mutex    shared_lock shared_mutex
span            span
sstream         istringstream ostringstream stringstream
stdexcept       out_of_range
string          begin end erase erase_if getline hash size stod stoi stoll stoul stoull string to_string u16string u32string
string_view     begin end hash size string_view
system_error    errc error_code generic_category
thread          this_thread thread
tuple           tie tuple tuple_size_v get
type_traits     conditional_t decay_t invoke_result_t is_floating_point_v is_same_v type_identity_t
unordered_map   unordered_map erase_if
unordered_set   unordered_set erase_if
utility         as_const exchange forward get in_place_index in_place_type in_range move pair swap
variant         get get_if holds_alternative in_place_index in_place_type monostate variant variant_size_v visit
vector          begin end erase erase_if size vector
"""
# What the standard says comes along with a header, or cannot be otherwise.
ALONG = {"string": "string_view initializer_list compare cstddef", "vector": "initializer_list compare cstddef",
         "iostream": "ostream", "fstream": "ostream", "sstream": "ostream", "map": "utility cstddef", "array": "cstddef",
         "unordered_map": "utility cstddef", "span": "array cstddef", "shared_mutex": "mutex", "condition_variable": "mutex",
         "string_view": "cstddef compare", "optional": "compare", "variant": "compare", "memory": "compare cstddef",
         "algorithm": "initializer_list cstddef", "utility": "initializer_list compare cstddef", "mutex": "chrono",
         "thread": "chrono", "set": "cstddef", "future": "chrono", "deque": "cstddef", "cstdint": "cstddef",
         "functional": "cstddef", "iterator": "cstddef", "random": "cstddef", "bit": "cstddef", "limits": "cstddef",
         "type_traits": "cstddef", "cstdlib": "cstddef", "numeric": "cstddef", "charconv": "cstddef", "list": "cstddef",
         "chrono": "compare cstddef"}


@functools.cache
def words_of(file):
    """The text without comments, strings and #include."""
    text = units.TOKENS.sub(" ", file.read_text(encoding="utf-8"))
    return re.sub(r"^#include.*$", "", text, flags=re.M)


@functools.cache
def mentions(file):
    return frozenset(re.findall(r"\w+", words_of(file)))


def read_by(file):
    """Every file of ours that is read where this one is compiled, itself among them."""
    return units.headers_of(file) | {file}


@functools.cache
def standard_read_by(file):
    direct = {name for part in read_by(file)
              for name in re.findall(r"^#include <([^>]+)>", part.read_text(encoding="utf-8"), re.M)}
    return direct.union(*(ALONG.get(name, "").split() for name in direct))


def sources():
    return [file for file in sorted(SOURCE.rglob("*")) if file.suffix in {".h", ".cpp"}]


class Includes(unittest.TestCase):
    def test_a_name_of_the_standard_library_comes_from_its_header(self):
        homes = collections.defaultdict(set)
        for line in STANDARD.strip().splitlines():
            header, *names = line.split()
            for name in names:
                homes[name].add(header)
        unknown, wrong = set(), []
        for file in sources():
            used = set(re.findall(r"\bstd::(\w+)", words_of(file)))
            unknown |= used - homes.keys()
            wrong += [f"{file}: std::{name} is used, <{'> or <'.join(sorted(homes[name]))}> not included"
                      for name in sorted(used & homes.keys()) if not homes[name] & standard_read_by(file)]
        self.assertEqual(sorted(unknown), [], "add these names to STANDARD")
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_a_name_of_ours_comes_from_a_header_that_mentions_it(self):
        homes = collections.defaultdict(set)
        for file in sources():
            if file.suffix == ".h":
                for name in units.names_of(file)[1]:
                    homes[name].add(file)
        wrong = []
        for file in sources():
            words = re.sub(r"\bTEST(?:_F|_P)?\(\w+, \w+\)|static_assert", "", words_of(file))
            known = set.union(*units.names_of(file)[:2]).union(*(mentions(part) for part in read_by(file) if part != file))
            for name in sorted(set(re.findall(r"(?<!::)(?<!\.)(?<!->)\b([A-Z]\w+|[a-z]\w+(?=\())", words)) & homes.keys()):
                declared_here = re.search(rf"(?:\b(?!return\b|else\b)\w+|[>\]])[ &*]+{name}\b(?!::)|\(\*{name}\)", words)
                if name not in known and not declared_here:
                    wrong.append(f"{file}: {name} is used, none of its headers "
                                 f"({', '.join(str(home.relative_to(SOURCE)) for home in sorted(homes[name]))}) included")
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))


if __name__ == "__main__":
    unittest.main()
