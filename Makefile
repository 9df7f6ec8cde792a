# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds Cordon: BPF objects and their skeletons, the helper, the tests. It declares what is made
# of what; installing packages is scripts/setup's work, running tests is tests/run's. Everything
# lands under build/ and nothing outside it is written, but for `make install`.
#
#   make V=1              show the commands
#   make CC=clang         another compiler        make BUILD=build/other   another place
#   make JOBS=1           not in parallel

BUILD  := build
JOBS   := $(shell nproc)
PREFIX := /usr/local

CC         := gcc
AR         := ar
CLANG      := clang
LLVM_STRIP := llvm-strip
BPFTOOL    := $(shell PATH=$$PATH:/usr/sbin:/sbin command -v bpftool || echo bpftool)

MAKEFLAGS += --no-builtin-rules --no-builtin-variables --no-print-directory
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.DEFAULT_GOAL := all

say = $(if $(V),,@printf '  %-8s %s\n' '$1' '$@';)

# ---- what there is -------------------------------------------------------------------------

BPF       := $(wildcard bpf/*.bpf.c)
USERSPACE := $(wildcard userspace/*.c userspace/util/*.c)
TEST_C    := $(wildcard tests/*/*.c)
C_FILES   := $(wildcard include/cordon/*.h include/cordon/uapi/*.h bpf/*.[ch] kmod/*.[ch] \
               userspace/*.[ch] userspace/util/*.[ch] tests/*/*.[ch])

SKELS     := $(BPF:%.bpf.c=$(BUILD)/%.skel.h)
OBJECTS   := $(USERSPACE:%.c=$(BUILD)/%.o)
MAIN      := $(BUILD)/userspace/main.o

# In tests/DIR: X_test.c and X_helper.c are programs, X_fuzz.c is a fuzz target, X.bpf.c a BPF
# object with its skeleton; any other .c is shared by all of them through libtests.a.
TEST_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(filter %_test.c %_helper.c,$(TEST_C)))
TEST_SKELS    := $(patsubst %.bpf.c,$(BUILD)/%.skel.h,$(filter %.bpf.c,$(TEST_C)))
TEST_SHARED   := $(filter-out %_test.c %_helper.c %_fuzz.c %.bpf.c,$(TEST_C))
FUZZERS       := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(filter tests/fuzz/%_fuzz.c,$(TEST_C)))
KSELFTEST     := build/kselftest/kselftest_harness.h

