// A node of an engine as a process: started, waited for, killed.
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

// Ask ten times a second, for so many seconds, until the answer is true.
// An error is no answer yet. Returns the answer.
export async function until(seconds, ask) {
  for (let i = 0; i < 10 * seconds; i++) {
    try {
      const answer = await ask()
      if (answer) return answer
    } catch { /* Not yet */ }
    await sleep(100)
  }
  throw new Error(`nothing within ${seconds} s`)
}

export class Server {
  child = null

  // Run the command; `answers` says whether the server can be asked.
  async launch([program, ...args], answers, env = process.env) {
    this.child = spawn(program, args, { stdio: 'ignore', env })
    await until(15, answers)
  }

  async kill() {
    if (this.child === null) return
    const ended = new Promise(resolve => this.child.once('exit', resolve))
    this.child.kill('SIGKILL')
    await ended
    this.child = null
  }
}
