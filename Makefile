# Builds everything into build/.  Each part has a fragment of its own.

BUILD   = build
CC      = gcc
HARDEN  = -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE \
          -Wformat -Werror=format-security
WARN    = -std=gnu11 -W -Wall -Wextra -Wshadow -Wformat=2 -Werror
CFLAGS  = $(HARDEN) $(WARN)
LDFLAGS = -pie -Wl,-z,relro -Wl,-z,now

.PHONY: all module workers web vectors unit clean

all: module workers web vectors

include ngx_mlforkids_module/build.mk
include workers/build.mk
include web/build.mk
include tests/build.mk

clean:
	rm -rf $(BUILD)
