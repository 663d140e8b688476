# targets of tests/
unit:
include tests/unit/text.mk
