# targets of tests/
unit:
