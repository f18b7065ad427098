# make            the module and prizectl, below build/
# make demo       a working installation on this machine; see conf/demo/
# make demo-stop  ends it
# make install    the module into the nginx it was built for, prizectl, its man
#                 page and the samples below PREFIX
# make uninstall  takes them away again
# make deb        Debian packages of both, build/deb/*.deb
# make image      a container image of Debian's nginx with both
# make test       everything below t/, on servers of its own
# make deps       installs the packages that a build needs
# make clean      removes what was built, but for a demo that runs
#
# What a developer gives stands in t/Makefile.
#
# V=1                shows each command
# WERROR=1           a warning of the compiler is an error
# NGINX_BINARY=FILE  the nginx to build for, /usr/sbin/nginx
# NGINX_SRC=DIR      its sources, or their headers, instead of the installed
#                    nginx-dev; without NGINX_BINARY= one is built of them
# HIREDIS=DIR        build against the hiredis below that prefix
# BUILD=DIR          where built things go
# PREFIX=DIR         where "make install" puts what is not nginx's, /usr/local
# DESTDIR=DIR        stands before every path that it writes to
# IMAGE=NAME         the container image, ngx-http-prize:VERSION
# BASE=IMAGE         what it is built on, debian:trixie-slim
# TESTS=FILE...      the tests to run
# STORE=cluster      the demo with a Redis Cluster, or with Sentinels
#                    (sentinel), in the place of one Redis
# ROSTER=FILE.csv    the employees of the demo; DEMO_PORT=, DEMO_REDIS_PORT=
#                    and DEMO_POSTGRES_PORT= are its ports on 127.0.0.1
# CC, CFLAGS, LDFLAGS

BUILD     = build
NGINX_BINARY =
NGINX_SRC =
HIREDIS   =
TESTS     = t
ROSTER    =
STORE     =
PREFIX    = /usr/local
DESTDIR   =
IMAGE     =
BASE      =

DEMO_PORT          = 8180
DEMO_REDIS_PORT    = 6390
DEMO_POSTGRES_PORT = 5442

CC        = gcc
CFLAGS    = -O2 -g
LDFLAGS   =

# for the project's own files, not for nginx's
OWN_CFLAGS =

DEPS      = gcc libc6-dev make libpcre2-dev zlib1g-dev libssl-dev \
            libcurl4-openssl-dev libhiredis-dev libpq-dev \
            $(if $(NGINX_SRC),,nginx-dev) \
            $(if $(NGINX_BINARY)$(NGINX_SRC),,nginx)
DEPS_DEMO = curl openssl perl postgresql redis-server
DEPS_DEB  = build-essential debhelper lintian

# of an nginx that is built here
NGX_FLAGS = --error-log-path=stderr --with-compat --with-debug --with-threads \
            --with-http_ssl_module --with-http_v2_module \
            --with-http_stub_status_module --with-http_realip_module \
            --with-http_auth_request_module --with-http_addition_module \
            --with-http_sub_module --with-http_gunzip_module \
            --with-http_gzip_static_module


SHELL     = /bin/bash
build     = $(abspath $(BUILD))
comma     = ,
built     = $(if $(NGINX_BINARY),,$(if $(NGINX_SRC),$(BUILD)/nginx/nginx))
nginx     = $(or $(NGINX_BINARY),$(built),/usr/sbin/nginx)
ngx_flags = $(if $(built),$(NGX_FLAGS))
# whose flags are taken where there are none
like      = $(if $(built),/usr/sbin/nginx,$(nginx))
nginx_src = $(or $(NGINX_SRC),/usr/share/nginx/src)
pg_incs  := $(or $(shell pg_config --includedir 2>/dev/null),\
              /usr/include/postgresql)

core      = $(sort $(wildcard src/core/*.c))
prizectl  = $(sort $(wildcard src/prizectl/*.c))
module    = $(core) $(sort $(wildcard src/event/*.c src/http/*.c))
headers   = $(sort $(wildcard src/*/*.h))
html      = $(addprefix src/http/ngx_http_prize_status.,html css js)

