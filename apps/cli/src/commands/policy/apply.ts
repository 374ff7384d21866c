import { DEFINITION_KINDS, type DefinitionKind } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { z } from 'zod';
import { readArguments } from '../../arguments.js';
import { type Access, openAccess } from '../../mesh-access.js';
import { askPolicy } from '../../policy-api.js';
import { printer } from '../../print.js';
import { UsageError } from '../../usage-error.js';
import { DraftShown, Judgement, judgementText } from './drafts.js';
import { readFolder, type WantedDefinition, writeFolder } from './policy-folder.js';

const USAGE = `signalbox policy apply <folder> [--prune] [--dry-run]     make the mesh what the files say, as one change
signalbox policy drift <folder>                            2 when the mesh is not what the files say
signalbox policy export <folder> [--prune]                 write the files from the mesh`;
const PAGE = 200;
/** Of one request, characters of JSON; the API takes some more by default. */
const BATCH_CHARS_MAX = 150_000;

interface SentChange {
  kind: string;
  id: string;
  op: 'put' | 'delete';
  definition?: object;
}

/** `signalbox policy apply`. */
export async function apply(argv: string[]): Promise<number> {
  const { values, folder } = folderOf(argv, { 'dry-run': true });
  const access = openAccess(values);
  const print = printer(values.json);
  const wanted = readFolder(folder);
  const draft = await draftOf(access, `apply ${folder}`, wanted, values.prune);
  const isTrial = values['dry-run'] || draft.judgement.plan.length === 0 || !draft.judgement.valid;
  if (isTrial) {
    await discard(access, draft.id);
    return print(draft.judgement, judgementText(draft.judgement), draft.judgement.valid ? 0 : 1);
  }
  const shown = await publish(access, draft.id);
  const made = { ...draft.judgement, draft: draft.id, version: shown.publishedVersion };
  return print(made, `${judgementText(draft.judgement)}\nv${shown.publishedVersion} is in force`);
}

/** `signalbox policy drift`: whatever an apply with `--prune` would change is drift. */
export async function drift(argv: string[]): Promise<number> {
  const { values, folder } = folderOf(argv, {});
  const access = openAccess(values);
  const { id, judgement } = await draftOf(access, `drift of ${folder}`, readFolder(folder), true);
  await discard(access, id);
  const { plan } = judgement;
  const text = plan.length === 0 ? 'the mesh is what the files say' : judgementText(judgement);
  return printer(values.json)(judgement, text, plan.length === 0 ? 0 : 2);
}

/** `signalbox policy export`. */
export async function exportFolder(argv: string[]): Promise<number> {
  const { values, folder } = folderOf(argv, {});
  const access = openAccess(values);
  const found = (await Promise.all(DEFINITION_KINDS.map((kind) => all(access, kind)))).flat();
  const { definition } = await askPolicy(
    access,
    '/limits',
    z.object({ definition: z.record(z.string(), z.unknown()) }),
  );
  const files = writeFolder(folder, [...found, { kind: 'limits', id: 'tenant', definition }], values.prune);
  return printer(values.json)({ files }, `${files} files written to ${folder}`);
}

function folderOf(argv: string[], allowed: { 'dry-run'?: boolean }) {
  const { values, positionals } = readArguments(argv, {
    prune: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
  });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0 || (values['dry-run'] && !allowed['dry-run']))
    throw new UsageError(USAGE);
  return { values, folder };
}

/** A draft that holds what the files say; with `prune` what they do not speak of is to go. */
async function draftOf(
  access: Access,
  title: string,
  wanted: readonly WantedDefinition[],
  prune: boolean,
): Promise<{ id: string; judgement: Judgement }> {
  const gone = prune ? await unnamed(access, wanted) : [];
  const changes: SentChange[] = [...wanted.map((one) => ({ ...one, op: 'put' as const })), ...gone];
  const { id } = await askPolicy(access, '/drafts', DraftShown, {
    method: 'POST',
    body: { title: title.slice(0, 200) },
  });
  try {
    for (const batch of batchesOf(changes))
      await askPolicy(access, `/drafts/${id}/changes`, DraftShown, { method: 'PUT', body: { changes: batch } });
    return { id, judgement: await askPolicy(access, `/drafts/${id}/validate`, Judgement, { method: 'POST' }) };
  } catch (error) {
    await discard(access, id);
    throw error;
  }
}

/** Definitions of the mesh that the files do not speak of. */
async function unnamed(access: Access, wanted: readonly WantedDefinition[]): Promise<SentChange[]> {
  const named = new Set(wanted.map(({ kind, id }) => `${kind}/${id}`));
  const found = (await Promise.all(DEFINITION_KINDS.map((kind) => all(access, kind)))).flat();
  const gone = found
    .filter(({ kind, id }) => !named.has(`${kind}/${id}`))
    .map(({ kind, id }) => ({ kind, id, op: 'delete' as const }));
  return named.has('limits/tenant') ? gone : [...gone, { kind: 'limits', id: 'tenant', op: 'put', definition: {} }];
}

const Page = z.object({
  items: z.array(z.object({ id: z.string(), definition: z.record(z.string(), z.unknown()) })),
  next: z.string().nullable(),
});

async function all(access: Access, kind: DefinitionKind): Promise<WantedDefinition[]> {
  const found: WantedDefinition[] = [];
  for (let next: string | null = ''; next !== null;) {
    const after: string = next === '' ? '' : `&after=${encodeURIComponent(next)}`;
    const page: z.infer<typeof Page> = await askPolicy(access, `/${kind}?limit=${PAGE}${after}`, Page);
    found.push(...page.items.map(({ id, definition }) => ({ kind, id, definition })));
    next = page.next;
  }
  return found;
}

function batchesOf(changes: readonly SentChange[]): SentChange[][] {
  const batches: SentChange[][] = [];
  let room = 0;
  for (const change of changes) {
    const chars = JSON.stringify(change).length;
    if (chars > room || batches.length === 0) {
      batches.push([]);
      room = BATCH_CHARS_MAX;
    }
    batches.at(-1)!.push(change);
    room -= chars;
  }
  return batches;
}

async function publish(access: Access, id: string): Promise<z.infer<typeof DraftShown>> {
  try {
    return await askPolicy(access, `/drafts/${id}/publish`, DraftShown, { method: 'POST', body: {} });
  } catch (error) {
    if (error instanceof MeshError && error.code === 'REVIEW_REQUIRED') {
      const hint = `it waits as draft ${id}: signalbox policy draft approve ${id}, then publish ${id}`;
      throw new MeshError('REVIEW_REQUIRED', `${error.message} Until then ${hint}.`);
    }
    await discard(access, id);
    throw error;
  }
}

const discard = (access: Access, id: string): Promise<null> =>
  askPolicy(access, `/drafts/${id}`, z.null(), { method: 'DELETE' });
