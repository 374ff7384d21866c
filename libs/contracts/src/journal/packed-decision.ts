import { z } from 'zod';
import { Count } from '../units.js';
import { DecisionV1 } from './decision.v1.js';
import { RunEvent } from './run-event.js';

/** How a decision is written where the fields that repeat are taken out of its events. */
export const PACKED_DECISION = 'decision.packed.v1';

/** What says the same from call to call and from run to run, by type of event. */
const REPEATED: Partial<Record<string, readonly string[]>> = {
  'run.started': ['agent', 'model', 'tools', 'limits'],
  'run.handed-off': ['agent', 'model', 'tools', 'limits', 'decision'],
  'tool.requested': ['limits', 'decision'],
  'tool.inlined': ['decision'],
  'tool.refused': ['decision'],
};
/** Of JSON that is kept as read, of each schema: some 3 MB with its values. What was kept longest goes first. */
const KEPT_CHARS_MAX = 524_288;
/** A longer text is read each time. */
const TEXT_CHARS_MAX = 65_536;

type Fields = Record<string, unknown>;
interface Packed extends Omit<DecisionV1, 'events'> {
  /** JSON texts, each once; the repeated fields of the events hold their indices. */
  pieces: string[];
  events: Fields[];
}

/** Of manifests, which never change while a bundle is in force, and begin run after run. */
const manifestTexts = new WeakMap<object, string>();
function textOf(field: string, value: unknown): string {
  if ((field !== 'agent' && field !== 'model') || typeof value !== 'object' || value === null)
    return JSON.stringify(value);
  const known = manifestTexts.get(value);
  if (known !== undefined) return known;
  const text = JSON.stringify(value);
  manifestTexts.set(value, text);
  return text;
}

/** The decision as it is written: `DecisionV1` with `pieces`. The same decision gives the same text. */
export function packDecision({ events, ...decision }: DecisionV1): Packed {
  const indices = new Map<string, number>();
  const indexOf = (field: string, value: unknown): number => {
    const text = textOf(field, value);
    const index = indices.get(text) ?? indices.size;
    indices.set(text, index);
    return index;
  };
  const packed = events.map((event) => {
    const fields = REPEATED[event.type];
    if (fields === undefined) return event;
    const copy: Fields = { ...event };
    for (const field of fields) copy[field] = indexOf(field, copy[field]);
    return copy;
  });
  return { ...decision, pieces: [...indices.keys()], events: packed };
}

/** Values as one schema has them, frozen: whoever reads the same text shares one value. */
class Pieces {
  readonly #kept = new Map<string, unknown>();
  #chars = 0;

  constructor(private readonly schema: z.ZodType) {}

  read(text: string): unknown {
    const known = this.#kept.get(text);
    if (known !== undefined) return known;
    const value = frozen(this.schema.parse(JSON.parse(text)));
    if (text.length <= TEXT_CHARS_MAX) this.#keep(text, value);
    return value;
  }

  #keep(text: string, value: unknown): void {
    this.#kept.set(text, value);
    this.#chars += text.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#chars <= KEPT_CHARS_MAX) return;
      this.#kept.delete(oldest);
      this.#chars -= oldest.length;
    }
  }
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(frozen);
  return Object.freeze(value);
}

type Option = z.ZodObject<{ type: z.ZodLiteral<string> }>;
const options = RunEvent.options as unknown as readonly [Option, ...Option[]];
const fieldsOf = (option: Option): readonly string[] => REPEATED[option.shape.type.value] ?? [];
/** Verdicts, manifests and limits have one schema each, wherever they stand. */
const BY_SCHEMA = new Map<z.ZodType, Pieces>();
function piecesOf(schema: z.ZodType): Pieces {
  const pieces = BY_SCHEMA.get(schema) ?? new Pieces(schema);
  BY_SCHEMA.set(schema, pieces);
  return pieces;
}
const PIECES = new Map(
  options.map((option) => {
    const { shape } = option as z.ZodObject<Record<string, z.ZodType>>;
    return [option.shape.type.value, fieldsOf(option).map((field) => [field, piecesOf(shape[field]!)] as const)];
  }),
);
const [first, ...others] = options.map((option) =>
  option.extend(Object.fromEntries(fieldsOf(option).map((field) => [field, Count]))),
);
const PackedDecision = z.object({
  ...DecisionV1.shape,
  pieces: z.array(z.string()).max(1_024),
  events: z
    .array(z.discriminatedUnion('type', [first!, ...others]))
    .min(1)
    .max(256),
});

/** The decision that was packed, checked against its schema; throws where it is none. Its repeated fields are frozen. */
export function unpackDecision(written: unknown): DecisionV1 {
  const { pieces, ...decision } = PackedDecision.parse(written);
  for (const event of decision.events as (Fields & { type: string })[])
    for (const [field, kept] of PIECES.get(event.type)!) {
      const text = pieces[event[field] as number];
      if (text === undefined) throw new Error(`A ${event.type} names a piece that its decision does not have.`);
      event[field] = kept.read(text);
    }
  // Put together from what the schemas of the whole are made of.
  return decision as unknown as DecisionV1;
}
