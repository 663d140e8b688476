# targets of tests/: programs of tests/unit, packages of the browser test
.PHONY: unit browser-packages

unit:
include tests/unit/text.mk
include tests/unit/core.mk
include tests/unit/workers.mk

# below build/, so that a checkout stays clean
BROWSER_NPM = $(BUILD)/npm/browser

browser-packages: $(BROWSER_NPM)/.installed

$(BROWSER_NPM)/.installed: tests/browser/package.json \
                           tests/browser/package-lock.json
	mkdir -p $(BROWSER_NPM)
	cp $^ $(BROWSER_NPM)/
	cd $(BROWSER_NPM) && npm ci --ignore-scripts
	touch $@
