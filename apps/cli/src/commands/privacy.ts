import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readArguments } from '../arguments.js';
import { type Access, openAccess } from '../mesh-access.js';
import { askPolicy, changePolicy } from '../policy-api.js';
import { table, timeOf } from '../table.js';
import { UsageError } from '../usage-error.js';

const USAGE = `signalbox privacy classes                                 what is done with each class at each gate
signalbox privacy try [--gate ingress|model|tool] "text"  what would become of a text
signalbox privacy compare <draft.json> [--runs n]         a draft against what was said in the newest runs
signalbox privacy rules                                   the tenant's own rules and patterns
signalbox privacy rules put <id> --class C --action A [--gate g]… [--description text]
signalbox privacy rules rm <id>
signalbox privacy patterns put <id> --class X_C --pattern P [--word w]… [--checksum luhn|mod97] [--description text]
signalbox privacy patterns rm <id>
signalbox privacy keys                                    the tenant's key of the vault
signalbox privacy rotate                                  change it; goes on where it stopped
signalbox privacy erase <user>                            destroy what opens the data of a user`;

const OPTIONS = {
  runs: { type: 'string', default: '50' },
  gate: { type: 'string', multiple: true },
  class: { type: 'string' },
  action: { type: 'string' },
  pattern: { type: 'string' },
  word: { type: 'string', multiple: true },
  checksum: { type: 'string' },
  description: { type: 'string', default: '' },
} as const;

const InForce = z.object({ action: z.string(), rule: z.string().nullable() });
const Classes = z.object({
  ruleset: z.string(),
  items: z.array(z.object({ class: z.string(), actions: z.record(z.string(), InForce) })),
});
const Trial = z.object({
  ruleset: z.string(),
  refused: z.boolean(),
  spans: z.array(InForce.extend({ class: z.string(), start: z.number(), end: z.number(), recogniser: z.string() })),
  text: z.string(),
});
const Compared = z.object({
  runs: z.number(),
  texts: z.number(),
  cut: z.boolean(),
  classes: z.array(z.object({ class: z.string(), new: z.number(), gone: z.number(), changed: z.number() })),
  places: z.array(z.looseObject({ class: z.string() })),
});
const Vault = z.object({
  keyId: z.string().nullable(),
  keySince: z.number().nullable(),
  olderKeys: z.number(),
  left: z.number(),
  subjects: z.number(),
  erased: z.number(),
  values: z.number(),
  unkeyed: z.number(),
  destroyed: z.object({ keys: z.number(), values: z.number() }).optional(),
});
const page = <S extends z.ZodType>(definition: S) => z.object({ items: z.array(z.object({ definition })) });
const Rules = page(
  z.object({
    id: z.string(),
    class: z.string(),
    action: z.string(),
    gates: z.array(z.string()).optional(),
    description: z.string(),
  }),
);
const Patterns = page(
  z.object({
    id: z.string(),
    class: z.string(),
    pattern: z.string(),
    words: z.array(z.string()).optional(),
    checksum: z.string().optional(),
    description: z.string(),
  }),
);
type Given = ReturnType<typeof readArguments<typeof OPTIONS>>['values'];

/** `signalbox privacy …`. */
export async function privacy(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS);
  const [verb, word, ...more] = positionals;
  const access = openAccess(values);
  const print = (shown: unknown, text: string): number => {
    process.stdout.write(values.json ? `${JSON.stringify(shown)}\n` : `${text}\n`);
    return 0;
  };
  if (verb === 'classes' && !word) {
    const shown = await askPolicy(access, '/redaction/classes', Classes);
    return print(shown, classTable(shown));
  }
  if (verb === 'try' && word && more.length === 0) {
    const shown = await tried(access, word, values.gate?.[0]);
    return print(shown, trialText(shown));
  }
  if (verb === 'compare' && word && more.length === 0) {
    const shown = await compared(access, word, values.runs);
    return print(shown, comparedTable(shown));
  }
  if (verb === 'keys' && !word) {
    const shown = await askPolicy(access, '/vault', Vault);
    return print(shown, vaultTable(shown));
  }
  if (verb === 'rotate' && !word) return print(...(await rotated(access)));
  if (verb === 'erase' && word && more.length === 0) {
    const shown = await askPolicy(access, `/vault/subjects/${encodeURIComponent(word)}`, Vault, { method: 'DELETE' });
    const { keys, values: count } = shown.destroyed ?? { keys: 0, values: 0 };
    return print(shown, `${keys} keys of ${word} are destroyed; ${count} values cannot be read any more`);
  }
  if (verb === 'rules' && !word) return print(...(await ownRules(access)));
  if ((verb === 'rules' || verb === 'patterns') && more.length === 1)
    return print(...(await change(access, verb, word, more[0]!, values)));
  throw new UsageError(USAGE);
}

