# unit tests of ngx_mlforkids_module/core; each links all of core/.  malloc and
# calloc are wrapped so that the tests can make the n-th one fail.
UNIT_CORE     = $(patsubst tests/unit/%.c,$(BUILD)/unit/%, \
                  $(wildcard tests/unit/test_core_*.c))
UNIT_CORE_SRC = $(wildcard ngx_mlforkids_module/core/mlk_*.c)

unit: $(UNIT_CORE)

$(UNIT_CORE): $(BUILD)/unit/test_core_%: tests/unit/test_core_%.c \
    tests/unit/core_alloc.c tests/unit/core_alloc.h $(UNIT_CORE_SRC) \
    $(wildcard ngx_mlforkids_module/core/mlk_*.h)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Ingx_mlforkids_module/core -o $@ $< \
	    tests/unit/core_alloc.c $(UNIT_CORE_SRC) $(LDFLAGS) \
	    -Wl,--wrap=malloc,--wrap=calloc \
	    -lcmocka -lyajl -lcrypto -lutf8proc -lm
