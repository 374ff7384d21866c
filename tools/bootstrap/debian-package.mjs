import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError, run, tail } from './run.mjs';

const UPDATE_TIMEOUT_MS = 120_000;
const DOWNLOAD_TIMEOUT_MS = 120_000;

/** `{ id, codename }` of the machine's distribution, or null where there is no apt. */
export function debianSystem() {
  if (!existsSync('/etc/os-release') || run('apt-get', ['--version']).missing) return null;
  const fields = Object.fromEntries(
    readFileSync('/etc/os-release', 'utf8')
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).replace(/^"|"$/g, '')]),
  );
  return fields.VERSION_CODENAME ? { id: fields.ID, codename: fields.VERSION_CODENAME } : null;
}

/** Every archive that the machine's own apt configuration names: `{ uri, suites, components, signedBy }`. */
export function configuredArchives(folder = '/etc/apt') {
  const files = [join(folder, 'sources.list'), ...listIn(join(folder, 'sources.list.d'))].filter((file) =>
    existsSync(file),
  );
  return files.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    if (file.endsWith('.sources')) return parseDeb822(text);
    return file.endsWith('.list') ? parseOneLine(text) : [];
  });
}

function listIn(folder) {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

function parseDeb822(text) {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name) => new RegExp(`^${name}:[ \\t]*(.+)$`, 'im').exec(stanza)?.[1].trim().split(/\s+/);
    const uris = field('URIs');
    if (!uris || !field('Types')?.includes('deb') || field('Enabled')?.[0] === 'no') return [];
    return [
      {
        uri: uris[0],
        suites: field('Suites') ?? [],
        components: field('Components') ?? [],
        signedBy: field('Signed-By')?.[0],
      },
    ];
  });
}

function parseOneLine(text) {
  return text.split('\n').flatMap((line) => {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line.trim());
    if (!match) return [];
    const signedBy = /signed-by=(\S+)/.exec(match[1] ?? '')?.[1];
    return [{ uri: match[2], suites: [match[3]], components: match[4].trim().split(/\s+/), signedBy }];
  });
}

/**
 * Downloads a package of a suite and unpacks it into `into`, with an apt state of its own: nothing of the
 * system changes, no root is needed, and stale lists or broken third-party sources of the machine do not matter.
 * apt checks the archive's signature. Throws BootstrapError with apt's own words.
 */
export function unpackDebianPackage({ name, suite, into, workDir }) {
  const system = debianSystem();
  if (!system) throw new BootstrapError('this machine has no apt', `Install ${name} yourself and put it on PATH.`);
  const archive = configuredArchives().find(
    ({ suites, uri }) => suites.includes(system.codename) && !uri.startsWith('cdrom:'),
  );
  if (!archive) {
    throw new BootstrapError(
      `apt's configuration names no archive for ${system.codename}`,
      `Install ${name} yourself.`,
    );
  }
  const state = join(workDir, `${suite}-${process.pid}`);
  try {
    const options = privateState(state, system, archive, suite);
    apt([...options, 'update'], UPDATE_TIMEOUT_MS, state);
    apt([...options, 'download', name], DOWNLOAD_TIMEOUT_MS, state);
    const file = readdirSync(state).find((entry) => entry.endsWith('.deb'));
    mkdirSync(into, { recursive: true });
    const unpacked = run('dpkg', ['-x', join(state, file), into]);
    if (!unpacked.ok)
      throw new BootstrapError(`dpkg could not unpack ${file}: ${tail(unpacked.output)}`, 'Is the disk full?');
    return { version: file.split('_')[1].replace(/%3a/gi, ':') };
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

function apt(args, timeoutMs, cwd) {
  const result = run('apt-get', args, { cwd, timeout: timeoutMs, env: { ...process.env, LC_ALL: 'C' } });
  if (!result.ok)
    throw new BootstrapError(
      `apt-get ${args.at(-1)} failed: ${tail(result.output, 4)}`,
      'Is the Debian archive reachable?',
    );
}

function privateState(state, system, archive, suite) {
  for (const folder of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(state, folder), { recursive: true });
  const keyring = archive.signedBy?.startsWith('/')
    ? archive.signedBy
    : `/usr/share/keyrings/${system.id}-archive-keyring.gpg`;
  writeFileSync(
    join(state, 'sources.list'),
    `deb [signed-by=${keyring}] ${archive.uri} ${suite} ${archive.components.join(' ')}\n`,
  );
  return [
    `Dir::State::Lists=${join(state, 'lists')}`,
    `Dir::Cache=${join(state, 'cache')}`,
    `Dir::Etc::SourceList=${join(state, 'sources.list')}`,
    'Dir::Etc::SourceParts=/dev/null',
    'Acquire::Languages=none',
    'Acquire::Retries=1',
    'Acquire::http::Timeout=15',
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
  ].flatMap((option) => ['-o', option]);
}
