# unit tests of the text model