function tried(access: Access, text: string, gate = 'ingress'): Promise<z.infer<typeof Trial>> {
  return askPolicy(access, '/redaction/try', Trial, { method: 'POST', body: { text, gate } });
}

function compared(access: Access, file: string, runs: string): Promise<z.infer<typeof Compared>> {
  let draft: unknown;
  try {
    draft = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const body = { ...(draft as object), runs: Number(runs) };
  return askPolicy(access, '/redaction/compare', Compared, { method: 'POST', body });
}

function comparedTable({ classes, runs, texts, cut }: z.infer<typeof Compared>): string {
  const rows = classes.map((one) => [one.class, one.new, one.gone, one.changed]);
  const read = `${texts} texts of ${runs} runs${cut ? ', cut at the bound of a sample' : ''}`;
  return `${table(['class', 'new', 'gone', 'changed'], rows)}\n\n${read}`;
}

function classTable({ ruleset, items }: z.infer<typeof Classes>): string {
  const gates = Object.keys(items[0]?.actions ?? {});
  const told = ({ action, rule }: z.infer<typeof InForce>): string => (rule === null ? action : `${action} (${rule})`);
  const rows = items.map((item) => [item.class, ...gates.map((gate) => told(item.actions[gate]!))]);
  return `${table(['class', ...gates], rows)}\n\nruleset ${ruleset}; in brackets the tenant's rule`;
}

function trialText({ spans, text, refused, ruleset }: z.infer<typeof Trial>): string {
  const rows = spans.map((span) => [
    span.class,
    `${span.start + 1}–${span.end}`,
    span.recogniser,
    span.action,
    span.rule ?? 'default',
  ]);
  const end = refused ? 'The gate would refuse it.' : text;
  return `${table(['class', 'characters', 'recogniser', 'action', 'rule'], rows)}\n\n${end}\n(${ruleset})`;
}

function vaultTable(state: z.infer<typeof Vault>): string {
  return table(
    ['vault', ''],
    [
      ['key of the tenant', state.keyId ?? 'none yet'],
      ['since (UTC)', state.keySince === null ? '–' : timeOf(state.keySince)],
      ['older keys still needed', String(state.olderKeys)],
      ['users under an older key', String(state.left)],
      ['users with a key', String(state.subjects)],
      ['keys destroyed', String(state.erased)],
      ['values', String(state.values)],
      ['values not yet under a key of a user', String(state.unkeyed)],
    ],
  );
}

/** Asks for one part after the other; stopped in the middle, the next call goes on. */
async function rotated(access: Access): Promise<[unknown, string]> {
  let state = await askPolicy(access, '/vault/rotation', Vault, { method: 'POST', body: { begin: true } });
  while (state.olderKeys > 0) {
    process.stderr.write(`\r${state.left} of ${state.subjects} users left under the older key `);
    state = await askPolicy(access, '/vault/rotation', Vault, { method: 'POST', body: { begin: false } });
  }
  process.stderr.write('\r');
  return [state, `the key of ${access.tenant} is ${state.keyId ?? 'none'}; nothing is left under an older one`];
}

async function ownRules(access: Access): Promise<[unknown, string]> {
  const rules = (await askPolicy(access, '/redactions?limit=200', Rules)).items.map(({ definition }) => definition);
  const patterns = (await askPolicy(access, '/patterns?limit=200', Patterns)).items.map(({ definition }) => definition);
  const ruleRows = rules.map((rule) => [
    rule.id,
    rule.class,
    rule.action,
    rule.gates?.join(', ') ?? 'all',
    rule.description,
  ]);
  const patternRows = patterns.map((one) => [
    one.id,
    one.class,
    one.pattern,
    one.words?.join(', ') ?? '',
    one.checksum ?? '',
    one.description,
  ]);
  const text = `${table(['rule', 'class', 'action', 'gates', 'description'], ruleRows)}\n\n${table(['pattern', 'class', 'finds', 'words', 'checksum', 'description'], patternRows)}`;
  return [{ rules, patterns }, text];
}

async function change(
  access: Access,
  kind: 'rules' | 'patterns',
  verb: string | undefined,
  id: string,
  given: Given,
): Promise<[unknown, string]> {
  const path = `/${kind === 'rules' ? 'redactions' : 'patterns'}/${encodeURIComponent(id)}`;
  if (verb === 'rm') {
    await changePolicy(access, 'DELETE', path);
    return [{ removed: id }, `${id} removed`];
  }
  if (verb !== 'put' || given.class === undefined) throw new UsageError(USAGE);
  const { class: name, description } = given;
  const body =
    kind === 'rules'
      ? { id, class: name, action: given.action, ...(given.gate ? { gates: given.gate } : {}), description }
      : { id, class: name, pattern: given.pattern, words: given.word, checksum: given.checksum, description };
  await changePolicy(access, 'PUT', path, body);
  return [{ put: id }, `${id} is in force`];
}
