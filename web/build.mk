# targets of web/
web:
