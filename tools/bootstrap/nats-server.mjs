import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { debianSystem, unpackDebianPackage } from './debian-package.mjs';
import { BootstrapError, run, tail } from './run.mjs';

const VERSION_MIN = [2, 9];
const CONNECT_TIMEOUT_MS = 5_000;
const DOWNLOAD_TIMEOUT_MS = 180_000;
const EXECUTABLE = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';

/** The official release, pinned by the checksum of each archive. A platform that is not listed is refused. */
const RELEASE = {
  version: '2.12.15',
  sha256: {
    'linux-amd64.tar.gz': '58ab8131f819263897e2fc38e503e1b755b63bcafeecc7d12582487df48ca15e',
    'linux-arm64.tar.gz': 'b724db99fefbf8f5c808baa82819ee50350aee9734017e4a478f7e545cef3ab6',
    'windows-amd64.zip': 'ed2f6d265abb6c6b151b077d1b6810d006f6e01453d864104de5ce4dc6ee6c27',
  },
};

/** Debian 13's server (2.10): preferred to an older one of the machine's own suite. */
const DEBIAN_SUITE = 'trixie';

/** The version that a binary reports, as `x.y.z`, or null when it does not run or is too old. */
export function natsServerVersion(path) {
  const version = /v(\d+)\.(\d+)\.(\d+)/.exec(run(path, ['-v'], { timeout: 10_000 }).output);
  if (!version) return null;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const enough = major > VERSION_MIN[0] || (major === VERSION_MIN[0] && minor >= VERSION_MIN[1]);
  return enough ? version[0].slice(1) : null;
}

/**
 * Finds nats-server ≥ 2.9: SIGNALBOX_NATS_SERVER, PATH (with the sbin folders that an ordinary user's PATH lacks),
 * `<cacheDir>/nats`. Returns `{ path, version, from }` or null; throws when the configured one is unusable.
 */
export function findNatsServer(cacheDir) {
  const configured = process.env.SIGNALBOX_NATS_SERVER;
  if (configured) {
    const version = natsServerVersion(configured);
    if (!version) {
      throw new BootstrapError(
        `SIGNALBOX_NATS_SERVER=${configured} does not run, or is older than ${VERSION_MIN.join('.')}`,
        'Point it at a nats-server binary, or unset it.',
      );
    }
    return { path: configured, version, from: 'SIGNALBOX_NATS_SERVER' };
  }
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), '/usr/sbin', '/usr/local/sbin'];
  return (
    firstUsable(
      folders.map((folder) => join(folder, EXECUTABLE)),
      'PATH',
    ) ?? firstUsable(cached(cacheDir), 'cache')
  );
}

function firstUsable(paths, from) {
  for (const path of paths.filter((candidate) => existsSync(candidate))) {
    const version = natsServerVersion(path);
    if (version) return { path, version, from };
  }
  return null;
}

/** The one used last, so that a server fetched for tests changes nothing; then newest first. */
function cached(cacheDir) {
  const folder = join(cacheDir, 'nats');
  if (!existsSync(folder)) return [];
  const versions = readdirSync(folder).filter((name) => /^\d/.test(name));
  const order = new Intl.Collator('en', { numeric: true });
  const newestFirst = versions.sort((a, b) => order.compare(b, a)).map((name) => join(folder, name, EXECUTABLE));
  const last = usedLast(cacheDir);
  return newestFirst.includes(last) ? [last, ...newestFirst] : newestFirst;
}

