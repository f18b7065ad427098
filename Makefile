# make             the module, prizectl and the unit tests, below build/
# make test        everything under t/, on servers of its own
# make asan        the same with nginx built from Debian's sources, under the
#                  address, leak and undefined-behaviour sanitizers
# make fault       what breaks, row by row: t/fault
# make chaos       what breaks, for SECONDS under load: t/chaos/run; SEED=
#                  replays one, and with COUNTS=1 only what is counted can
#                  fail, for a machine that has other work
# make matrix      the suite against other versions: CELLS, .ci/matrix
# make fuzz        the template, the replies and the ID, for SECONDS each
# make bench       against nginx's static file and others: t/bench/run
# make layers      that no file includes one above it
# make style       80 columns and the rest of t/style, and cppcheck
# make screenshots what t/browser sees of the sample's pages and the dashboard
# make demo        a working installation on this machine; see conf/demo/
# make demo-stop   ends it
# make deps        the packages that a build needs
# make install     the module into the nginx it was built for, prizectl, its man
#                  page and the samples below PREFIX
# make uninstall   takes them away again
# make deb         Debian packages of both, build/deb/*.deb
# make fresh       the README's two commands and the packages in fresh roots of
#                  Debian 12, from what is committed; PARTS= of .ci/fresh
#
# NGINX_SRC=DIR      build against an nginx source tree instead of the
#                  installed nginx-dev
# HIREDIS=DIR      build against the hiredis below that prefix
# REDIS_SERVER=FILE  the server that the tests start as Redis
# POSTGRES_VIA=pgbouncer  the tests' shared PostgreSQL is asked through
#                  PgBouncer, in transaction mode
# CELLS="NAME..."  the cells of the matrix to run: all of them
# BUILD=DIR        where built things go
# PREFIX=DIR       where "make install" puts what is not nginx's, /usr/local
# DESTDIR=DIR      stands before every path that it writes to
# TESTS=FILE...    the tests to run
# SECONDS=N        how long chaos runs, and each of the fuzzers
# STATES=NAME,...  the pages that "make screenshots" takes: all of them
# ROSTER=FILE.csv  the employees of the demo; DEMO_PORT=, DEMO_REDIS_PORT=
#                  and DEMO_POSTGRES_PORT= are its ports on 127.0.0.1
# FRESH_CACHE=FILE.tar  the base that "make fresh" unpacks; made if missing
# CC, CFLAGS, LDFLAGS

BUILD     = build
NGINX_SRC   =
HIREDIS   =
REDIS_SERVER = redis-server
POSTGRES_VIA =
CELLS     =
TESTS     = t
ROSTER    =
PREFIX    = /usr/local
DESTDIR   =

DEMO_PORT          = 8180
DEMO_REDIS_PORT    = 6390
DEMO_POSTGRES_PORT = 5442

NGINX_BINARY = $(if $(NGINX_SRC),$(BUILD)/nginx/nginx,/usr/sbin/nginx)

CC        = gcc
CFLAGS    = -O2 -g
LDFLAGS   =
WARNINGS  = -Wall -Wextra -Werror

# for the project's own files, not for nginx's
OWN_CFLAGS =

# with NGINX_SRC: the installed nginx's own flags may not fit its version
NGX_FLAGS = --error-log-path=stderr --with-compat --with-debug --with-threads \
            --with-http_ssl_module --with-http_v2_module \
            --with-http_stub_status_module --with-http_realip_module \
            --with-http_auth_request_module --with-http_addition_module \
            --with-http_sub_module --with-http_gunzip_module \
            --with-http_gzip_static_module

DEPS      = gcc libc6-dev make libpcre2-dev zlib1g-dev libssl-dev \
            libhiredis-dev libpq-dev \
            $(if $(NGINX_SRC),,nginx nginx-dev)
DEPS_TEST = chromium curl fonts-noto-cjk iproute2 libfaketime man-db \
            nghttp2-client nodejs perl pgbouncer postgresql prometheus \
            redis-server
DEPS_DEMO = curl perl postgresql redis-server
DEPS_BENCH = libnginx-mod-http-lua lua-nginx-redis valgrind wrk
DEPS_FUZZ = clang libclang-rt-14-dev
DEPS_STYLE = cppcheck
DEPS_DEB  = build-essential debhelper lintian
DEPS_FRESH = debootstrap git

