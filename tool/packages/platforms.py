"""The platforms that packages are built for, one line each."""
from collections import namedtuple

# name     in the names of npm packages and release archives
# target   what zig compiles for; glibc 2.17 is that of manylinux2014
# library  the file's name
# npm      package.json's os, cpu and libc
# wheel    the platform tag of Python's wheel
# sqlpkg   the key in sqlpkg.json, or None
# runs     how its machine names itself: platform.system(), machine(), libc
Platform = namedtuple('Platform', 'name target library npm wheel sqlpkg runs')

PLATFORMS = [
    Platform('linux-x64', 'x86_64-linux-gnu.2.17', 'assoc.so',
             ('linux', 'x64', 'glibc'),
             'manylinux_2_17_x86_64.manylinux2014_x86_64', 'linux-amd64',
             ('Linux', 'x86_64', 'glibc')),
    Platform('linux-arm64', 'aarch64-linux-gnu.2.17', 'assoc.so',
             ('linux', 'arm64', 'glibc'),
             'manylinux_2_17_aarch64.manylinux2014_aarch64', 'linux-arm64',
             ('Linux', 'aarch64', 'glibc')),
    Platform('linux-x64-musl', 'x86_64-linux-musl', 'assoc.so',
             ('linux', 'x64', 'musl'), 'musllinux_1_1_x86_64', None,
             ('Linux', 'x86_64', 'musl')),
    Platform('linux-arm64-musl', 'aarch64-linux-musl', 'assoc.so',
             ('linux', 'arm64', 'musl'), 'musllinux_1_1_aarch64', None,
             ('Linux', 'aarch64', 'musl')),
    Platform('win32-x64', 'x86_64-windows-gnu', 'assoc.dll',
             ('win32', 'x64', None), 'win_amd64', 'windows-amd64',
             ('Windows', 'AMD64', None)),
    Platform('darwin-x64', 'x86_64-macos.11.0', 'assoc.dylib',
             ('darwin', 'x64', None), 'macosx_11_0_x86_64', 'darwin-amd64',
             ('Darwin', 'x86_64', None)),
    Platform('darwin-arm64', 'aarch64-macos.11.0', 'assoc.dylib',
             ('darwin', 'arm64', None), 'macosx_11_0_arm64', 'darwin-arm64',
             ('Darwin', 'arm64', None)),
]
