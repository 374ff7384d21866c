import type { CallLabels, ToolManifest } from '@signalbox/contracts';
import { type ArgumentType, argumentsOf } from '@signalbox/policy-engine';
import { entitiesNamed } from './entity-names.js';

/** A call as the tool would be called, and its arguments in Cedar's JSON notation. */
export interface SampleCall {
  agent: string;
  userId: string;
  labels: CallLabels;
  arguments: unknown;
  cedarArguments: unknown;
}

/** What a policy compares with: near these values it decides one way or the other. */
interface Words {
  texts: string[];
  longs: number[];
  decimals: number[];
}

const ITEMS_MAX = 3;
const PRESENT_SHARE = 0.75;

/** Calls of a tool that lie where a policy turns: with its own words, those next to them, and some optional arguments absent. */
export function sampleCalls(policy: object, tool: ToolManifest, count: number): SampleCall[] {
  const words: Words = { texts: ['', 'x'], longs: [0], decimals: [0, 1.5] };
  collect(policy, words);
  const type = argumentsOf(tool.parameters);
  const [agents, users] = ['Agent', 'User'].map((name) => [...entitiesNamed(policy, name), 'another']);
  return Array.from({ length: count }, (_, index) => {
    const pick = picker(index);
    const args = valueOf(type, words, pick);
    const readers = [...new Set([pick(words.texts), pick(['tenant', 'hr'])])].toSorted();
    const context = { integrity: pick(['trusted', 'untrusted'] as const), readers: pick([[], readers]), origins: [] };
    const labels = { context };
    return {
      agent: pick(agents!),
      userId: pick(users!),
      labels,
      arguments: args,
      cedarArguments: cedarJson(type, args),
    };
  });
}

function collect(json: unknown, words: Words): void {
  if (json === null || typeof json !== 'object') return;
  const { Value: value, pattern } = json as { Value?: unknown; pattern?: unknown };
  if (typeof value === 'string') words.texts.push(value);
  if (typeof value === 'number') words.longs.push(...[value - 1, value, value + 1].filter(Number.isSafeInteger));
  if (typeof value === 'string' && /^-?\d{1,9}\.\d{1,4}$/.test(value))
    words.decimals.push(Number(value), Number((Number(value) + 0.0001).toFixed(4)));
  if (Array.isArray(pattern)) {
    const parts = pattern as ('Wildcard' | { Literal: string })[];
    words.texts.push(parts.map((part) => (part === 'Wildcard' ? 'any' : part.Literal)).join(''));
  }
  for (const item of Object.values(json)) collect(item, words);
}

type Pick = <T>(items: readonly T[]) => T;

/** The same for the same seed, so that what was refused once is refused again. */
function picker(seed: number): Pick {
  let state = (seed + 1) * 2_654_435_761;
  return (items) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return items[Math.floor((state / 4_294_967_296) * items.length)]!;
  };
}

function valueOf(type: ArgumentType, words: Words, pick: Pick): unknown {
  switch (type.kind) {
    case 'String':
      return pick(words.texts);
    case 'Boolean':
      return pick([true, false]);
    case 'Long':
      return pick(words.longs);
    case 'decimal':
      return pick(words.decimals);
    case 'Set':
      return Array.from({ length: pick([0, 1, 2, ITEMS_MAX]) }, () => valueOf(type.element, words, pick));
    case 'Record': {
      const parts = Array.from({ length: 100 }, (_, index) => index / 100);
      const present = [...type.attributes].filter(([, one]) => one.isRequired || pick(parts) < PRESENT_SHARE);
      return Object.fromEntries(present.map(([name, one]) => [name, valueOf(one.type, words, pick)]));
    }
  }
}

function cedarJson(type: ArgumentType, value: unknown): unknown {
  switch (type.kind) {
    case 'decimal':
      return { __extn: { fn: 'decimal', arg: Number.isInteger(value) ? `${String(value)}.0` : String(value) } };
    case 'Set':
      return (value as unknown[]).map((item) => cedarJson(type.element, item));
    case 'Record':
      return Object.fromEntries(
        Object.entries(value as object).map(([name, item]) => [name, cedarJson(type.attributes.get(name)!.type, item)]),
      );
    default:
      return value;
  }
}