SECONDS  ?= 60


SHELL     = /bin/bash
build     = $(abspath $(BUILD))
comma     = ,
nginx_src = $(or $(NGINX_SRC),/usr/share/nginx/src)
pg_incs  := $(or $(shell pg_config --includedir 2>/dev/null),\
              /usr/include/postgresql)
asan      = $(build)/asan
demo      = BUILD=$(build) NGINX_BINARY=$(abspath $(NGINX_BINARY)) \
            ROSTER="$(ROSTER)" \
            DEMO_PORT=$(DEMO_PORT) DEMO_REDIS_PORT=$(DEMO_REDIS_PORT) \
            DEMO_POSTGRES_PORT=$(DEMO_POSTGRES_PORT) conf/demo/demo

core      = $(sort $(wildcard src/core/*.c))
prizectl  = $(sort $(wildcard src/prizectl/*.c))
units     = $(sort $(wildcard t/unit/*.c))
fuzzers   = $(filter-out corpus,$(sort $(basename $(notdir \
              $(wildcard t/fuzz/*.c)))))
module    = $(core) $(sort $(wildcard src/event/*.c src/http/*.c))
headers   = $(sort $(wildcard src/*/*.h))
html      = src/http/ngx_http_prize_status.html

# with HIREDIS: in front of where the compiler finds the installed one
cflags    = $(CFLAGS) $(HIREDIS:%=-I$(abspath $(HIREDIS))/include)
ldflags   = $(LDFLAGS) $(if $(HIREDIS),-L$(abspath $(HIREDIS))/lib \
              -Wl$(comma)-rpath$(comma)$(abspath $(HIREDIS))/lib)

compile   = $(CC) $(cflags) $(OWN_CFLAGS) $(WARNINGS) -MMD -MP \
            -Isrc/core -I$(pg_incs)
libs      = -lhiredis -lpq -lz -lcrypto


all: $(BUILD)/ngx_http_prize_module.so $(BUILD)/prizectl unit corpus \
     $(BUILD)/malloc.so $(BUILD)/clients $(BUILD)/steps


# The stamp changes when the list of sources or a setting does, so that a
# change of either configures and builds anew.

define settings
$(CC)
$(cflags)
$(OWN_CFLAGS)
$(ldflags)
$(nginx_src)
$(if $(NGINX_SRC),$(NGX_FLAGS),$(if $(wildcard /usr/sbin/nginx),\
    $(shell /usr/sbin/nginx -V 2>&1)))
$(module)
endef

$(BUILD)/settings: FORCE
	@.ci/packages --check $(DEPS)
	@[ -z "$(HIREDIS)" ] || [ -e "$(HIREDIS)/lib/libhiredis.so" ] \
	    || { echo "HIREDIS=$(HIREDIS): no lib/libhiredis.so in it" >&2; \
	         exit 1; }
	$(shell mkdir -p $(BUILD))$(file >$@.new,$(settings))
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi


# nginx's configure writes into the directory it runs in: a folder of links
# keeps the source tree as it is.

