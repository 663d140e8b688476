# The nginx module, built in a copy of the packaged source tree (headers and
# configure) with the package's own flags, so that Debian's nginx loads it.
# Configures again only when the list of files, config or nginx change.

NGINX_SRC     = /usr/share/nginx/src
MODULE_DIR    = ngx_mlforkids_module
MODULE_WORK   = $(BUILD)/module/nginx
MODULE        = $(BUILD)/module/ngx_http_mlforkids_module.so

MODULE_SRCS   = $(sort $(wildcard $(MODULE_DIR)/*.c $(MODULE_DIR)/core/*.c \
                $(MODULE_DIR)/handlers/*.c))
MODULE_HDRS   = $(sort $(wildcard $(MODULE_DIR)/*.h $(MODULE_DIR)/core/*.h))

# For configure no warnings: they would make its probes fail and the module
# differ from the nginx that loads it.  All handlers of nginx have the same
# arguments, used or not.
MODULE_HARDEN = -O2 -g -fPIC -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
                -Wdate-time -ffile-prefix-map=$(CURDIR)/=
MODULE_CFLAGS = -pipe $(MODULE_HARDEN) $(WARN) -Wno-unused-parameter
MODULE_LDFLAGS = -Wl,-z,relro -Wl,-z,now -fPIC

.PHONY: module module-list

# several makes at a time (tests, an editor) must not build in one folder
module:
	@mkdir -p $(BUILD)/module
	+@flock $(BUILD)/module/lock $(MAKE) -s $(MODULE)

module-list:
	@echo "$(MODULE_SRCS) $(MODULE_HDRS)" | \
	    cmp -s - $(BUILD)/module/files || \
	    echo "$(MODULE_SRCS) $(MODULE_HDRS)" > $(BUILD)/module/files

$(BUILD)/module/files: module-list ;

$(MODULE_WORK)/configured: $(BUILD)/module/files $(MODULE_DIR)/config \
                           $(MODULE_DIR)/build.mk $(NGINX_SRC)/conf_flags
	@echo "configuring the module"
	@rm -rf $(MODULE_WORK)
	@cp -a $(NGINX_SRC) $(MODULE_WORK)
	@cd $(MODULE_WORK) && bash -c 'eval "$$(cat conf_flags)"; \
	    exec ./configure "$${NGX_CONF_FLAGS[@]}" \
	    --with-cc="$(CC)" --with-cc-opt="$(MODULE_HARDEN)" \
	    --with-ld-opt="$(MODULE_LDFLAGS)" \
	    --add-dynamic-module=$(CURDIR)/$(MODULE_DIR)' \
	    > configure.log || { tail -n 20 configure.log >&2; exit 1; }
	@touch $@

# moved into place: nginx may have the old file mapped
$(MODULE): $(MODULE_WORK)/configured $(MODULE_SRCS) $(MODULE_HDRS)
	+$(MAKE) -s -C $(MODULE_WORK) -f objs/Makefile \
	    CFLAGS="$(MODULE_CFLAGS)" modules
	cp $(MODULE_WORK)/objs/$(notdir $(MODULE)) $@.new
	mv $@.new $@
