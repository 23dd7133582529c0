// `npm test`: installs what the tests need, runs all of them, and says by name what could not run and why.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, ensureReady, root } from './bootstrap.mjs';

/** Debian package → the program that tells whether it is there. Other phones and servers than our own, for the scenario tests. */
const PACKAGES = {
  baresip: 'baresip',
  kamailio: 'kamailio',
  'linphone-cli': 'linphonec',
  'sip-tester': 'sipp',
  'redis-server': 'redis-server',
  chromium: 'chromium',
};

await ensureReady();
build();
installPackages();

const folder = mkdtempSync(join(tmpdir(), 'hearken-test-'));
const reportFile = join(folder, 'report.json');
const vitest = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
);
const failed = summarise(reportFile);
rmSync(folder, { recursive: true, force: true });
process.exitCode = vitest.status === 0 && failed === 0 ? 0 : 1;

function installPackages() {
  const missing = Object.entries(PACKAGES).filter(([, program]) => !installed(program));
  if (missing.length === 0) return;
  const names = missing.map(([name]) => name);
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    console.log(
      `Not installed: ${names.join(', ')}. The suites that need them are skipped (they are installed by themselves as root on Debian or Ubuntu).`,
    );
    return;
  }
  console.log(`Installing ${names.join(', ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: 10 * 60_000 };
  spawnSync('apt-get', ['update', '-qq'], options);
  const install = (wanted) =>
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...wanted], options).status === 0;
  // One that this release does not have must not keep the others away.
  const refused = install(names) ? [] : names.filter((name) => !install([name]));
  if (refused.length > 0)
    console.log(`Can't be installed: ${refused.join(', ')}; the suites that need them are skipped.`);
  // The packages start system services of their own; the tests start what they need on ports of their own.
}

function installed(program) {
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  return (
    spawnSync('sh', ['-c', `command -v ${program}`], { env: { ...process.env, PATH: path }, stdio: 'ignore' })
      .status === 0
  );
}

/** Prints skipped suites by name and the closing line; returns how many tests failed. */
function summarise(file) {
  if (!existsSync(file)) {
    console.log('0 passed, 1 failed, 0 skipped');
    return 1;
  }
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const skipped = new Map();
  for (const suite of report.testResults) {
    for (const test of suite.assertionResults) {
      if (test.status !== 'skipped' && test.status !== 'pending') continue;
      const title = test.ancestorTitles.filter(Boolean)[0] ?? test.title;
      skipped.set(title, (skipped.get(title) ?? 0) + 1);
    }
  }
  if (skipped.size > 0) {
    console.log('\nSkipped:');
    for (const [title, count] of skipped) console.log(`  ${title}: ${count} test${count === 1 ? '' : 's'}`);
  }
  // A file that could not even be loaded has no tests to count, and is a failure all the same.
  const broken = report.testResults.filter(
    (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
  ).length;
  const failedTests = report.numFailedTests + broken;
  console.log(`\n${report.numPassedTests} passed, ${failedTests} failed, ${report.numPendingTests} skipped`);
  return failedTests;
}
