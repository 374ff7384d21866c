import { z } from 'zod';
import { readArguments } from '../arguments.js';
import { type Access, openAccess } from '../mesh-access.js';
import { askPolicy } from '../policy-api.js';
import { ScheduleList, ScheduleShown, Upcoming } from '../schedules-api.js';
import { table } from '../table.js';
import { UsageError } from '../usage-error.js';

const USAGE = `signalbox schedules list | show <id> | next <id> | enable <id> | disable <id> | rm <id>
signalbox schedules put <id> --agent a --key k (--cron "0 8 * * 1-5" [--zone Europe/Berlin] | --every 15m) "question"`;
const UNITS_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

type Shown = z.infer<typeof ScheduleShown>;

/** `signalbox schedules …`: standing orders to start runs. */
export async function schedules(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {
    agent: { type: 'string' },
    key: { type: 'string' },
    cron: { type: 'string' },
    zone: { type: 'string' },
    every: { type: 'string' },
    missed: { type: 'string' },
    overlap: { type: 'string' },
    session: { type: 'boolean' },
  });
  const [verb, id, ...words] = positionals;
  if (verb !== 'list' && !id) throw new UsageError(USAGE);
  const access = openAccess(values);
  const print = (shown: unknown, text: string): number => {
    process.stdout.write(values.json ? `${JSON.stringify(shown)}\n` : `${text}\n`);
    return 0;
  };
  const path = `/schedules/${encodeURIComponent(id ?? '')}`;
  switch (verb) {
    case 'list': {
      const items = await all(access);
      return print(items, overview(items));
    }
    case 'show': {
      const shown = await askPolicy(access, path, ScheduleShown);
      return print(shown, JSON.stringify(shown, null, 2));
    }
    case 'next': {
      const { items } = await askPolicy(access, `${path}/upcoming`, Upcoming);
      return print(items, items.join('\n'));
    }
    case 'enable':
    case 'disable': {
      const shown = await askPolicy(access, `${path}/${verb}`, ScheduleShown, { method: 'POST' });
      return print(shown, overview([shown]));
    }
    case 'rm':
      await askPolicy(access, path, z.null(), { method: 'DELETE', headers: { 'if-match': '*' } });
      return print({ removed: id }, `${id} removed`);
    case 'put': {
      const shown = await put(access, path, { id: id ?? '', ...orderOf(values, words.join(' ').trim()) });
      return print(shown, overview([shown]));
    }
    default:
      throw new UsageError(USAGE);
  }
}

interface Words {
  agent?: string | undefined;
  key?: string | undefined;
  cron?: string | undefined;
  zone?: string | undefined;
  every?: string | undefined;
  missed?: string | undefined;
  overlap?: string | undefined;
  session?: boolean | undefined;
}

function orderOf({ agent, key, cron, zone, every, missed, overlap, session }: Words, question: string): object {
  if (!agent || !key || (cron === undefined) === (every === undefined)) throw new UsageError(USAGE);
  const times = cron
    ? { kind: 'cron', cron, ...(zone ? { timeZone: zone } : {}) }
    : { kind: 'interval', everyMs: millisOf(every ?? ''), startAt: Date.now() };
  return {
    agent,
    keyId: key,
    times,
    ...(missed ? { missed } : {}),
    ...(overlap ? { overlap } : {}),
    ...(session ? { session } : {}),
    ...(question ? { input: [{ role: 'user', content: question }] } : {}),
  };
}

/** Replaces what is there as it was just read. */
async function put(access: Access, path: string, body: object): Promise<Shown> {
  const before = (await all(access)).find(({ id }) => path.endsWith(`/${encodeURIComponent(id)}`));
  const headers: Record<string, string> = before ? { 'if-match': `"${before.revision}"` } : {};
  return askPolicy(access, path, ScheduleShown, { method: 'PUT', body, headers });
}

async function all(access: Access): Promise<Shown[]> {
  const found: Shown[] = [];
  for (let next: string | null = ''; next !== null;) {
    const after: string = next === '' ? '' : `&after=${encodeURIComponent(next)}`;
    const page: z.infer<typeof ScheduleList> = await askPolicy(access, `/schedules?limit=200${after}`, ScheduleList);
    found.push(...page.items);
    next = page.next;
  }
  return found;
}

function overview(items: Shown[]): string {
  const rows = items.map(({ id, definition: { agent, times, enabled }, nextAt, last, started, missed }) => [
    id,
    agent,
    times.kind === 'cron' ? `${times.cron} (${times.timeZone})` : `every ${times.everyMs / 60_000} min`,
    enabled ? (nextAt ?? 'never again') : 'off',
    last ? `${last.outcome} ${last.runId ?? ''}`.trim() : '–',
    started,
    missed,
  ]);
  return table(['schedule', 'agent', 'when', 'next', 'last', 'started', 'missed'], rows);
}

/** `15m`, `2h`, `1d`. */
function millisOf(text: string): number {
  const [, count, unit] = /^(\d{1,4})([mhd])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit ?? ''];
  if (!count || unitMs === undefined) throw new UsageError('--every takes 15m, 2h or 1d');
  return Number(count) * unitMs;
}