$(BUILD)/nginx/Makefile: $(BUILD)/settings config $(html)
	@rm -rf $(BUILD)/nginx $(BUILD)/nginx-src
	@mkdir -p $(BUILD)/nginx-src
	@ln -s $(abspath $(nginx_src))/* $(BUILD)/nginx-src/
	@rm -f $(BUILD)/nginx-src/Makefile $(BUILD)/nginx-src/objs
	@CC="$(CC)" .ci/configure $(BUILD)/nginx-src $(build)/nginx \
	    "$(cflags)" "$(ldflags)" \
	    $(if $(NGINX_SRC),$(NGX_FLAGS)) >$(BUILD)/configure.log \
	    || { cat $(BUILD)/configure.log; rm -f $@; exit 1; }

$(BUILD)/ngx_http_prize_module.so: $(BUILD)/nginx/Makefile $(module) \
                                   $(headers)
	@echo "making $@"
	@$(MAKE) -s -C $(BUILD)/nginx-src -f $(build)/nginx/Makefile modules \
	    CC="$(CC) $(OWN_CFLAGS)"
	@cp $(BUILD)/nginx/ngx_http_prize_module.so $@.new
	@mv $@.new $@

# with NGINX_SRC: the server that belongs to the module
$(BUILD)/nginx/nginx: $(BUILD)/ngx_http_prize_module.so
	@echo "making $@"
	@$(MAKE) -s -C $(BUILD)/nginx-src -f $(build)/nginx/Makefile binary


objects   = $(patsubst %.c,$(BUILD)/obj/%.o,$(core) $(prizectl) $(units))

$(BUILD)/obj/%.o: %.c $(BUILD)/settings
	@mkdir -p $(@D)
	$(compile) -Isrc/prizectl -c -o $@ $<

$(BUILD)/prizectl: $(patsubst %.c,$(BUILD)/obj/%.o,$(prizectl) $(core))
	$(CC) $(cflags) $(ldflags) -o $@ $^ $(libs)

unit: $(patsubst t/unit/%.c,$(BUILD)/unit/%,$(units))

$(BUILD)/unit/%: $(BUILD)/obj/t/unit/%.o \
                 $(patsubst %.c,$(BUILD)/obj/%.o,$(core))
	@mkdir -p $(@D)
	$(CC) $(cflags) $(ldflags) -o $@ $^ $(libs)

# a fuzzer's kept inputs, run without libFuzzer

corpus: $(fuzzers:%=$(BUILD)/fuzz/%-corpus)

$(BUILD)/fuzz/%-corpus: $(BUILD)/obj/t/fuzz/%.o $(BUILD)/obj/t/fuzz/corpus.o \
                        $(patsubst %.c,$(BUILD)/obj/%.o,$(core))
	@mkdir -p $(@D)
	$(CC) $(cflags) $(ldflags) -o $@ $^ $(libs)

# preloaded by t/fault/memory.t; it is compiled without sanitizers, and so that
# it calls the next function by a jump: else the leak sanitizer could not tell
# what the dynamic linker allocates

$(BUILD)/malloc.so: t/fault/malloc.c $(BUILD)/settings
	$(CC) -O2 -g -fPIC -shared -fno-builtin -fno-omit-frame-pointer \
	    $(WARNINGS) -o $@ $< -ldl

# the bench's own

$(BUILD)/clients $(BUILD)/steps: $(BUILD)/%: t/bench/%.c $(BUILD)/settings
	$(CC) -O2 -g $(WARNINGS) -o $@ $<

-include $(objects:.o=.d)


# Core knows nothing of nginx, the event layer nothing of requests, and no
# room includes one above it.

layers:
	@for file in $(core); do \
	    echo "$$file"; \
	    $(compile) -MF /dev/null -fsyntax-only "$$file" || exit 1; \
	done
	@! grep -nE '#include +[<"](ngx_|prizectl)' $(wildcard src/core/*.[ch])
	@! grep -nE '#include +[<"](ngx_http|prizectl)' \
	    /dev/null $(wildcard src/event/*.[ch])
	@! grep -nE '#include +[<"]prizectl' \
	    /dev/null $(wildcard src/http/*.[ch])


# the tests compile only where their modules are

style: deps-style deps-test
	@t/style
	@cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
	    --enable=warning,performance,portability \
	    $(patsubst %,-I%,$(wildcard src/*)) $(wildcard src t/*/*.c .ci/*.c)


# "make test TESTS=t/prize_id.t" runs one; to prove, no test at all is a
# success.  Files run side by side, those in folders first: they take longest.

JOBS      = $(shell echo $$((2 * $$(nproc))))
servers   = BUILD=$(build) TEST_NGINX_BINARY=$(abspath $(NGINX_BINARY)) \
            TEST_NGINX_SOURCE=$(abspath $(nginx_src)) \
            TEST_NGINX_REDIS_SERVER=$(REDIS_SERVER) \
            TEST_NGINX_POSTGRES_VIA=$(POSTGRES_VIA)

test: deps-test
	@[ -n "$$(find $(TESTS) -name '*.t')" ] \
	    || { echo "TESTS=$(TESTS): no test in it" >&2; exit 1; }
	@$(MAKE) --no-print-directory all $(if $(NGINX_SRC),$(NGINX_BINARY))
	@$(servers) t/servers
	@set -o pipefail; $(servers) prove -j $(JOBS) --timer --directives \
	    --exec 't/servers perl' $$(find $(TESTS) -mindepth 2 -name '*.t' \
	        | sort) $$(find $(TESTS) -maxdepth 1 -name '*.t' | sort) \
	    | tee $(BUILD)/test.log
	@sed -n 's/^\[[0-9:]*\] \(t[^ ]*\) .* \([0-9]*\) ms .*/\2 \1/p' \
	    $(BUILD)/test.log | sort -rn >$(BUILD)/test.times
	@echo "the slowest files, in ms, of $(BUILD)/test.times:"
	@head -n 10 $(BUILD)/test.times