# with HIREDIS: in front of where the compiler finds the installed one
cflags    = $(CFLAGS) $(HIREDIS:%=-I$(abspath $(HIREDIS))/include)
ldflags   = $(LDFLAGS) $(if $(HIREDIS),-L$(abspath $(HIREDIS))/lib \
              -Wl$(comma)-rpath$(comma)$(abspath $(HIREDIS))/lib)
warnings  = -Wall -Wextra $(if $(WERROR),-Werror)

libs      = -lhiredis -lpq -lz -lssl -lcrypto

# a line for each file; with V=1 the command, with -s neither
quiet     = $(findstring s,$(firstword -$(MAKEFLAGS)))
cc        = $(if $(or $(V),$(quiet)),,$(CURDIR)/conf/make/cc )$(CC)
Q         = $(if $(V),,@)
compile   = $(cflags) $(OWN_CFLAGS) $(warnings) -MMD -MP \
            -Isrc/core -I$(pg_incs)

# on all processors, unless told otherwise
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

# "make clean all" is one after the other
ifneq ($(word 2,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif


all: $(BUILD)/ngx_http_prize_module.so $(BUILD)/prizectl


# to make, a path with a space is two words
sources_known = [ "$(words $(NGINX_SRC))" -le 1 ] \
    || { echo "NGINX_SRC=$(NGINX_SRC): make cannot use a path with a" \
              "space: give it a link without one" >&2; exit 1; }; \
    [ -e "$(nginx_src)/configure" ] || [ -e "$(nginx_src)/auto/configure" ] \
    || { echo "$(if $(NGINX_SRC),NGINX_SRC=)$(nginx_src): no nginx sources:" \
              "neither configure nor auto/configure is in it" >&2; exit 1; }

# The stamp changes when the list of sources or a setting does, so that a
# change of either configures and builds anew.

define settings
$(CC)
$(cflags)
$(OWN_CFLAGS)
$(warnings)
$(ldflags)
$(nginx_src)
$(or $(ngx_flags),$(if $(wildcard $(like)),$(shell $(like) -V 2>&1)))
$(module)
endef

$(BUILD)/settings: FORCE
	@conf/make/packages --check $(DEPS)
	@$(sources_known)
	@[ -z "$(HIREDIS)" ] || [ -e "$(HIREDIS)/lib/libhiredis.so" ] \
	    || { echo "HIREDIS=$(HIREDIS): no lib/libhiredis.so in it" >&2; \
	         exit 1; }
	$(shell mkdir -p $(BUILD))$(file >$@.new,$(settings))
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi


# nginx's configure writes into the directory it runs in: a folder of links
# keeps the source tree as it is.  Its own flags make an error of a warning;
# a compiler that is newer than nginx may have one.

$(BUILD)/nginx/Makefile: $(BUILD)/settings config $(html)
	@rm -rf $(BUILD)/nginx $(BUILD)/nginx-src
	@mkdir -p $(BUILD)/nginx-src
	@ln -s $(abspath $(nginx_src))/* $(BUILD)/nginx-src/
	@rm -f $(BUILD)/nginx-src/Makefile $(BUILD)/nginx-src/objs
	@CC="$(CC)" NGINX_BINARY="$(like)" conf/make/configure \
	    $(BUILD)/nginx-src $(build)/nginx \
	    "$(cflags) $(if $(WERROR),,-Wno-error)" "$(ldflags)" \
	    $(ngx_flags) >$(BUILD)/configure.log \
	    || { cat $(BUILD)/configure.log; rm -f $@; exit 1; }

# what was given to make has been given to configure: it would replace nginx's
# own flags here
$(BUILD)/ngx_http_prize_module.so $(BUILD)/nginx/nginx: MAKEOVERRIDES =

$(BUILD)/ngx_http_prize_module.so: $(BUILD)/nginx/Makefile $(module) \
                                   $(headers)
	@$(MAKE) $(if $(V),,-s) -C $(BUILD)/nginx-src \
	    -f $(build)/nginx/Makefile modules CC="$(cc) $(OWN_CFLAGS)"
	@cp $(BUILD)/nginx/ngx_http_prize_module.so $@.new
	@mv $@.new $@

$(BUILD)/nginx/nginx: $(BUILD)/ngx_http_prize_module.so
	@$(MAKE) -s -C $(BUILD)/nginx-src -f $(build)/nginx/Makefile binary
	@[ -e $@ ] || ln -sf "$$(sed -n \
	    's|^ *[^ ]* binary file: ".*/\(.*\)"$$|\1|p' \
	    $(BUILD)/configure.log)" $@


# core as a library: prizectl, the unit tests and the fuzzers are linked to it

$(BUILD)/obj/%.o: %.c $(BUILD)/settings
	@mkdir -p $(@D)
	$(Q)$(cc) $(compile) -Isrc/prizectl -c -o $@ $<

$(BUILD)/libprize.a: $(core:%.c=$(BUILD)/obj/%.o)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/prizectl: $(prizectl:%.c=$(BUILD)/obj/%.o) $(BUILD)/libprize.a
	$(Q)$(cc) $(cflags) $(ldflags) -o $@ $^ $(libs) -lcurl

-include $(patsubst %.c,$(BUILD)/obj/%.d,$(core) $(prizectl))


demo      = BUILD=$(build) NGINX_BINARY=$(abspath $(nginx)) \
            ROSTER="$(ROSTER)" STORE="$(STORE)" \
            DEMO_PORT=$(DEMO_PORT) DEMO_REDIS_PORT=$(DEMO_REDIS_PORT) \
            DEMO_POSTGRES_PORT=$(DEMO_POSTGRES_PORT) conf/demo/demo

demo: deps
	@conf/make/packages $(DEPS_DEMO)
	@echo "Building the module and prizectl"
	@$(MAKE) --no-print-directory -s all $(built)
	@$(demo) start

demo-stop:
	@$(demo) stop


# What configure said of its modules is true of every nginx, Angie and Tengine
# among them, which say it with their own name.  A file that a running nginx
# has mapped is replaced, never written over: so does install, where cp does
# not.

modules   = $(shell sed -n 's/^ *[^ ]* modules path: "\(.*\)"$$/\1/p' \
              $(BUILD)/configure.log 2>/dev/null)
modules_path = $(DESTDIR)$(modules)
bin       = $(DESTDIR)$(PREFIX)/bin
man1      = $(DESTDIR)$(PREFIX)/share/man/man1
doc       = $(DESTDIR)$(PREFIX)/share/doc/ngx_http_prize_module

# without it, the folder would be the root
modules_known = case "$(modules)" in /?*) ;; *) \
    echo "$(BUILD)/configure.log has no \"modules path\": run" \
         "\"make clean\", and this again" >&2; exit 1;; esac

