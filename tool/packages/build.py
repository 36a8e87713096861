"""Builds the packages: `make packages` calls it.

    build.py OUT [PART...]      parts: npm python release wasm debian

It compiles the amalgamation with zig's C compiler, one version of which, from
PyPI, has what each platform needs: glibc of a chosen age, musl, Windows and
macOS. Debian's cross compilers have no musl for arm64 and no macOS, and their
glibc is Debian's.

What is made depends on the sources and on nothing else: two builds in two
places give the same bytes (test/packages/run.sh). All files bear the date of
the first entry of debian/changelog, or SOURCE_DATE_EPOCH.
"""
import filecmp
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from email.utils import parsedate_to_datetime

from archive import write_tar, write_zip
from platforms import PLATFORMS

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
REPOSITORY = os.environ.get('REPOSITORY') or 'https://example.org/assoc'
DESCRIPTION = 'Associations inside SQLite: a loadable extension'


def read(*names):
    with open(os.path.join(TOP, *names), 'rb') as file:
        return file.read()


def below(folder):
    """The names of all files below a folder, in a fixed order."""
    return sorted(
        os.path.relpath(os.path.join(top, name), folder).replace(os.sep, '/')
        for top, _, names in os.walk(folder) for name in names
        if '__pycache__' not in top and 'node_modules' not in top)


VERSION = re.search(r'ASSOC_VERSION "(.*?)"',
                    read('ext', 'assoc.h').decode()).group(1)


def release_date():
    given = os.environ.get('SOURCE_DATE_EPOCH')
    if given:
        return int(given)
    log = read('tool', 'packages', 'debian', 'changelog').decode()
    return int(parsedate_to_datetime(
        re.search(r'^ -- .*?>  (.*)$', log, re.M).group(1)).timestamp())


DATE = release_date()


def folder(*names):
    """A new, empty folder."""
    path = os.path.join(*names)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


# ------------------------------------------------------------- the libraries

HEADERS = ['sqlite3.h', 'sqlite3ext.h']


def compile_library(out, platform):
    """OUT/lib/PLATFORM/LIBRARY, compiled in OUT/csrc so that paths agree."""
    target = os.path.join(out, 'lib', platform.name)
    os.makedirs(target, exist_ok=True)
    library = os.path.join(target, platform.library)
    flags = ['-target', platform.target, '-O2', '-DNDEBUG', '-std=c11',
             '-fvisibility=hidden', '-fno-sanitize=undefined', '-shared',
             '-s', '-I.']
    if 'windows' not in platform.target:
        flags += ['-fPIC']
    if 'linux' in platform.target:
        flags += ['-Wl,-z,nodelete', '-Wl,-Bsymbolic', '-Wl,--build-id=none']
    if 'macos' in platform.target:
        flags += ['-Wl,-install_name,@rpath/assoc.dylib']
    environment = dict(os.environ, SOURCE_DATE_EPOCH=str(DATE),
                       ZIG_LOCAL_CACHE_DIR=os.path.join(out, 'zig'))
    environment.setdefault('ZIG_GLOBAL_CACHE_DIR', os.path.join(out, 'zig'))
    print('  CC     ' + platform.name, flush=True)
    subprocess.run([sys.executable, '-m', 'ziglang', 'cc'] + flags +
                   ['assoc.c', '-o', os.path.abspath(library)],
                   cwd=os.path.join(out, 'csrc'), env=environment, check=True)
    for leftover in os.listdir(target):
        if leftover != platform.library:  # the import library of a DLL
            os.remove(os.path.join(target, leftover))
    return library


def where_changed(target, paths, make):
    """Call make() on a new folder, unless it was made of the same files."""
    digest = hashlib.sha256()
    for path in paths + [os.path.join(HERE, 'build.py'),
                         os.path.join(HERE, 'platforms.py')]:
        digest.update(open(path, 'rb').read())
    made = os.path.join(target, 'made-of')
    if not os.path.exists(made) or open(made).read() != digest.hexdigest():
        folder(target)
        make()
        open(made, 'w').write(digest.hexdigest())


def libraries(out):
    """The library of each platform, by name."""
    def compile_all():
        for platform in PLATFORMS:
            compile_library(out, platform)

    where_changed(os.path.join(out, 'lib'),
                  [os.path.join(out, 'csrc', name)
                   for name in ['assoc.c', 'assoc.h'] + HEADERS], compile_all)
    return {p.name: open(os.path.join(out, 'lib', p.name, p.library),
                         'rb').read() for p in PLATFORMS}


