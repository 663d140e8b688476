# targets of web/scratch/: the page at /scratch/ in build/scratch/

SCRATCH_OUT := $(BUILD)/scratch
SCRATCH_SRC := $(shell find web/scratch -type f)

.PHONY: scratch scratch-editor

scratch: $(SCRATCH_OUT)/source.html

# Instant once the editor is there; tries again while it is not.
scratch-editor:
	@web/scratch/install-editor.sh $(SCRATCH_OUT) $(BUILD)/fetched

# The stamp is not there when the editor could not be fetched.
$(SCRATCH_OUT)/source.html: $(SCRATCH_SRC) \
                            $(wildcard $(SCRATCH_OUT)/.editor) | scratch-editor
	web/scratch/build-page.sh web/scratch $(SCRATCH_OUT)
