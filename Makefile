# The commands of the project. Each is enough by itself on a bare Debian 12 machine.
.PHONY: demo test defects torture bench fuzz console build format lint tsan clean

# The demo plant and the server; Ctrl-C ends both. DEMO_SECONDS=30 ends by itself with a summary.
demo:
	@tools/setup build
	@cmake --preset release > /dev/null
	@cmake --build --preset release --target lineshaft
	@tools/demo

# Everything that must hold before a change lands.
test:
	@tools/setup build test
	@tools/test

# Breaks durability and authorisation on purpose, in a copy, and demands that the tests notice.
defects:
	@tools/setup build test
	@tools/seeded-defects

# The long programme of faults: half a million crash states, two thousand kills, a million bits turned over, and
# what nmap and testssl.sh find.
# TORTURE_SHARE=0.01 does a hundredth of it.
torture:
	@tools/setup build test witness
	@tools/torture $(or $(TORTURE_SHARE),1)

# Figures, side by side with the peers; written to bench/RESULTS.md by hand, with the date.
bench:
	@tools/setup build bench
	@tools/bench

# Ten minutes of every fuzz harness; FUZZ_SECONDS changes it.
fuzz:
	@tools/setup build test
	@tools/fuzz

# The web console alone, with reload on change, against a server at LINESHAFT_URL.
console:
	@tools/setup build
	@cd console && npm run dev

build:
	@tools/setup build
	@cmake --preset release > /dev/null
	@cmake --build --preset release

tsan:
	@tools/setup build test
	@cmake --preset tsan > /dev/null && cmake --build --preset tsan && ctest --preset tsan

format:
	@git ls-files '*.h' '*.cpp' | xargs clang-format-14 -i

lint:
	@tools/lint

clean:
	rm -rf build