# nginx's pools would hide an overflow: with NGX_DEBUG_PALLOC every allocation
# is one of malloc().  A module that is unmapped at a worker's end could not be
# named in its reports.

asan: deps-test $(asan)/asan.o
	@.ci/packages dpkg-dev
	@.ci/source $(asan)/nginx-source nginx
	@$(MAKE) --no-print-directory test BUILD=$(asan) \
	    NGINX_SRC=$(asan)/nginx-source NGX_FLAGS= \
	    CFLAGS="-O1 -g -fno-omit-frame-pointer -U_FORTIFY_SOURCE \
	            -DNGX_DEBUG_PALLOC=1 -fsanitize=address" \
	    OWN_CFLAGS="-fsanitize=undefined" \
	    LDFLAGS="-fsanitize=address,undefined -Wl,-z,nodelete \
	             $(asan)/asan.o"

$(asan)/asan.o: .ci/asan.c
	@mkdir -p $(@D)
	@rm -f $(asan)/settings
	$(CC) -O1 -g -fPIC $(WARNINGS) -c -o $@ $<


# PAGE, TAGS, EMPLOYEES, ROUNDS, SECONDS, PARTS: see t/bench/run

bench: deps-test
	@.ci/packages $(DEPS_BENCH)
	@command -v npm >/dev/null || .ci/packages nodejs npm
	@$(MAKE) --no-print-directory all $(if $(NGINX_SRC),$(NGINX_BINARY))
	@BUILD=$(build) TEST_NGINX_BINARY=$(abspath $(NGINX_BINARY)) \
	    OUT=$(build)/bench t/servers t/bench/run


# the tests' own packages of npm are the same for all of them

matrix: deps-test
	@BUILD=$(build) NGINX_SRC=$(abspath $(NGINX_SRC)) TESTS="$(TESTS)" \
	    .ci/matrix $(CELLS)


# SECONDS for each; what is found is written below build/fuzz/ and belongs into
# t/fuzz/corpus/, where "make test" runs it

fuzz: deps
	@.ci/packages $(DEPS_FUZZ)
	@mkdir -p $(BUILD)/fuzz
	@for name in $(fuzzers); do \
	    echo "fuzzing $$name for $(SECONDS) s"; \
	    mkdir -p $(BUILD)/fuzz/$$name; \
	    clang -O1 -g -fsanitize=fuzzer,address,undefined \
	        -fno-sanitize-recover=undefined $(WARNINGS) -Isrc/core \
	        -o $(BUILD)/fuzz/$$name-fuzzer t/fuzz/$$name.c $(core) \
	        -lhiredis -lz -lcrypto || exit 1; \
	    $(BUILD)/fuzz/$$name-fuzzer -max_total_time=$(SECONDS) \
	        -artifact_prefix=$(BUILD)/fuzz/$$name- -print_final_stats=1 \
	        $(BUILD)/fuzz/$$name t/fuzz/corpus/$$name \
	        $$([ $$name != template ] || echo conf/pages) \
	        >$(BUILD)/fuzz/$$name.log 2>&1 \
	        || { tail -n 40 $(BUILD)/fuzz/$$name.log; exit 1; }; \
	    grep -E 'number_of_executed_units|DONE' $(BUILD)/fuzz/$$name.log; \
	done


# STATES=winner,404 for some of the pages, see t/browser/site.js, and
# STATES=dashboard for the dashboard alone

screenshots: deps-test
	@$(MAKE) --no-print-directory all $(if $(NGINX_SRC),$(NGINX_BINARY))
	@BUILD=$(build) TEST_NGINX_BINARY=$(abspath $(NGINX_BINARY)) \
	    OUT=$(build)/screenshots t/servers t/browser/screenshots


fault: deps-test
	@$(MAKE) --no-print-directory test TESTS=t/fault


chaos: deps-test
	@$(MAKE) --no-print-directory all $(if $(NGINX_SRC),$(NGINX_BINARY))
	@BUILD=$(build) TEST_NGINX_BINARY=$(abspath $(NGINX_BINARY)) \
	    t/servers t/chaos/run --seconds $(SECONDS) $(SEED:%=--seed %) \
	    $(if $(COUNTS),--counts)


