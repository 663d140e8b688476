# targets of workers/
workers:
vectors:
