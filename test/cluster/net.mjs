// A network of the test's own, so that a node can be cut off from the others:
// each node lives in a network namespace of its own, joined to the host by a
// bridge. That takes Linux, iproute2 and root. Where one is missing the nodes
// listen on loopback, and no node can be cut off.
import { spawnSync } from 'node:child_process'

const ip = (...args) => spawnSync('ip', args, { stdio: 'ignore' }).status === 0

export class Net {
  // `tag` keeps two engines' networks apart: a number from 1 to 200.
  constructor(nodes, tag) {
    this.id = `as${process.pid % 100000}`
    this.prefix = `10.213.${tag}`
    this.nodes = nodes
    this.separate = ip('link', 'add', this.id, 'type', 'bridge') && this.#join()
    if (!this.separate) this.remove()
  }

  #join() {
    const up = ip('addr', 'add', `${this.prefix}.254/24`, 'dev', this.id) &&
      ip('link', 'set', this.id, 'up')
    return up && Array.from({ length: this.nodes }, (_, i) => {
      const space = `${this.id}-${i}`
      return ip('netns', 'add', space) &&
        ip('link', 'add', space, 'type', 'veth', 'peer', 'name', 'eth0',
          'netns', space) &&
        ip('link', 'set', space, 'master', this.id, 'up') &&
        ip('-n', space, 'addr', 'add', `${this.address(i)}/24`, 'dev', 'eth0') &&
        ip('-n', space, 'link', 'set', 'eth0', 'up') &&
        ip('-n', space, 'link', 'set', 'lo', 'up')
    }).every(Boolean)
  }

  address(i) {
    return this.separate === false ? '127.0.0.1' : `${this.prefix}.${i + 1}`
  }

  // The words that start a program inside node i's namespace.
  inside(i, ...command) {
    return this.separate
      ? ['ip', 'netns', 'exec', `${this.id}-${i}`, ...command] : command
  }

  // Cut node i off from the other nodes; join it to them again. The host, where
  // the client is, still reaches it.
  cut(i) {
    return this.#others(i, 'add')
  }

  heal(i) {
    return this.#others(i, 'del')
  }

  // Both ways: data that only one side cannot answer would still arrive.
  #others(i, verb) {
    const route = (from, to) => ip('-n', `${this.id}-${from}`, 'route', verb,
      'blackhole', this.address(to))
    return Array.from({ length: this.nodes }, (_, j) => j === i ||
      (route(i, j) && route(j, i))).every(Boolean)
  }

  remove() {
    for (let i = 0; i < this.nodes; i++) ip('netns', 'del', `${this.id}-${i}`)
    ip('link', 'del', this.id)
  }
}
