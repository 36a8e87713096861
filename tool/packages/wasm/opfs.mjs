// A file system for Emscripten that keeps one database in the browser's OPFS.
//
// SQLite reads and writes synchronously, and OPFS opens asynchronously: so the
// files that SQLite can want, the database and its rollback journal, are opened
// before. Their handles are synchronous then (in workers only) and exclusive: a
// second open() of the same file fails until the first is closed. A journal
// that SQLite deletes is emptied. There is no shared memory, hence no WAL.

let mounts = 0

/** Open NAME, and mount it: the path that SQLite opens, and how to close. */
export async function mountOpfs (FS, name) {
  if (!/^[\w.-]+$/.test(name)) throw new TypeError(`no file name: ${name}`)
  const handles = await openHandles(name)
  const point = `/opfs${++mounts}`
  FS.mkdir(point)
  FS.mount(fileSystem(FS, handles), {}, point)
  return {
    path: `${point}/${name}`,
    close () {
      FS.unmount(point)
      FS.rmdir(point)
      for (const handle of handles.values()) handle.close()
    }
  }
}

async function openHandles (name) {
  if (!globalThis.FileSystemSyncAccessHandle) {
    throw new Error('OPFS is open to workers in browsers only')
  }
  const root = await navigator.storage.getDirectory()
  const handles = new Map()
  try {
    for (const file of [name, name + '-journal']) {
      const entry = await root.getFileHandle(file, { create: true })
      handles.set(file, await entry.createSyncAccessHandle())
    }
  } catch (error) {
    for (const handle of handles.values()) handle.close()
    if (error.name === 'NoModificationAllowedError') {
      throw new Error(`${name} is open already, here or in another tab`)
    }
    throw error
  }
  return handles
}

const DIRECTORY = 0o40777
const FILE = 0o100666
const ENOENT = 44
const EACCES = 2

function fileSystem (FS, handles) {
  const when = new Date(0)
  const attributes = (node, size) => ({
    dev: 1, ino: node.id, mode: node.mode, nlink: 1, uid: 0, gid: 0, rdev: 0,
    size, atime: when, mtime: when, ctime: when, blksize: 4096,
    blocks: Math.ceil(size / 4096)
  })

  function fileNode (parent, name, handle) {
    const node = FS.createNode(parent, name, FILE, 0)
    node.handle = handle
    node.node_ops = {
      getattr: () => attributes(node, handle.getSize()),
      setattr (_, change) {
        if (change.size !== undefined) handle.truncate(change.size)
      }
    }
    node.stream_ops = streams
    return node
  }

  const streams = {
    read: ({ node }, buffer, offset, length, at) =>
      node.handle.read(bytes(buffer, offset, length), { at }),
    write: ({ node }, buffer, offset, length, at) =>
      node.handle.write(bytes(buffer, offset, length), { at }),
    llseek (stream, offset, whence) {
      if (whence === 1) return stream.position + offset
      return whence === 2 ? stream.node.handle.getSize() + offset : offset
    },
    fsync: ({ node }) => {
      node.handle.flush()
      return 0
    }
  }

  const directory = {
    getattr: node => attributes(node, 4096),
    setattr () {},
    // The database is always there; an empty journal is none.
    lookup (parent, name) {
      const handle = handles.get(name)
      if (!handle || (name.endsWith('-journal') && handle.getSize() === 0)) {
        throw new FS.ErrnoError(ENOENT)
      }
      return fileNode(parent, name, handle)
    },
    mknod (parent, name) {
      const handle = handles.get(name)
      if (!handle) throw new FS.ErrnoError(EACCES)
      return fileNode(parent, name, handle)
    },
    unlink (parent, name) {
      const handle = handles.get(name)
      handle.truncate(0)
      handle.flush()
    },
    readdir: () => ['.', '..']
  }

  return {
    mount () {
      const root = FS.createNode(null, '/', DIRECTORY, 0)
      root.node_ops = directory
      root.stream_ops = {}
      return root
    }
  }
}

const bytes = (buffer, offset, length) =>
  new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length)
