"""For Django: each connection to SQLite loads the extension.

    INSTALLED_APPS = [..., 'sqlite_assoc.django']

transaction.atomic() is right as it is: Django begins transactions by hand.
"""