def sources(out):
    """OUT/csrc: the amalgamation, and the headers of SQLite. Files that are
    the same already keep their time, by which test/platforms compiles."""
    os.makedirs(os.path.join(out, 'csrc'), exist_ok=True)
    found = [os.path.join(TOP, 'build', name)
             for name in ['assoc.c', 'assoc.h']]
    found += [os.path.join(os.environ['SQLITE_SOURCE'], name)
              for name in HEADERS]
    for path in found:
        copy = os.path.join(out, 'csrc', os.path.basename(path))
        if not os.path.exists(copy) or \
                not filecmp.cmp(path, copy, shallow=False):
            shutil.copyfile(path, copy)


# -------------------------------------------------------------------- npm

def as_json(value):
    return (json.dumps(value, indent=2) + '\n').encode()


def about(name, description):
    return {'name': name, 'version': VERSION, 'description': description,
            'license': 'MIT', 'repository': REPOSITORY,
            'keywords': ['sqlite', 'sqlite-extension', 'associations', 'orm',
                         'eager-loading']}


def write_npm(target, package, entries):
    """TARGET/NAME-VERSION.tgz of package.json and the others."""
    entries = entries + [('package.json', as_json(package), False),
                         ('LICENSE', read('LICENSE'), False)]
    write_tar(
        os.path.join(target, '%s-%s.tgz' % (package['name'], VERSION)),
        [('package/' + name, content, x) for name, content, x in entries],
        DATE)


def npm_platform(target, platform, code):
    name = 'sqlite-assoc-' + platform.name
    package = about(name, '%s, for %s' % (DESCRIPTION, platform.name))
    system, cpu, libc = platform.npm
    package.update({'os': [system], 'cpu': [cpu]})
    if libc:
        package['libc'] = [libc]
    text = '# %s\n\nThe library of the npm package sqlite-assoc for %s.\n' % (
        name, platform.name)
    write_npm(target, package, [(platform.library, code, True),
                                ('README.md', text.encode(), False)])
    return name


def npm(out):
    target = folder(out, 'npm')
    built = libraries(out)
    names = [npm_platform(target, p, built[p.name]) for p in PLATFORMS]
    package = about('sqlite-assoc', DESCRIPTION)
    source = os.path.join(HERE, 'npm')
    package.update(json.load(open(os.path.join(source, 'package.json'))))
    package['optionalDependencies'] = {name: VERSION for name in names}
    write_npm(target, package,
              [(name, read(source, name), name.startswith('bin/'))
               for name in below(source) if name != 'package.json'])


# ------------------------------------------------------------------ python