# The module for the kernels of scripts/vm whose headers scripts/setup has fetched.
VERSION     := 1
KERNELS     := $(patsubst build/vm/%/headers,%,$(wildcard build/vm/*/headers))
KMODS       := $(KERNELS:%=$(BUILD)/kmod/%/cordon.ko)
KMOD_SOURCE := Kbuild $(wildcard kmod/Kbuild kmod/*.[ch]) $(wildcard include/cordon/uapi/*.h)

# ---- how it is built -----------------------------------------------------------------------

# -iquote . lets the one sanctioned file say "bpf/verdict.h" and keeps <bpf/...> libbpf's own.
# _GNU_SOURCE is empty so that a source which defines it too does not clash.
CPPFLAGS := -Iinclude -Iuserspace -iquote . -isystem $(BUILD) -isystem $(BUILD)/bpf \
            -isystem /usr/include/libnl3 -D_GNU_SOURCE=
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wvla -Wundef
CFLAGS   := -O2 -g
HARDEN   := -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
COMPILE   = $(CC) -std=gnu11 $(CFLAGS) $(HARDEN) $(WARNINGS) $(CPPFLAGS) -MD -MP
LIBS     := -lbpf -lelf -lz -lzstd -lyaml -lnl-route-3 -lnl-3 -lhogweed -lnettle -lgmp -pthread
# Without warnings: libnl holds two functions that name getaddrinfo() and getprotobyname(), which a
# static binary cannot serve; nothing here calls them.
LINK     := -static-pie -Wl,-z,relro,-z,now -Wl,-e,cordon_start -Wl,--no-warnings

MULTIARCH := $(shell gcc -print-multiarch 2>/dev/null)
BPF_ARCH  := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
BPF_CPPFLAGS := -Iinclude -Ibpf -idirafter /usr/include/$(MULTIARCH) -D__TARGET_ARCH_$(BPF_ARCH)
BPF_FLAGS := -target bpf -mcpu=v3 -std=gnu11 -O2 -g -Wall -Wextra -Werror $(BPF_CPPFLAGS)

# bpf/ headers are the tests' to include; the harness makes functions without prototypes, and with
# parameters that a test does not use.
TEST_CPPFLAGS := -Ibpf -Itests -I$(BUILD)/tests -isystem build/kselftest \
                 -Wno-missing-prototypes -Wno-unused-parameter

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ      = $(CLANG) -std=gnu11 -O1 -g -fno-omit-frame-pointer $(WARNINGS) $(CPPFLAGS) -MD -MP

all: $(BUILD)/cordon ## build the helper and the BPF objects

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# A change of compiler or flags rebuilds all that depends on them.
FLAGS := $(COMPILE) $(LINK) $(LIBS) $(CLANG) $(BPF_FLAGS) $(SANITIZE)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D) && echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

# ---- BPF objects and skeletons -------------------------------------------------------------

# Stripped of DWARF and of what nobody asks for; BTF stays. The skeleton is written aside and moved:
# never half a header.
$(BUILD)/%.bpf.o: %.bpf.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,BPF)$(CLANG) $(BPF_FLAGS) -MD -MP -MT $@ -MF $(@:.o=.d) -c $< -o $@.whole
	@$(LLVM_STRIP) -g -R .rel.BTF -R .rel.BTF.ext -R .llvm_addrsig $@.whole -o $@ && rm $@.whole

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(call say,SKEL)$(BPFTOOL) gen skeleton $< name $(subst -,_,$(*F))_bpf >$@.new && mv $@.new $@

bpf: $(SKELS) ## build the BPF objects and skeletons only

# ---- the helper ----------------------------------------------------------------------------

$(BUILD)/%.o: %.c $(BUILD)/flags | $(SKELS)
	@mkdir -p $(@D)
	$(call say,CC)$(COMPILE) -c $< -o $@

# What runs before libc: no canary, and at -O1 no memset() that a compiler thinks of.
$(BUILD)/userspace/start.o: HARDEN := -fPIE -O1 -fno-builtin -fno-stack-protector

# The helper carries the demo; the compiler does not tell what the assembler includes.
$(BUILD)/userspace/cmd_demo.o $(BUILD)/fuzz/userspace/cmd_demo.o: userspace/demo.sh

$(BUILD)/libcordon.a: $(filter-out $(MAIN),$(OBJECTS))
	$(call say,AR)rm -f $@ && $(AR) rcs $@ $^

# An archive, so that it is taken only where libelf.a lacks what it holds.
$(BUILD)/libelf.a: $(BUILD)/scripts/libelf.o
	$(call say,AR)rm -f $@ && $(AR) rcs $@ $^

# The kernel takes its digest at each start under the guard: what debuggers want stays aside.
$(BUILD)/cordon: $(MAIN) $(BUILD)/libcordon.a $(BUILD)/libelf.a
	$(call say,LINK)$(CC) $(CFLAGS) $(HARDEN) $(LINK) $(filter-out %/libelf.a,$^) $(LIBS) \
	  $(BUILD)/libelf.a -o $@.whole
	@strip $@.whole -o $@

# ---- the module ----------------------------------------------------------------------------

# Outputs land where the sources are: in a copy. It uses no BTF of its own, so none is made. sparse
# looks on where there is one.
KMOD_MAKE = MAKEFLAGS= make -C build/vm/$*/headers/build M=$(abspath $(@D))/source \
            CONFIG_DEBUG_INFO_BTF_MODULES= KCFLAGS=-Werror W=1 modules \
            $(if $(shell command -v sparse),C=1 CHECK='sparse -Wsparse-error')
$(BUILD)/kmod/%/cordon.ko: $(KMOD_SOURCE) | build/vm/%/headers
	@rm -rf $(@D)/source && mkdir -p $(@D)/source
	@cp --parents $(KMOD_SOURCE) $(@D)/source
	$(call say,KMOD)$(KMOD_MAKE) >$(@D)/log 2>&1 && ! grep -i warning: $(@D)/log || { cat $(@D)/log; exit 1; }
	@strip --strip-unneeded -o $@ $(@D)/source/kmod/cordon.ko

build/vm/%/headers:
	scripts/setup headers

kmod: ## build the module for Debian's 6.1 and 6.12, sparse looking on
	@scripts/setup headers
	@$(MAKE) kmods
kmods: $(KMODS)

# ---- tests ---------------------------------------------------------------------------------

$(KSELFTEST):
	scripts/setup kselftest

$(TEST_SHARED:%.c=$(BUILD)/%.o): CPPFLAGS += $(TEST_CPPFLAGS)
$(TEST_SHARED:%.c=$(BUILD)/%.o): | $(KSELFTEST) $(TEST_SKELS)

$(BUILD)/libtests.a: $(TEST_SHARED:%.c=$(BUILD)/%.o)
	@mkdir -p $(@D)
	$(call say,AR)rm -f $@ && $(AR) rcs $@ $^

$(TEST_PROGRAMS): CPPFLAGS += $(TEST_CPPFLAGS)
$(TEST_PROGRAMS): $(BUILD)/tests/%: tests/%.c $(BUILD)/libtests.a $(BUILD)/libcordon.a \
		$(BUILD)/flags | $(KSELFTEST) $(SKELS) $(TEST_SKELS)
	@mkdir -p $(@D)
	$(call say,TEST)$(COMPILE) -MF $@.d $< $(filter %.a,$^) $(LIBS) -o $@

# The helper once more, with a place to die after every step: see userspace/fault.h. Only what counts
# steps is compiled again, and found before the archive's.
FAULTY := $(patsubst %.c,$(BUILD)/faulty/%.o,$(shell grep -ls '"fault\.h"' $(USERSPACE)))
$(BUILD)/faulty/%.o: %.c $(BUILD)/flags | $(SKELS)
	@mkdir -p $(@D)
	$(call say,CC)$(COMPILE) -DCORDON_FAULTS -c $< -o $@

$(BUILD)/tests/fault/cordon: $(MAIN) $(FAULTY) $(BUILD)/libcordon.a $(BUILD)/libelf.a
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(CFLAGS) $(HARDEN) $(LINK) $(filter-out %/libelf.a,$^) $(LIBS) \
	  $(BUILD)/libelf.a -o $@

$(BUILD)/fuzz/%.o: %.c $(BUILD)/flags | $(SKELS) $(TEST_SKELS)
	@mkdir -p $(@D)
	$(call say,CC)$(FUZZ) $(SANITIZE) -fsanitize=fuzzer-no-link -c $< -o $@

$(BUILD)/fuzz/tests/%.o: CPPFLAGS += $(TEST_CPPFLAGS)

$(BUILD)/fuzz/libcordon.a: $(patsubst %.c,$(BUILD)/fuzz/%.o,$(filter-out userspace/main.c,$(USERSPACE)))
	$(call say,AR)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/fuzz/libtests.a: $(TEST_SHARED:%.c=$(BUILD)/fuzz/%.o)
	@mkdir -p $(@D)
	$(call say,AR)rm -f $@ && $(AR) rcs $@ $^

$(FUZZERS): $(BUILD)/fuzz/%: $(BUILD)/fuzz/tests/fuzz/%.o $(BUILD)/fuzz/libtests.a \
		$(BUILD)/fuzz/libcordon.a
	$(call say,FUZZ)$(CLANG) $(SANITIZE) -fsanitize=fuzzer $^ $(LIBS) -o $@

# See tests/make_key.
TEST_KEYS := $(patsubst %,$(BUILD)/tests/keys/%.key,ada grace mallory owner stranger)
$(TEST_KEYS):
	@mkdir -p $(@D)
	$(call say,KEY)openssl genrsa -out $@ 2048 2>/dev/null

tests: all $(TEST_PROGRAMS) $(FUZZERS) $(BUILD)/tests/fault/cordon $(TEST_KEYS) $(KMODS) ## build the tests and fuzz targets

test: ## install what is missing, build, run every test
	scripts/setup test
	$(MAKE) tests
	BUILD=$(BUILD) tests/run

unit: all $(filter $(BUILD)/tests/unit/%,$(TEST_PROGRAMS)) ## build and run the unit tests
	BUILD=$(BUILD) tests/run --no-vm tests/unit

SECONDS := 300
fuzz: $(FUZZERS) ## run each fuzz target, SECONDS=300 each
	BUILD=$(BUILD) tests/run --fuzz $(SECONDS)

vm: all ## a shell on a node in a virtual machine, KERNEL=6.12 or 6.1, LATCH=open or a level
	scripts/vm --kernel $(or $(KERNEL),6.12) --node $(or $(LATCH),open)

bench: ## measure beside the peers; results and plots in build/bench
	scripts/setup bench
	$(MAKE) tests
	tests/bench/run $(BUILD)/bench

attack: ## try the ways out, under each latch level and against the peers; $(BUILD)/attack/table.txt
	scripts/setup test
	$(MAKE) all $(filter $(BUILD)/tests/attack/%,$(TEST_PROGRAMS))
	BUILD=$(BUILD) tests/run --no-vm tests/attack
	@cat $(BUILD)/attack/table.txt

demo: ## the whole story in private namespaces
	@scripts/setup demo
	@$(MAKE) all
	@$(BUILD)/cordon demo

# ---- checks --------------------------------------------------------------------------------

check: check-format check-rules check-headers check-tidy check-sparse unit ## all checks without root

check-format: ## clang-format has nothing to say
	@clang-format --dry-run -Werror $(C_FILES)

check-rules: all ## the house rules of scripts/check
	BUILD=$(BUILD) scripts/check

check-headers: $(patsubst %,$(BUILD)/alone/%,$(filter include/%.h userspace/%.h,$(C_FILES))) ## headers stand alone
$(BUILD)/alone/%.h: %.h $(BUILD)/flags | $(SKELS)
	@mkdir -p $(@D)
	$(call say,ALONE)echo '#include "$<"' | $(COMPILE) -MT $@ -MF $@.d -x c -c - -o $@

# Stamps: a file is looked at again when its object is rebuilt, that is when a header changed too.
check-tidy: $(USERSPACE:%=$(BUILD)/tidy/%) $(BPF:%=$(BUILD)/tidy/%) ## clang-tidy has nothing to say
$(BUILD)/tidy/%.bpf.c: %.bpf.c $(BUILD)/%.bpf.o .clang-tidy
	@mkdir -p $(@D)
	$(call say,TIDY)clang-tidy --quiet $< -- $(BPF_FLAGS) 2>/dev/null && touch $@
$(BUILD)/tidy/%.c: %.c $(BUILD)/%.o .clang-tidy
	@mkdir -p $(@D)
	$(call say,TIDY)clang-tidy --quiet $< -- -std=gnu11 $(CPPFLAGS) 2>/dev/null && touch $@

# sparse knows neither -iquote nor this builtin, and reads no string as long as an object: its
# skeletons hold none. The arrays that it dislikes are in the kernel's headers of iptables.
SPARSE := sparse -std=gnu11 -Wsparse-error -Wbitwise -Wno-flexible-array-array -isystem $(BUILD)/sparse \
          '-D__builtin_assume_aligned(pointer, alignment)=(pointer)'
check-sparse: $(USERSPACE:%=$(BUILD)/sparse/%) ## sparse has nothing to say
$(BUILD)/sparse/%.c: %.c $(BUILD)/%.o | $(SKELS:$(BUILD)/%=$(BUILD)/sparse/%)
	@mkdir -p $(@D)
	$(call say,SPARSE)$(SPARSE) $(CPPFLAGS) -I. $< && touch $@
$(BUILD)/sparse/%.skel.h: $(BUILD)/%.skel.h
	@mkdir -p $(@D) && sed '/ = "\\$$/,/";$$/c static const char data[] = "";' $< >$@

format: ## let clang-format rewrite the sources
	clang-format -i $(C_FILES)

# ---- install -------------------------------------------------------------------------------

BIN_TO        = $(DESTDIR)$(PREFIX)/sbin
POLICY_TO     = $(DESTDIR)/etc/cordon
MAN_TO        = $(DESTDIR)$(PREFIX)/share/man
COMPLETION_TO = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
UNITS_TO      = $(DESTDIR)$(PREFIX)/lib/systemd/system
# Neither looks below /usr/local.
INITRAMFS_TO  = $(DESTDIR)$(if $(filter /usr,$(PREFIX)),/usr/share,/etc)/initramfs-tools
DRACUT_TO     = $(DESTDIR)/usr/lib/dracut/modules.d/90cordon
DKMS_TO       = $(DESTDIR)/usr/src/cordon-$(VERSION)

MANUALS     := $(wildcard userspace/man/*.[1-9])
COMPLETIONS := $(wildcard userspace/completion/*)
UNITS       := $(wildcard userspace/systemd/*)

# A unit or hook writes its program as @sbindir@/cordon.
install: all ## install under DESTDIR and PREFIX=/usr/local; the module's sources for dkms
	install -D -m 755 $(BUILD)/cordon $(BIN_TO)/cordon
	install -d -m 755 $(POLICY_TO)
	$(foreach m,$(MANUALS),install -D -m 644 $m $(MAN_TO)/man$(subst .,,$(suffix $m))/$(notdir $m) &&) :
	$(foreach c,$(COMPLETIONS),install -D -m 644 $c $(COMPLETION_TO)/$(notdir $c) &&) :
	$(foreach u,$(UNITS),install -D -m 644 $u $(UNITS_TO)/$(notdir $u) && \
	  sed -i 's,@sbindir@,$(PREFIX)/sbin,' $(UNITS_TO)/$(notdir $u) &&) :
	install -D -m 755 userspace/boot/initramfs-tools/hook $(INITRAMFS_TO)/hooks/cordon
	sed -i 's,@sbindir@,$(PREFIX)/sbin,' $(INITRAMFS_TO)/hooks/cordon
	install -D -m 755 userspace/boot/gate $(INITRAMFS_TO)/scripts/init-top/cordon
	install -D -m 755 userspace/boot/dracut/module-setup.sh $(DRACUT_TO)/module-setup.sh
	sed -i 's,@sbindir@,$(PREFIX)/sbin,' $(DRACUT_TO)/module-setup.sh
	install -D -m 755 userspace/boot/gate $(DRACUT_TO)/gate.sh
	$(foreach f,$(KMOD_SOURCE),install -D -m 644 $f $(DKMS_TO)/$f &&) :
	sed 's,@version@,$(VERSION),' kmod/dkms.conf >$(DKMS_TO)/dkms.conf

# A sealed node keeps what holds it; `cordon release` then fails, and says how it is reopened.
# An initramfs that shuts the gate waits for a policy, which would never come.
uninstall: ## remove what install put there; policies stay; refused on a sealed or gated node
	@! [ -x $(BIN_TO)/cordon ] || $(BIN_TO)/cordon --root '$(DESTDIR)' release >/dev/null
	@! [ -e $(POLICY_TO)/gate ] || { echo 'uninstall: the next boot would wait for a policy, shut: \
	rm $(POLICY_TO)/gate, and make the initramfs anew (update-initramfs -u, or dracut --force)' >&2; exit 1; }
	rm -rf $(DKMS_TO)
	rm -f $(BIN_TO)/cordon $(COMPLETIONS:userspace/completion/%=$(COMPLETION_TO)/%) \
	  $(UNITS:userspace/systemd/%=$(UNITS_TO)/%) \
	  $(foreach m,$(MANUALS),$(MAN_TO)/man$(subst .,,$(suffix $m))/$(notdir $m)) \
	  $(INITRAMFS_TO)/hooks/cordon $(INITRAMFS_TO)/scripts/init-top/cordon
	rm -rf $(DRACUT_TO)

clean: ## remove what was built, keep what was downloaded
	rm -rf $(filter-out %/vm %/kselftest %/logins.tar,$(wildcard $(BUILD)/*))

distclean: ## remove build/ altogether
	rm -rf build $(BUILD)

.PHONY: FORCE $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

-include $(shell find $(BUILD) -name '*.d' -type f 2>/dev/null)