demo: deps-demo
	@$(MAKE) --no-print-directory all $(if $(NGINX_SRC),$(NGINX_BINARY))
	@$(demo) start

demo-stop:
	@$(demo) stop


# What nginx's configure said of its modules is true of every nginx.  A file
# that a running nginx has mapped is replaced, never written over: so does
# install, where cp does not.

modules   = $(shell sed -n 's/^ *nginx modules path: "\(.*\)"$$/\1/p' \
              $(BUILD)/configure.log 2>/dev/null)
modules_path = $(DESTDIR)$(modules)
bin       = $(DESTDIR)$(PREFIX)/bin
man1      = $(DESTDIR)$(PREFIX)/share/man/man1
doc       = $(DESTDIR)$(PREFIX)/share/doc/ngx_http_prize_module

# without it, the folder would be the root
modules_known = case "$(modules)" in /?*) ;; *) \
    echo "$(BUILD)/configure.log has no \"nginx modules path\": run" \
         "\"make clean\", and this again" >&2; exit 1;; esac

install: $(BUILD)/ngx_http_prize_module.so $(BUILD)/prizectl
	@$(modules_known)
	@install -d "$(modules_path)" "$(bin)" "$(man1)" "$(doc)/pages"
	@install -m 644 $(BUILD)/ngx_http_prize_module.so "$(modules_path)/"
	@install -m 755 $(BUILD)/prizectl "$(bin)/"
	@install -m 644 conf/man/prizectl.1 "$(man1)/"
	@install -m 644 README.md conf/nginx.conf conf/employee.sql \
	    conf/prometheus.yml conf/alerts.yml "$(doc)/"
	@install -m 644 conf/pages/*.html "$(doc)/pages/"
	@echo "installed $(modules_path)/ngx_http_prize_module.so"
	@echo "          $(bin)/prizectl"
	@echo "          $(man1)/prizectl.1"
	@echo "          $(doc)/"
	@echo "The first line of nginx.conf, before its events block:"
	@echo "    load_module $(modules)/ngx_http_prize_module.so;"
	@echo "A complete one to copy from is nginx.conf in the last folder."

uninstall: $(BUILD)/nginx/Makefile
	@$(modules_known)
	rm -f "$(modules_path)/ngx_http_prize_module.so" "$(bin)/prizectl" \
	    "$(man1)/prizectl.1"
	rm -rf "$(doc)"


deb: deps
	@.ci/packages $(DEPS_DEB)
	@conf/debian/build $(build)/deb


# What else is set on the command line goes with the commands.

fresh:
	@.ci/packages $(DEPS_FRESH)
	@mkdir -p $(BUILD)
	@BUILD=$(build) PARTS="$(or $(PARTS),root user)" \
	    FRESH_CACHE="$(FRESH_CACHE)" \
	    DEMO_PORT=$(DEMO_PORT) DEMO_REDIS_PORT=$(DEMO_REDIS_PORT) \
	    SETTINGS='$(filter-out BUILD=% PARTS=% FRESH_CACHE=%, \
	               $(MAKEOVERRIDES))' .ci/fresh


deps:
	@.ci/packages $(DEPS)

deps-test: deps
	@.ci/packages $(DEPS_TEST)
	@command -v npm >/dev/null || .ci/packages npm
	@.ci/test-nginx
	@$(MAKE) --no-print-directory $(BUILD)/browser/installed

# npm is Debian's, or came with another nodejs

$(BUILD)/browser/installed: t/browser/package-lock.json
	@rm -rf $(@D)
	@mkdir -p $(@D)
	@cp t/browser/package.json t/browser/package-lock.json $(@D)
	@cd $(@D) && npm ci --no-audit --no-fund >npm.log 2>&1 \
	    || { cat npm.log; exit 1; }
	@touch $@

deps-style:
	@.ci/packages $(DEPS_STYLE)

deps-demo: deps
	@.ci/packages $(DEPS_DEMO)


clean: demo-stop
	rm -rf $(BUILD)


FORCE:


.PHONY: all unit corpus layers style test screenshots fault chaos matrix \
        fuzz bench asan demo demo-stop install uninstall deb fresh deps \
        deps-test deps-style deps-demo clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:
