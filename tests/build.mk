# targets of tests/
unit:
include tests/unit/text.mk
include tests/unit/core.mk
include tests/unit/workers.mk
