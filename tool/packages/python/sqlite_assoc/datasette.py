"""A plugin for Datasette. Installed beside it, it

- loads the extension into each connection, for queries;
- gives a row, and each row of a table's page, as JSON with what belongs to it:
  /blog/User/1.nested, also a link of the page;
- draws the diagram on a database's page.

Datasette's own connections only read. What its permissions hide, a link or the
diagram does not show either; who may run SQL may read all tables, as always.
"""
import json
from pathlib import Path
from typing import Any, Dict, List, Optional

from datasette import hookimpl
from datasette.utils.asgi import Response

from . import load


@hookimpl
def prepare_connection(conn: Any) -> None:
    load(conn)


async def _may_see(datasette: Any, request: Any, database: str,
                   table: str) -> bool:
    return bool(await datasette.permission_allowed(
        request.actor if request else None, 'view-table',
        resource=(database, table), default=True))


# ------------------------------------------------------------- nested JSON

async def _shape(datasette: Any, request: Any, database: str,
                 table: str) -> Optional[str]:
    """All columns of the table and its associations, or None without any."""
    found = await datasette.get_database(database).execute(
        'SELECT association, target FROM assoc_list WHERE model = ?', [table])
    names = ['`%s`' % name.replace('`', '``') for name, target in found.rows
             if target and await _may_see(datasette, request, database, target)]
    return '{* %s}' % ' '.join(names) if names else None


def _key(row: Any, columns: List[str]) -> Any:
    values = [row[column] for column in columns]
    return values[0] if len(values) == 1 else json.dumps(values)


async def _can_render(datasette: Any, database: str, table: str, request: Any,
                      view_name: str) -> bool:
    return view_name in ('table', 'row') and bool(table) and bool(
        await _shape(datasette, request, database, table))


async def _render(datasette: Any, database: str, table: str, rows: Any,
                  request: Any, view_name: str) -> Response:
    db = datasette.get_database(database)
    shape = await _shape(datasette, request, database, table) if table else None
    columns = await db.primary_keys(table) if table else []
    if not shape or not columns:
        return Response.json({'ok': False, 'error': 'nothing belongs to a row '
                              'of this table'}, status=400)
    documents = [
        (await db.execute('SELECT assoc_find(?, ?, ?)',
                          [table, _key(row, columns), shape])).rows[0][0]
        for row in rows]
    body = documents[0] if view_name == 'row' \
        else '[%s]' % ',\n'.join(documents)
    return Response(body, content_type='application/json; charset=utf-8')


@hookimpl
def register_output_renderer(datasette: Any) -> Dict[str, Any]:
    return {'extension': 'nested', 'render': _render,
            'can_render': _can_render}


# -------------------------------------------------------------- the diagram

_SCRIPT = '''
const json = %s;
if (json.models.some((model) => model.associations.length)) {
  const div = document.createElement('div');
  div.innerHTML = '<h2>Associations</h2><div style="overflow-x: auto">'
    + drawDiagram(json) + '</div>';
  document.querySelector('.content').append(div);
}
'''


async def _diagram(datasette: Any, request: Any, database: str) -> Dict[str, Any]:
    found = await datasette.get_database(database).execute(
        "SELECT assoc_diagram('json')")
    models = [model for model in json.loads(found.rows[0][0])['models']
              if await _may_see(datasette, request, database, model['table'])]
    shown = {model['name'] for model in models}
    for model in models:
        model['associations'] = [
            a for a in model.get('associations', [])
            if 'target' not in a or a['target'] in shown]
    text = json.dumps({'models': models}).replace('</', '<\\/')
    drawing = Path(__file__).with_name('diagram.js').read_text(encoding='utf-8')
    return {'module': True, 'script': drawing + _SCRIPT % text}


@hookimpl
def extra_body_script(view_name: str, database: str, request: Any,
                      datasette: Any) -> Any:
    if view_name != 'database':
        return None

    async def script() -> Dict[str, Any]:
        return await _diagram(datasette, request, database)
    return script
