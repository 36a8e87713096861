"""Builds the wheel and the sdist; what pip and `python -m build` call.

A wheel holds the package sqlite_assoc and the library beside it. The library
is compiled here, with the C compiler CC (cc), from the amalgamation in csrc/;
where ASSOC_LIBRARY names one that is compiled already, that one is taken, and
ASSOC_WHEEL_PLATFORM says what it runs on. Nothing but Python is needed, so that
a source distribution installs without a network.

The bytes depend on the sources and on SOURCE_DATE_EPOCH alone.
"""
import base64
import hashlib
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import archive  # noqa: E402

PACKAGE = 'sqlite_assoc'
PACKAGE_FILES = ('.py', '.pyi', 'py.typed', '.html', '.js')
LIBRARY = {'win32': 'assoc.dll', 'darwin': 'assoc.dylib'}.get(
    sys.platform, 'assoc.so')


def read(*names):
    with open(os.path.join(HERE, *names), 'rb') as file:
        return file.read()


def files(folder, *suffixes):
    """The names of a folder's files below HERE, in a fixed order."""
    found = []
    for top, folders, names in os.walk(os.path.join(HERE, folder)):
        folders[:] = [f for f in folders if f != '__pycache__']
        found += [os.path.relpath(os.path.join(top, name), HERE)
                  for name in names if name.endswith(suffixes)]
    return sorted(name.replace(os.sep, '/') for name in found)


def version():
    header = read('csrc', 'assoc.h').decode()
    return re.search(r'ASSOC_VERSION "(.*?)"', header).group(1)


def date():
    return int(os.environ.get('SOURCE_DATE_EPOCH') or 315532800)


# -------------------------------------------------------------- the metadata

def project():
    """What pyproject.toml says, of which only [project] is simple enough."""
    text = read('pyproject.toml').decode()
    body = text.split('[project]\n', 1)[1].split('\n[', 1)[0]
    return dict(re.findall(r'^([\w-]+) = "(.*)"$', body, re.M))


def entry_points():
    """The groups of [project.entry-points.GROUP], as entry_points.txt."""
    text = read('pyproject.toml').decode()
    groups = re.findall(
        r'^\[project\.entry-points\."?([\w.-]+)"?\]\n((?:.+\n)*)', text, re.M)
    return '\n'.join(
        '[%s]\n%s' % (group, body.replace('"', '')) for group, body in groups)


def metadata():
    about = project()
    head = [('Metadata-Version', '2.1'), ('Name', about['name']),
            ('Version', version()), ('Summary', about['description']),
            ('License', 'MIT'), ('Requires-Python', about['requires-python']),
            ('Description-Content-Type', 'text/markdown')]
    return '\n'.join('%s: %s' % line for line in head) + '\n\n' + \
        read('README.md').decode()


# --------------------------------------------------------------- the library

def compiled():
    """The library's name and bytes."""
    given = os.environ.get('ASSOC_LIBRARY')
    if given:
        with open(given, 'rb') as file:
            return os.path.basename(given), file.read()
    flags = ['-O2', '-DNDEBUG', '-std=c11', '-fvisibility=hidden']
    if sys.platform == 'darwin':
        flags += ['-fPIC', '-dynamiclib']
    elif sys.platform == 'win32':
        flags += ['-shared', '-s']
    else:
        flags += ['-fPIC', '-shared', '-s', '-Wl,-z,nodelete',
                  '-Wl,-Bsymbolic']
    compiler = shlex.split(os.environ.get('CC') or 'cc')
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, LIBRARY)
        subprocess.run(
            compiler + flags + shlex.split(os.environ.get('CFLAGS', '')) +
            ['-Icsrc', 'csrc/assoc.c', '-o', path], cwd=HERE, check=True)
        with open(path, 'rb') as file:
            return LIBRARY, file.read()


def platform_tag():
    given = os.environ.get('ASSOC_WHEEL_PLATFORM')
    return given or re.sub(r'[^A-Za-z0-9]', '_', sysconfig.get_platform())


# ------------------------------------------------------------- PEP 517's hooks

def get_requires_for_build_wheel(config_settings=None):
    return []


def get_requires_for_build_sdist(config_settings=None):
    return []


def record(entries, info):
    """RECORD: the name, hash and size of each file, and of itself nothing."""
    lines = ''
    for name, content, _ in entries:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
        lines += '%s,sha256=%s,%d\n' % (
            name, digest.rstrip(b'=').decode(), len(content))
    return lines + info + '/RECORD,,\n'


def build_wheel(wheel_directory, config_settings=None,
                metadata_directory=None):
    name = '%s-%s' % (PACKAGE, version())
    info = name + '.dist-info'
    tags = ['py3-none-' + tag for tag in platform_tag().split('.')]
    wheel = 'Wheel-Version: 1.0\nGenerator: sqlite-assoc\n' \
        'Root-Is-Purelib: false\n' + ''.join('Tag: %s\n' % t for t in tags)
    library, code = compiled()
    entries = [(file, read(file), False)
               for file in files(PACKAGE, *PACKAGE_FILES)]
    entries.append(('%s/%s' % (PACKAGE, library), code, True))
    entries += [(info + '/LICENSE', read('LICENSE'), False),
                (info + '/METADATA', metadata().encode(), False),
                (info + '/WHEEL', wheel.encode(), False)]
    if entry_points():
        entries.append((info + '/entry_points.txt', entry_points().encode(),
                        False))
    entries.append((info + '/RECORD', record(entries, info).encode(), False))
    file = '%s-py3-none-%s.whl' % (name, platform_tag())
    archive.write_zip(os.path.join(wheel_directory, file), entries, date())
    return file


def build_sdist(sdist_directory, config_settings=None):
    name = '%s-%s' % (PACKAGE, version())
    names = ['pyproject.toml', 'README.md', 'LICENSE', 'backend.py',
             'archive.py'] + files('csrc', '.c', '.h') + \
        files(PACKAGE, *PACKAGE_FILES)
    entries = [('%s/%s' % (name, file), read(file), False) for file in names]
    entries.append((name + '/PKG-INFO', metadata().encode(), False))
    archive.write_tar(os.path.join(sdist_directory, name + '.tar.gz'), entries,
                      date())
    return name + '.tar.gz'
