import { z } from 'zod';
import { Count } from '../units.js';
import { DecisionV1 } from './decision.v1.js';
import { placed, placeShape, type PlanStepped, unplaced } from './planned-call.js';
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

/** What follows the texts of the pieces, and what stands before them. */
const END = ']}';
const BEFORE_PIECES = ',"pieces":[';
const SIZES = /^\{"sizes":\[([\d,]*)\],/;

type Fields = Record<string, unknown>;

/** While a bundle is in force its manifests begin run after run. What else is shared is frozen. */
const MANIFESTS: ReadonlySet<string> = new Set(['agent', 'model', 'tools']);
const sharedTexts = new WeakMap<object, string>();

function textOf(field: string, value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (!MANIFESTS.has(field) && !Object.isFrozen(value)) return JSON.stringify(value);
  const known = sharedTexts.get(value);
  if (known !== undefined) return known;
  const text = JSON.stringify(value);
  sharedTexts.set(value, text);
  return text;
}

/**
 * The JSON of a decision as it is written: `DecisionV1` with `pieces`, each once, whose indices stand in its events in
 * place of the repeated fields. First come the `sizes` of the pieces in characters, last the pieces, so that a reader can
 * cut out those that it knows without parsing them. The same decision gives the same text.
 */
export function packDecision({ events, ...decision }: DecisionV1): string {
  const indices = new Map<string, number>();
  const indexOf = (field: string, value: unknown): number => {
    const text = textOf(field, value);
    const index = indices.get(text) ?? indices.size;
    indices.set(text, index);
    return index;
  };
  let planned: PlanStepped | null = null;
  const packed = events.map((event) => {
    if (event.type === 'plan.stepped') planned = event;
    const fields = REPEATED[event.type];
    if (fields === undefined) return event;
    const copy = placed(event, planned);
    for (const field of fields) copy[field] = indexOf(field, copy[field]);
    return copy;
  });
  const pieces = [...indices.keys()];
  const fields = JSON.stringify({ ...decision, events: packed }).slice(1, -1);
  return `{"sizes":[${pieces.map(({ length }) => length).join()}],${fields}${BEFORE_PIECES}${pieces.join()}${END}`;
}

/** The JSON of a packed decision, with the texts of its pieces where they can be cut out; throws where it is none. */
export function parsePacked(text: string): unknown {
  const [head, sizes] = SIZES.exec(text) ?? [];
  if (head === undefined || sizes === undefined || !text.endsWith(END)) return JSON.parse(text);
  const lengths = sizes === '' ? [] : sizes.split(',').map(Number);
  let at = text.length - END.length - lengths.reduce((sum, length) => sum + length, Math.max(lengths.length - 1, 0));
  const fieldsEnd = at - BEFORE_PIECES.length;
  if (fieldsEnd < head.length || !text.startsWith(BEFORE_PIECES, fieldsEnd)) return JSON.parse(text);
  const pieces: string[] = [];
  for (const length of lengths) {
    pieces.push(text.slice(at, at + length));
    at += length + 1;
    if (pieces.length < lengths.length && text[at - 1] !== ',') return JSON.parse(text);
  }
  return { ...(JSON.parse(`{${text.slice(head.length, fieldsEnd)}}`) as Fields), pieces };
}

/** Values as one schema has them, frozen: whoever reads the same text shares one value. */
class Pieces {
  readonly #kept = new Map<string, unknown>();
  #chars = 0;

  constructor(private readonly schema: z.ZodType) {}

  read(text: string): unknown {
    const known = this.#kept.get(text);
    if (known !== undefined) return known;
    const parsed: unknown = JSON.parse(text);
    const value = frozen(this.schema.parse(parsed));
    // Not the text itself, which may be a part of a longer one and would keep all of it.
    if (text.length <= TEXT_CHARS_MAX) this.#keep(JSON.stringify(parsed), value);
    return value;
  }

  #keep(text: string, value: unknown): void {
    if (this.#kept.has(text)) return;
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
const [first, ...others] = options.map((option) => {
  const { shape } = option as z.ZodObject<Record<string, z.ZodType>>;
  return option.extend({
    ...Object.fromEntries(fieldsOf(option).map((field) => [field, Count])),
    ...placeShape(option.shape.type.value, shape),
  });
});
const PackedDecision = z.object({
  ...DecisionV1.shape,
  pieces: z.array(z.unknown()).max(1_024),
  events: z
    .array(z.discriminatedUnion('type', [first!, ...others]))
    .min(1)
    .max(256),
});

/** The decision that was packed, checked against its schema; throws where it is none. Its repeated fields are frozen. */
export function unpackDecision(written: unknown): DecisionV1 {
  const { pieces, ...decision } = PackedDecision.parse(written);
  let planned: PlanStepped | null = null;
  let named = 0;
  const events = (decision.events as (Fields & { type: string })[]).map((event) => {
    if (event.type === 'plan.stepped') planned = event as unknown as PlanStepped;
    const whole: Fields = unplaced(event, planned);
    for (const [field, kept] of PIECES.get(event.type)!) {
      const index = whole[field] as number;
      const piece = pieces[index];
      if (piece === undefined) throw new Error(`A ${event.type} names a piece that its decision does not have.`);
      if (index === named) named += 1;
      // A text that was cut out, or the value where all was parsed: a piece is never a string itself.
      whole[field] = kept.read(typeof piece === 'string' ? piece : JSON.stringify(piece));
    }
    return whole;
  });
  // They are numbered as they are named, so this is to have looked at all of them.
  if (named < pieces.length) throw new Error('A decision has pieces that none of its events names in turn.');
  // Put together from what the schemas of the whole are made of.
  return { ...decision, events } as unknown as DecisionV1;
}
