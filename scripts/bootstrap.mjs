// Makes a fresh clone ready: packages installed, code built. Plain Node, because it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installStamp = join(root, 'node_modules', '.hearken-lock');
const buildStamp = join(root, 'dist', '.hearken-build');
const lockFolder = join(root, '.bootstrap-lock');

/**
 * Installs packages when package-lock.json changed and builds when a source is newer than the build.
 * @param {{ quiet?: boolean }} [options] quiet: progress goes to stderr, so that JSON on stdout stays clean
 */
export async function ensureReady(options = {}) {
  checkNode();
  if (!needsInstall() && !needsBuild()) return;
  await withLock(() => {
    const say = (text) => (options.quiet ? process.stderr : process.stdout).write(`${text}\n`);
    if (needsInstall()) {
      say('Installing packages …');
      run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci');
      writeFileSync(installStamp, lockHash());
    }
    if (needsBuild()) {
      say('Building …');
      build();
    }
  });
}

/** Type-checks and compiles service and bridge, bundles what runs in browsers; incremental. */
export function build() {
  run(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'tsconfig.build.json'],
    'the TypeScript build',
  );
  if (webIsOlder()) buildWeb();
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(buildStamp, new Date().toISOString());
}

/** What runs in browsers: about a second. */
function buildWeb() {
  for (const part of ['widget', 'console']) {
    run(
      process.execPath,
      [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--config', `web/${part}/vite.config.ts`],
      `the build of the ${part}`,
    );
  }
}

const webOutputs = ['web/dist/widget/hearken-call.js', 'web/dist/console/index.html'].map((path) => join(root, path));

function webIsOlder() {
  if (!webOutputs.every((path) => existsSync(path))) return true;
  const builtMs = Math.min(...webOutputs.map((path) => statSync(path).mtimeMs));
  return ['web/shared', 'web/widget', 'web/console', 'src/dsp/resample.ts'].some(
    (path) => newestMs(join(root, path)) > builtMs,
  );
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  process.stderr.write(
    `Hearken needs Node 20.19 or newer; this is ${process.versions.node}. See https://nodejs.org.\n`,
  );
  process.exit(1);
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function needsInstall() {
  if (!existsSync(join(root, 'node_modules', 'typescript'))) return true;
  return !existsSync(installStamp) || readFileSync(installStamp, 'utf8') !== lockHash();
}

function needsBuild() {
  if (!existsSync(buildStamp) || !existsSync(join(root, 'sip-bridge/dist/index.js')) || webIsOlder()) return true;
  const builtMs = statSync(buildStamp).mtimeMs;
  return ['src', 'sip-bridge/src', 'tsconfig.base.json', 'tsconfig.build.json'].some(
    (path) => newestMs(join(root, path)) > builtMs,
  );
}

function newestMs(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestMs(join(path, name))), stat.mtimeMs);
}

function run(command, args, what) {
  // What the tools print goes to stderr: stdout belongs to the command that was asked for.
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status === 0) return;
  process.stderr.write(
    `\n${what} failed${result.error ? `: ${result.error.message}` : ''}. The lines above say why.\n`,
  );
  rmSync(lockFolder, { recursive: true, force: true });
  process.exit(1);
}

/** Whether the process that took the lock is gone (interrupted, killed) without giving it back. */
function abandoned() {
  try {
    process.kill(Number(readFileSync(join(lockFolder, 'pid'), 'utf8')), 0);
    return false;
  } catch (error) {
    if (error.code === 'EPERM') return false;
    // No pid yet: its owner is between two system calls, unless that was a while ago.
    if (error.code === 'ENOENT')
      return Date.now() - (statSync(lockFolder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > 5000;
    return true;
  }
}

/** Two commands started at once must not install into the same folder: the second waits for the first. */
async function withLock(work) {
  const limitMs = 10 * 60_000;
  let told = false;
  for (const startedMs = Date.now(); ; ) {
    try {
      mkdirSync(lockFolder);
      writeFileSync(join(lockFolder, 'pid'), String(process.pid));
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (abandoned() || Date.now() - startedMs > limitMs) rmSync(lockFolder, { recursive: true, force: true });
      else {
        if (!told) process.stderr.write('Waiting for another Hearken command that is installing or building …\n');
        told = true;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }
  try {
    work();
  } finally {
    rmSync(lockFolder, { recursive: true, force: true });
  }
}
