import type { z } from 'zod';
import { readArguments } from '../arguments.js';
import { LetterList, LetterOutcomes, LetterShown, readAudit } from '../audit-api.js';
import { type Access, openAccess } from '../mesh-access.js';
import { table, timeOf } from '../table.js';
import { UsageError } from '../usage-error.js';

const USAGE = 'signalbox letters list | show <letter> | replay <letter>…|--all | discard <letter>…|--all';
/** Letters of one request, and of one command. */
const BATCH = 100;
const ALL_MAX = 1_000;
const REASON_CHARS = 80;
const ZONES = ['core', 'gate'];

type Letter = z.infer<typeof LetterList>['data'][number];

interface Filter {
  zone?: string | undefined;
  state?: string | undefined;
  stream?: string | undefined;
  code?: string | undefined;
}

/** `signalbox letters list|show|replay|discard`: messages that could not be handled. */
export async function letters(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {
    zone: { type: 'string' },
    state: { type: 'string' },
    stream: { type: 'string' },
    code: { type: 'string' },
    limit: { type: 'string', default: '50' },
    all: { type: 'boolean' },
    by: { type: 'string' },
  });
  const [verb, ...ids] = positionals;
  const json = values.json === true;
  if (verb === 'list') return list(openAccess(values), values, limitOf(values.limit), json);
  if (verb === 'show' && ids[0]) return show(openAccess(values), ids[0], json);
  if ((verb !== 'replay' && verb !== 'discard') || (values.all === true) === ids.length > 0)
    throw new UsageError(USAGE);
  const access = openAccess(values);
  const open = values.all ? await find(access, { ...values, state: 'open' }, ALL_MAX) : [];
  return act(access, { verb, ids: values.all ? open.map(({ id }) => id) : ids, by: values.by, json });
}

async function list(access: Access, filter: Filter, limit: number, json: boolean): Promise<number> {
  const found = await find(access, { ...filter, state: filter.state ?? 'open' }, limit);
  const rows = found.map((letter) => [
    letter.id,
    letter.state,
    `${letter.stream}/${letter.consumer}`,
    letter.code,
    letter.deliveries,
    timeOf(letter.at),
    letter.reason.slice(0, REASON_CHARS),
  ]);
  const text = table(['letter', 'state', 'queue', 'code', 'deliveries', 'since (UTC)', 'reason'], rows);
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : `${text}\n`);
  return 0;
}

async function show(access: Access, id: string, json: boolean): Promise<number> {
  const shown = await readAudit(access, `/letters/${encodeURIComponent(id)}`, LetterShown);
  if (json) {
    process.stdout.write(`${JSON.stringify(shown)}\n`);
    return 0;
  }
  const rows = Object.entries(shown.letter).map(([name, value]) => [name, String(value ?? '–')]);
  const view = shown.view == null ? '(cannot be shown)' : JSON.stringify(shown.view, null, 2);
  process.stdout.write(`${table(['letter', ''], rows)}\n\n${view}\n`);
  return 0;
}

interface Deed {
  verb: 'replay' | 'discard';
  ids: string[];
  by: string | undefined;
  json: boolean;
}

async function act(access: Access, { verb, ids, by, json }: Deed): Promise<number> {
  const done = verb === 'replay' ? 'replayed' : 'discarded';
  let failed = 0;
  for (let at = 0; at < ids.length; at += BATCH) {
    const body = { ids: ids.slice(at, at + BATCH), ...(by ? { by } : {}) };
    const { data } = await readAudit(access, `/letters/${verb}`, LetterOutcomes, body);
    for (const outcome of data) {
      const { id, error } = outcome;
      if (error) failed++;
      const line = json ? JSON.stringify(outcome) : `${id}  ${error ? `${error.code}: ${error.message}` : done}`;
      process.stdout.write(`${line}\n`);
    }
  }
  return failed === 0 ? 0 : 1;
}

/** Of both zones unless one is named, page by page. */
async function find(access: Access, { zone, ...filter }: Filter, limit: number): Promise<Letter[]> {
  const found: Letter[] = [];
  for (const one of zone ? [zone] : ZONES) {
    for (let next: string | null = '0'; next !== null && found.length < limit;) {
      const query = new URLSearchParams({ zone: one, after: next, limit: String(Math.min(200, limit - found.length)) });
      for (const name of ['state', 'stream', 'code'] as const) if (filter[name]) query.set(name, filter[name]);
      const page: z.infer<typeof LetterList> = await readAudit(access, `/letters?${query.toString()}`, LetterList);
      found.push(...page.data);
      next = page.next;
    }
  }
  return found;
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > ALL_MAX)
    throw new UsageError(`--limit must be a whole number from 1 to ${ALL_MAX}`);
  return limit;
}
