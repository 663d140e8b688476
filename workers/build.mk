# Workers and tools.

include workers/training/text.mk

WK_INC  = -D_GNU_SOURCE -I workers/lib -I workers/training -I ngx_mlforkids_module/core
WK_PQ   = -I $(shell pg_config --includedir 2>/dev/null || \
            echo /usr/include/postgresql)

WK_LIB  = log conf signal db queue sandbox listen http
WK_OBJ  = $(WK_LIB:%=$(BUILD)/obj/lib/wk_%.o)
WK_A    = $(BUILD)/obj/libwk.a

# what of core/ the workers use; nothing of nginx in it
WK_CORE     = $(wildcard ngx_mlforkids_module/core/*.c)
WK_CORE_OBJ = $(WK_CORE:ngx_mlforkids_module/core/%.c=$(BUILD)/obj/core/%.o)
WK_CORE_A   = $(BUILD)/obj/libmlkcore.a

TRAINING_OBJ = $(addprefix $(BUILD)/obj/training/, \
                 main.o server.o runner.o job_text.o cache.o)

$(BUILD)/obj/lib/%.o: workers/lib/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WK_INC) $(WK_PQ) -MMD -MP -c -o $@ $<

$(BUILD)/obj/core/%.o: ngx_mlforkids_module/core/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WK_INC) -MMD -MP -c -o $@ $<

$(TRAINING_OBJ): $(BUILD)/obj/training/%.o: workers/training/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WK_INC) $(WK_PQ) -MMD -MP -c -o $@ $<

$(WK_A): $(WK_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

$(WK_CORE_A): $(WK_CORE_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/bin/mlforkids-training: $(TRAINING_OBJ) $(TEXT_LIB) $(WK_A) \
		$(WK_CORE_A)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(TEXT_LIBS) -lpq -lmicrohttpd \
		-lyajl -lcrypto -pthread

$(BUILD)/bin/mlforkids-migrate: workers/tools/migrate.c $(WK_A)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WK_INC) $(WK_PQ) -o $@ $< $(WK_A) $(LDFLAGS) -lpq \
		-pthread

workers: $(BUILD)/bin/mlforkids-training $(BUILD)/bin/mlforkids-migrate

-include $(WK_OBJ:.o=.d) $(WK_CORE_OBJ:.o=.d) $(TRAINING_OBJ:.o=.d)