function usedLast(cacheDir) {
  const file = join(cacheDir, 'machine.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).natsServer.path : null;
}

/** Finds nats-server or fetches it: the official release, then Debian's packages. Returns `{ path, version, from }`. */
export async function ensureNatsServer(cacheDir, say) {
  const found = findNatsServer(cacheDir);
  if (found) return found;
  const attempts = [() => fetchRelease(cacheDir), ...debianAttempts(cacheDir)];
  const reasons = [];
  for (const attempt of attempts) {
    try {
      return await attempt();
    } catch (error) {
      reasons.push(error.message);
      say(`  not there: ${error.message}`);
    }
  }
  throw new BootstrapError(
    `no nats-server ≥ ${VERSION_MIN.join('.')} was found or could be fetched:\n  ${reasons.join('\n  ')}`,
    'Install nats-server (Debian and Ubuntu: apt-get install nats-server; macOS: brew install nats-server)\n' +
      'or set SIGNALBOX_NATS_SERVER to a binary, and run the command again.',
  );
}

function debianAttempts(cacheDir) {
  const system = debianSystem();
  if (!system) return [];
  const suites = system.id === 'debian' ? [DEBIAN_SUITE, system.codename] : [system.codename];
  return [...new Set(suites)].map((suite) => () => fetchFromDebian(cacheDir, suite));
}

/** Unpacks the nats-server package of a Debian suite into `<cacheDir>/nats/<version>/`. */
export function fetchFromDebian(cacheDir, suite) {
  const unpacked = join(cacheDir, 'nats', `.unpack-${process.pid}`);
  try {
    unpackDebianPackage({ name: 'nats-server', suite, into: unpacked, workDir: join(cacheDir, 'apt') });
    return keep(cacheDir, join(unpacked, 'usr', 'sbin', EXECUTABLE), `Debian ${suite}`);
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
}

async function fetchRelease(cacheDir) {
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch];
  const [os, ending] = process.platform === 'win32' ? ['windows', 'zip'] : [process.platform, 'tar.gz'];
  const checksum = RELEASE.sha256[`${os}-${arch}.${ending}`];
  if (!checksum) throw new Error(`no pinned release for ${os} on ${process.arch}`);
  const base = `nats-server-v${RELEASE.version}-${os}-${arch}`;
  const url = new URL(`https://github.com/nats-io/nats-server/releases/download/v${RELEASE.version}/${base}.${ending}`);
  const bytes = await download(url);
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== checksum) throw new Error(`the release archive has SHA-256 ${actual}, not the pinned ${checksum}`);
  const unpacked = join(cacheDir, 'nats', `.unpack-${process.pid}`);
  mkdirSync(unpacked, { recursive: true });
  try {
    writeFileSync(join(unpacked, `archive.${ending}`), bytes);
    const tar = run('tar', ['-xf', `archive.${ending}`], { cwd: unpacked });
    if (!tar.ok) throw new Error(`tar could not unpack the release: ${tail(tar.output, 3)}`);
    return keep(cacheDir, join(unpacked, base, EXECUTABLE), 'official release');
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
}

async function download(url) {
  // A name that does not resolve is a machine without this road: say so at once, without waiting for a timeout.
  await lookup(url.hostname).catch(() => {
    throw new Error(`${url.hostname} cannot be reached`);
  });
  const connecting = new AbortController();
  const timer = setTimeout(() => connecting.abort(), CONNECT_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: connecting.signal });
    clearTimeout(timer);
    if (!response.ok) throw new Error(`${url.hostname} answered ${response.status}`);
    const bodyTimer = setTimeout(() => connecting.abort(), DOWNLOAD_TIMEOUT_MS);
    return Buffer.from(await response.arrayBuffer().finally(() => clearTimeout(bodyTimer)));
  } catch (error) {
    throw new Error(`${url.hostname}: ${error.cause?.message ?? error.message}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function keep(cacheDir, binary, from) {
  const version = natsServerVersion(binary);
  if (!version) throw new Error(`the nats-server of ${from} does not run on this machine`);
  const path = join(cacheDir, 'nats', version, EXECUTABLE);
  mkdirSync(join(cacheDir, 'nats', version), { recursive: true });
  copyFileSync(binary, `${path}.new`);
  chmodSync(`${path}.new`, 0o755);
  renameSync(`${path}.new`, path);
  return { path, version, from };
}
