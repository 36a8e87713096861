// Headless Chromium, and the programs whose pages it looks at.
//
// The browser is the system's, CHROMIUM says where it stands; playwright-core
// drives it, and is handed in by who has installed it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Starts a browser with one page, and closes both after use(page).
export async function browse({ chromium }, use, options) {
  const profile = mkdtempSync(join(tmpdir(), 'assoc-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
      '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
    ...options,
  });
  try {
    const page = context.pages()[0] ?? await context.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await use(page);
    if (errors.length) throw new Error(errors.join('\n'));
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

// Starts a server and waits until what it prints matches; use(match) follows.
export async function serve(command, args, options, started, use) {
  const server = spawn(command, args, options);
  let said = '';
  try {
    const match = await new Promise((resolve, reject) => {
      const hear = (data) => {
        said += data;
        const found = said.match(started);
        if (found) resolve(found);
      };
      server.stdout.on('data', hear);
      server.stderr.on('data', hear);
      server.on('error', reject);
      server.on('exit', () => reject(new Error('no server:\n' + said)));
    });
    return await use(match);
  } finally {
    server.kill();
  }
}
