# Unit tests of the text model.

TEXT_UNITS = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,\
             $(wildcard tests/unit/test_text_*.c))

$(BUILD)/unit/test_text_%: tests/unit/test_text_%.c \
                           tests/unit/text_corpus.h $(TEXT_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Iworkers/training -o $@ $< $(TEXT_LIB) $(LDFLAGS) \
	    -lcmocka $(TEXT_LIBS)

unit: $(TEXT_UNITS)