def python(out):
    target = folder(out, 'python')
    source = folder(out, 'python-source')
    for name in below(os.path.join(HERE, 'python')):
        path = os.path.join(source, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copyfile(os.path.join(HERE, 'python', name), path)
    shutil.copyfile(os.path.join(HERE, 'archive.py'),
                    os.path.join(source, 'archive.py'))
    shutil.copyfile(os.path.join(TOP, 'LICENSE'),
                    os.path.join(source, 'LICENSE'))
    shutil.copytree(os.path.join(out, 'csrc'), os.path.join(source, 'csrc'))
    libraries(out)
    program = 'import backend, sys; getattr(backend, sys.argv[1])(sys.argv[2])'

    def call(hook, **environment):
        subprocess.run(
            [sys.executable, '-B', '-c', program, hook, os.path.abspath(target)],
            cwd=source, check=True,
            env=dict(os.environ, SOURCE_DATE_EPOCH=str(DATE), **environment))

    call('build_sdist')
    for p in PLATFORMS:
        call('build_wheel', ASSOC_WHEEL_PLATFORM=p.wheel,
             ASSOC_LIBRARY=os.path.abspath(
                 os.path.join(out, 'lib', p.name, p.library)))


# ----------------------------------------------------------------- release

def sqlpkg(files, sums):
    return as_json({
        'owner': 'assoc', 'name': 'assoc', 'version': VERSION,
        'repository': REPOSITORY, 'authors': ['the assoc authors'],
        'license': 'MIT', 'description': DESCRIPTION,
        'keywords': ['associations', 'eager-loading', 'json', 'orm'],
        'symbols': ['assoc_define', 'assoc_discover', 'assoc_sync', 'eager',
                    'related', 'assoc_find', 'assoc_get', 'assoc_insert'],
        'assets': {'path': '%s/releases/download/v{version}' % REPOSITORY,
                   'files': files, 'checksums': sums}})


def release(out):
    target = folder(out, 'release')
    built = libraries(out)
    common = [(name, open(os.path.join(out, 'csrc', name), 'rb').read(), False)
              for name in ['assoc.c', 'assoc.h']]
    common.append(('LICENSE', read('LICENSE'), False))
    common.append(('INSTALL.md', read('ext', 'doc', 'INSTALL.md'), False))
    files = {}
    for p in PLATFORMS:
        base = 'assoc-%s-%s' % (VERSION, p.name)
        entries = [(p.library, built[p.name], True)] + common
        if p.npm[0] == 'win32':
            name = base + '.zip'
            write_zip(os.path.join(target, name), entries, DATE)
        else:
            name = base + '.tar.gz'
            write_tar(os.path.join(target, name), entries, DATE)
        if p.sqlpkg:
            files[p.sqlpkg] = name
    write_zip(os.path.join(target, 'assoc-%s-amalgamation.zip' % VERSION),
              common, DATE)
    sums = {name: hashlib.sha256(
        open(os.path.join(target, name), 'rb').read()).hexdigest()
        for name in sorted(os.listdir(target))}
    with open(os.path.join(target, 'SHA256SUMS'), 'w', newline='\n') as file:
        file.write(''.join('%s  %s\n' % (s, n) for n, s in sums.items()))
    with open(os.path.join(target, 'sqlpkg.json'), 'wb') as file:
        file.write(sqlpkg(files, {
            name: 'sha256-' + sums[name] for name in files.values()}))


# -------------------------------------------------------------------- wasm

# Names of SQLite's functions that the JavaScript in tool/packages/wasm calls.
WASM_CALLS = [
    'bind_blob', 'bind_double', 'bind_int64', 'bind_null',
    'bind_parameter_count', 'bind_parameter_index', 'bind_text', 'changes',
    'close_v2', 'column_blob', 'column_bytes', 'column_count',
    'column_double', 'column_int64', 'column_name', 'column_text',
    'column_type', 'deserialize', 'errmsg', 'extended_errcode', 'finalize',
    'free', 'get_autocommit', 'libversion', 'malloc', 'open_v2', 'prepare_v3',
    'serialize', 'step']
WASM_FLAGS = [
    '-O2', '-DNDEBUG', '-DSQLITE_CORE', '-DSQLITE_THREADSAFE=0', '-w',
    '-DSQLITE_DQS=0', '-DSQLITE_DEFAULT_MEMSTATUS=0',
    '-DSQLITE_OMIT_DEPRECATED', '-DSQLITE_OMIT_LOAD_EXTENSION',
    '-DSQLITE_ENABLE_FTS5', '-DSQLITE_ENABLE_RTREE',
    '-DSQLITE_ENABLE_MATH_FUNCTIONS', '-DSQLITE_TEMP_STORE=2', '-I.']
WASM_LINK = [
    '-O2', '-sMODULARIZE=1', '-sEXPORT_ES6=1', '-sUSE_ES6_IMPORT_META=0',
    '-sALLOW_MEMORY_GROWTH=1', '-sWASM_BIGINT=1', '-sFORCE_FILESYSTEM=1',
    '-sTOTAL_STACK=1048576',
    '-sEXPORT_NAME=sqliteAssoc', '-sENVIRONMENT=web,worker',
    '-sINVOKE_RUN=0',
    '-sEXPORTED_RUNTIME_METHODS=' + ','.join(
        ['FS', 'UTF8ToString', 'stringToUTF8', 'lengthBytesUTF8',
         'stackSave', 'stackRestore', 'stackAlloc'])]


def emcc(out, *arguments):
    # Debian's cache is frozen, and its acorn is where only Debian's node looks.
    os.makedirs(os.environ['EM_CACHE'], exist_ok=True)
    subprocess.run(['emcc', *arguments], check=True,
                   cwd=os.path.join(out, 'wasm-build'),
                   env=dict(os.environ, EM_FROZEN_CACHE='',
                            NODE_PATH='/usr/share/nodejs',
                            SOURCE_DATE_EPOCH=str(DATE)))


def wasm_module(out, name, objects):
    """NAME.mjs and NAME.wasm of these objects."""
    calls = ['_malloc', '_free'] + ['_sqlite3_' + call for call in WASM_CALLS]
    emcc(out, *WASM_LINK, '-sEXPORTED_FUNCTIONS=' + ','.join(calls),
         *objects, '-o', name + '.mjs')


def compile_wasm(work, out, paths):
    for path in paths:
        shutil.copyfile(path, os.path.join(work, os.path.basename(path)))
    for name, more in [('sqlite3', ['-DSQLITE_EXTRA_INIT=assocInit']),
                       ('assoc', ['-Os']), ('init', [])]:  # A download: size counts
        print('  EMCC   ' + name, flush=True)
        emcc(out, *WASM_FLAGS, *more, '-c', name + '.c', '-o', name + '.o')
    emcc(out, *WASM_FLAGS, '-DALONE', '-c', 'init.c', '-o', 'alone.o')
    wasm_module(out, 'sqlite3-assoc', ['sqlite3.o', 'assoc.o', 'init.o'])
    wasm_module(out, 'alone', ['sqlite3.o', 'alone.o'])


def wasm(out):
    """SQLite with assoc inside, for browsers and Node; and SQLite alone."""
    target = folder(out, 'wasm')
    work = os.path.join(out, 'wasm-build')
    paths = [os.path.join(out, 'csrc', name) for name in ['assoc.c', 'assoc.h']]
    paths += [os.path.join(os.environ['SQLITE_SOURCE'], name)
              for name in ['sqlite3.c', 'sqlite3.h', 'sqlite3ext.h']]
    paths.append(os.path.join(HERE, 'wasm', 'init.c'))
    where_changed(work, paths, lambda: compile_wasm(work, out, paths))
    for name in ['sqlite3-assoc.mjs', 'sqlite3-assoc.wasm']:
        shutil.copyfile(os.path.join(work, name), os.path.join(target, name))
    source = os.path.join(HERE, 'wasm')
    for name in ['sqlite-assoc.mjs', 'sqlite-assoc.d.mts', 'opfs.mjs']:
        shutil.copyfile(os.path.join(source, name), os.path.join(target, name))
    package = about('sqlite-assoc-wasm',
                    'SQLite with associations inside, as WebAssembly')
    package.update(json.load(open(os.path.join(source, 'package.json'))))
    entries = [(name, open(os.path.join(target, name), 'rb').read(), False)
               for name in sorted(os.listdir(target))]
    entries.append(('README.md', read(source, 'README.md'), False))
    write_npm(target, package, entries)
    page(target, work)


def zipped(folder, name):
    """How many bytes NAME.mjs and NAME.wasm are, as they are sent."""
    both = b''.join(open(os.path.join(folder, name + suffix), 'rb').read()
                    for suffix in ['.mjs', '.wasm'])
    return len(gzip.compress(both, 9, mtime=0))


def page(wasm, work):
    """WASM/page: a folder to serve, in which a visitor tries shapes."""
    target = folder(wasm, 'page')
    source = os.path.join(HERE, 'wasm', 'page')
    for name in sorted(os.listdir(wasm)):
        if name.endswith(('.mjs', '.wasm')):
            shutil.copyfile(os.path.join(wasm, name),
                            os.path.join(target, name))
    shutil.copyfile(
        os.path.join(HERE, 'python', 'sqlite_assoc', 'diagram.js'),
        os.path.join(target, 'diagram.js'))
    all_of_it = zipped(work, 'sqlite3-assoc')
    more = all_of_it - zipped(work, 'alone')
    for name in sorted(os.listdir(source)):
        text = read(source, name).decode()
        text = text.replace('@SIZE@', str(round(all_of_it / 1000)))
        text = text.replace('@MORE@', str(round(more / 1000)))
        with open(os.path.join(target, name), 'w', newline='\n') as file:
            file.write(text)


# ------------------------------------------------------------------ debian

def debian(out):
    """The Debian package of this machine, from a source tree of its own."""
    target = folder(out, 'debian')
    top = folder(out, 'debian-build', 'assoc-' + VERSION)
    for name in ['Makefile', 'README.md', 'LICENSE']:
        shutil.copyfile(os.path.join(TOP, name), os.path.join(top, name))
    for name in ['ext', 'tool']:
        shutil.copytree(os.path.join(TOP, name), os.path.join(top, name),
                        ignore=shutil.ignore_patterns('__pycache__',
                                                      'node_modules'))
    shutil.move(os.path.join(top, 'tool', 'packages', 'debian'), top)
    environment = dict(os.environ, SOURCE_DATE_EPOCH=str(DATE), LC_ALL='C',
                       DEB_BUILD_OPTIONS='noautodbgsym terse')
    for name in ['CC', 'CFLAGS', 'CPPFLAGS', 'LDFLAGS', 'MAKEFLAGS', 'MFLAGS',
                 'MAKELEVEL']:
        environment.pop(name, None)
    log = os.path.join(out, 'debian-build', 'log')
    with open(log, 'wb') as file:
        done = subprocess.run(['dpkg-buildpackage', '-b', '-us', '-uc'],
                              cwd=top, env=environment, stdout=file,
                              stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(open(log).read() + '\nthe Debian package does not build')
    for name in os.listdir(os.path.dirname(top)):
        if name.endswith('.deb'):  # Other files tell of this machine
            shutil.copyfile(os.path.join(os.path.dirname(top), name),
                            os.path.join(target, name))


PARTS = {'npm': npm, 'python': python, 'release': release, 'wasm': wasm,
         'debian': debian}

if __name__ == '__main__':
    OUT = os.path.abspath(sys.argv[1])
    sources(OUT)
    for part in sys.argv[2:] or PARTS:
        print('  PACK   ' + part, flush=True)
        PARTS[part](OUT)
