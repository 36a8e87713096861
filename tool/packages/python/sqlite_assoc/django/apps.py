from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from .. import load


class AssocConfig(AppConfig):
    name = 'sqlite_assoc.django'
    label = 'sqlite_assoc'
    verbose_name = 'Associations inside SQLite'

    def ready(self) -> None:
        connection_created.connect(_connected,
                                   dispatch_uid='sqlite_assoc.django')


def _connected(sender: Any, connection: Any, **_: Any) -> None:
    if connection.vendor == 'sqlite':
        load(connection.connection)
