# targets of web/: `site` here, `scratch` in its own fragment

SITE_SRC  := $(shell find web/site/src web/site/public web/shared -type f)
SITE_NPM  := $(BUILD)/npm/site

.PHONY: web site scratch

web: site scratch

-include web/scratch/scratch.mk

site: $(BUILD)/site/index.html

# The packages live below build/, so that a checkout stays clean.
$(SITE_NPM)/.installed: web/site/package.json web/site/package-lock.json \
                        web/site/.npmrc
	mkdir -p $(SITE_NPM)
	cp $^ $(SITE_NPM)/
	cd $(SITE_NPM) && npm ci --ignore-scripts
	touch $@

$(BUILD)/site/index.html: $(SITE_NPM)/.installed web/site/build.mjs $(SITE_SRC)
	node web/site/build.mjs --modules $(SITE_NPM) --out $(BUILD)/site
