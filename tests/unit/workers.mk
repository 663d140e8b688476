# unit tests of workers/lib and of the training worker's own parts
UNIT_WK     = $(patsubst tests/unit/%.c,$(BUILD)/unit/%, \
                $(wildcard tests/unit/test_wk_*.c))
UNIT_WK_OBJ = $(BUILD)/obj/training/cache.o

unit: $(UNIT_WK)

$(UNIT_WK): $(BUILD)/unit/%: tests/unit/%.c $(UNIT_WK_OBJ) $(WK_A)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WK_INC) $(WK_PQ) -DUNIT_ROOT=\"$(CURDIR)\" -o $@ $< \
	    $(UNIT_WK_OBJ) $(WK_A) \
	    $(LDFLAGS) -lcmocka -lpq -lmicrohttpd -pthread
