import { ENVIRONMENT_NAMES } from '../bubblewrap/arguments.js';

interface Attempt {
  did: boolean;
  value: unknown;
}

/** What `LOOK_AROUND` prints. It comes from the sandbox, so it is checked before it is believed. */
export interface InsideReport {
  environment: string[];
  initEnvironment: Attempt;
  status: Record<'noNewPrivs' | 'seccomp' | 'capEff' | 'capPrm' | 'capBnd', string>;
  namespaces: Record<string, string>;
  hostFile: Attempt;
  homes: string[];
  written: string[];
  tmpWritten: boolean;
  processes: number;
  killed: Attempt;
  nestedUser: number | null;
  tcp: string;
  abstract: string;
  outside: string;
  interfaces: string[];
}

/** One mechanism and what shows that it does not hold; empty when it holds. */
export interface Check {
  mechanism: string;
  broken: string[];
}

/** Processes of an idle sandbox: bwrap's init, the code, a short-lived helper of it. */
const PROCESSES_MAX = 4;

export function parseReport(text: string): InsideReport | null {
  try {
    return JSON.parse(text) as InsideReport;
  } catch {
    return null;
  }
}

/** @param hostNamespaces the probing process's own, by name. */
export function judge(report: InsideReport, hostNamespaces: Record<string, string>, victimLives: boolean): Check[] {
  const say = (holds: boolean, sentence: string): string[] => (holds ? [] : [sentence]);
  const foreign = (names: unknown): string[] =>
    Array.isArray(names) ? names.filter((name) => !ENVIRONMENT_NAMES.includes(String(name))) : [];
  const shared = Object.keys(hostNamespaces).filter((name) => report.namespaces[name] === hostNamespaces[name]);
  const noCapability = [report.status.capEff, report.status.capPrm].every((set) => /^0+$/.test(set));
  const environment = [...foreign(report.environment), ...foreign(report.initEnvironment.value)];
  const readable = report.homes.filter((path) => path !== '/etc');
  return [
    { mechanism: 'namespaces', broken: shared.map((name) => `the ${name} namespace is the host's`) },
    { mechanism: 'no-new-privileges', broken: say(report.status.noNewPrivs === '1', 'programs may gain privileges') },
    { mechanism: 'no-capabilities', broken: say(noCapability, 'the code holds capabilities') },
    { mechanism: 'seccomp-filter', broken: say(report.status.seccomp === '2', 'no system call filter is in force') },
    {
      mechanism: 'no-network',
      broken: [
        ...say(report.tcp !== 'connected', 'a port of the host was reached'),
        ...say(report.abstract !== 'connected', 'an abstract socket of the host was reached'),
        ...say(report.outside !== 'connected', 'an address outside was reached'),
        ...say(
          report.interfaces.every((name) => name === 'lo'),
          'there is a network interface beside the loopback',
        ),
      ],
    },
    { mechanism: 'empty-environment', broken: environment.map((name) => `the environment holds ${name.slice(0, 40)}`) },
    {
      mechanism: 'private-files',
      broken: [
        ...say(!report.hostFile.did, 'a file of the host was read'),
        ...readable.map((path) => `${path} of the host is visible`),
      ],
    },
    {
      mechanism: 'read-only-root',
      broken: [
        ...report.written.map((path) => `${path} can be written`),
        ...say(report.tmpWritten, '/tmp cannot be written, so writing was not tested'),
      ],
    },
    {
      mechanism: 'private-processes',
      broken: [
        ...say(report.processes <= PROCESSES_MAX, 'processes of the host are visible'),
        ...say(victimLives, 'a process of the host was killed'),
      ],
    },
    // Null where the machine has no program to try it with; then it is not claimed.
    ...(report.nestedUser === null
      ? []
      : [
          {
            mechanism: 'no-nested-namespaces',
            broken: say(report.nestedUser !== 0, 'a user namespace can be made inside'),
          },
        ]),
  ];
}