install: all
	@$(modules_known)
	@install -d "$(modules_path)" "$(bin)" "$(man1)" "$(doc)/pages" \
	    "$(doc)/balancer" "$(doc)/kubernetes"
	@install -m 644 $(BUILD)/ngx_http_prize_module.so "$(modules_path)/"
	@install -m 755 $(BUILD)/prizectl "$(bin)/"
	@install -m 644 conf/man/prizectl.1 "$(man1)/"
	@install -m 644 README.md conf/nginx.conf conf/employee.sql \
	    conf/prometheus.yml conf/alerts.yml conf/grafana.json "$(doc)/"
	@install -m 644 conf/pages/*.html "$(doc)/pages/"
	@install -m 644 conf/balancer/* "$(doc)/balancer/"
	@install -m 644 conf/kubernetes/* "$(doc)/kubernetes/"
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
	@conf/make/packages $(DEPS_DEB)
	@conf/debian/build $(build)/deb

image:
	@conf/container/build "$(IMAGE)" "$(BASE)"

deps:
	@conf/make/packages $(DEPS)

clean:
	@[ ! -d $(BUILD) ] || find $(BUILD) -mindepth 1 -maxdepth 1 \
	    ! -name demo -exec rm -rf {} +
	@rmdir $(BUILD)/demo $(BUILD) 2>/dev/null || :
	@[ ! -e $(BUILD)/demo/run ] || echo \
	    "the demo in $(BUILD)/demo is left alone; make demo-stop ends it"


FORCE:

.PHONY: all demo demo-stop install uninstall deb image deps clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:

# a package's sources have no tests
-include t/Makefile
