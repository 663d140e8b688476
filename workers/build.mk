# targets of workers/
workers:
vectors:
include workers/training/text.mk
