import { z } from 'zod';
import { Token } from './ids.js';

/** Reader classes of one label; with more it is only for who may read everything. */
export const READERS_MAX = 64;
/** Origins that a label names, the first in the order of their names. */
export const ORIGINS_MAX = 16;

/** In place of classes: more than a label names. */
const EVERYTHING = '*';

export const Integrity = z.enum(['trusted', 'untrusted']);
export type Integrity = z.infer<typeof Integrity>;

/** A circle of people, `tenant` or `hr`. */
export const ReaderClass = Token;

/** Who may read: those of these classes; `*`: everything. */
export const Clearance = z.union([z.literal(EVERYTHING), z.array(ReaderClass).max(READERS_MAX)]);
export type Clearance = z.infer<typeof Clearance>;

/** What is known of some data: whether others may have written it, and who may read it. */
export const Label = z.object({
  /** `untrusted`: people or systems outside may have written it, so it must not decide what an agent does. */
  integrity: Integrity,
  /** Only who belongs to all of these classes may read it; none: anybody may. Sorted. */
  readers: z.array(z.union([ReaderClass, z.literal(EVERYTHING)])).max(READERS_MAX),
  /** Where that comes from, for people: `call_1_0 fetch_page`, `session`. Sorted. */
  origins: z.array(z.string().max(160)).max(ORIGINS_MAX),
});
export type Label = z.infer<typeof Label>;

/** The least label: of words that the mesh or the caller stands for, and that anybody may read. */
export const TRUSTED: Label = { integrity: 'trusted', readers: [], origins: [] };

/** The class of what does not say who may read it: nobody outside the tenant. */
export const TENANT_READERS = 'tenant';

/** What carries no label where it should. */
export const unlabelled = (origin: string): Label => ({
  integrity: 'untrusted',
  readers: [TENANT_READERS],
  origins: [origin.slice(0, 160)],
});

/** The label of what was made of both. Associative, commutative, idempotent; `TRUSTED` adds nothing. */
export function joinLabels(a: Label, b: Label): Label {
  if (a === b || isLeast(b)) return a;
  if (isLeast(a)) return b;
  const integrity = a.integrity === 'untrusted' ? a.integrity : b.integrity;
  const readers = bounded(union(a.readers, b.readers));
  const origins = union(a.origins, b.origins).slice(0, ORIGINS_MAX);
  const isSame = integrity === a.integrity && readers === a.readers && origins.length === a.origins.length;
  return isSame && origins.every((origin, index) => origin === a.origins[index]) ? a : { integrity, readers, origins };
}

/** Of any number. */
export const joinAll = (labels: Iterable<Label>): Label => {
  let all = TRUSTED;
  for (const label of labels) all = joinLabels(all, label);
  return all;
};

/** Whether whoever has the clearance may read what is labelled so. */
export function mayRead(clearance: Clearance, { readers }: Pick<Label, 'readers'>): boolean {
  return clearance === EVERYTHING || readers.every((one) => clearance.includes(one));
}

const isLeast = ({ integrity, readers, origins }: Label): boolean =>
  integrity === 'trusted' && readers.length === 0 && origins.length === 0;

/** Of sorted lists; the first of them where the other adds nothing. */
function union(a: string[], b: string[]): string[] {
  if (a === b || b.every((one) => a.includes(one))) return a;
  return [...new Set([...a, ...b])].toSorted();
}

function bounded(readers: string[]): string[] {
  const isTop = readers.length > READERS_MAX || readers.includes(EVERYTHING);
  return isTop && readers.length !== 1 ? [EVERYTHING] : readers;
}

/** What a tool call is decided by, beside its arguments. */
export const CallLabels = z.object({
  /** Of all that led to the call: what the model had read, or the plan was given. */
  context: Label,
  /** Of arguments that carry another one, by JSON pointer. Absent: all carry that of the context. */
  arguments: z.record(z.string(), Label).optional(),
  /** JSON pointers of values that stand word for word in trusted input; told where the tool goes by that. */
  literal: z.array(z.string()).max(256).optional(),
  /** JSON pointers of texts in which every address, link and long number stands so. */
  plain: z.array(z.string()).max(256).optional(),
});
export type CallLabels = z.infer<typeof CallLabels>;

/** Of a call that only trusted words led to, which anybody may read. */
export const TRUSTED_CALL: CallLabels = { context: TRUSTED };
