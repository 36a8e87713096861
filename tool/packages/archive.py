"""Archives whose bytes depend on nothing but what is put in.

An entry is (name, content, executable); content is bytes. Order, times, owners
and modes are fixed, so that two builds give the same file.
"""
import gzip
import io
import tarfile
import time
import zipfile


def write_tar(path, entries, date):
    """A .tar.gz (or npm's .tgz). Every entry is of this date, in seconds."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode='w', format=tarfile.PAX_FORMAT) as tar:
        for name, content, executable in sorted(entries):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mtime = date
            info.mode = 0o755 if executable else 0o644
            tar.addfile(info, io.BytesIO(content))
    with open(path, 'wb') as file, gzip.GzipFile(
            filename='', mode='wb', compresslevel=9, fileobj=file,
            mtime=date) as zipped:
        zipped.write(raw.getvalue())


def write_zip(path, entries, date):
    """A .zip (or a wheel), its entries in the order given."""
    when = time.gmtime(max(date, 315532800))[:6]  # zip begins in 1980
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED,
                         compresslevel=9) as out:
        for name, content, executable in entries:
            info = zipfile.ZipInfo(name, when)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, on Windows too
            info.external_attr = (0o100755 if executable else 0o100644) << 16
            out.writestr(info, content)
