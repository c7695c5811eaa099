"""Messages for people in another language than English: a gettext catalogue, and who reads it.

Everything inside speaks English: what is stored, what the daemon answers, what JSON says. Where a
line reaches a person, a terminal or the log, it is retold (`retelling`); in English nothing of
this room is loaded but `choice`.
"""
