import { MeshError } from '@signalbox/kernel';

/** Bounds of one JSON value; beyond them it is refused, never passed on unread. */
export interface JsonLimits {
  /** Levels of objects and arrays, those inside strings included; more is PAYLOAD_TOO_DEEP. */
  depthMax: number;
  /** Values and keys; more is PAYLOAD_TOO_LARGE. */
  nodesMax: number;
  /** UTF-16 characters of all strings and keys together; more is PAYLOAD_TOO_LARGE. */
  charsMax: number;
}

export const JSON_LIMITS: JsonLimits = { depthMax: 64, nodesMax: 500_000, charsMax: 8 * 1024 * 1024 };

/** What to make of the leaves. `path` is the name of the nearest key above, `depth` the levels above. */
export interface JsonVisitor {
  string(text: string, key: string, depth: number): string;
  key(text: string): string;
  number(value: number, key: string): number | string;
}

/** Copies a JSON value through a visitor, within limits. REQUEST_INVALID for what is not JSON. */
export class JsonWalk {
  private nodes = 0;
  private chars = 0;

  constructor(
    private readonly visitor: JsonVisitor,
    private readonly limits: JsonLimits,
  ) {}

  copy(value: unknown, key = '', depth = 0): unknown {
    this.count(typeof value === 'string' ? value.length : 0);
    if (typeof value === 'string') return this.visitor.string(value, key, depth);
    if (typeof value === 'number') return this.visitor.number(value, key);
    if (value === null || typeof value === 'boolean' || value === undefined) return value;
    if (typeof value !== 'object') throw new MeshError('REQUEST_INVALID', `A ${typeof value} is not a JSON value.`);
    if (depth >= this.limits.depthMax) {
      throw new MeshError('PAYLOAD_TOO_DEEP', `JSON is nested deeper than ${this.limits.depthMax} levels.`);
    }
    if (Array.isArray(value)) return value.map((item) => this.copy(item, key, depth + 1));
    return this.copyObject(value, depth + 1);
  }

  private copyObject(value: object, depth: number): unknown {
    const entries = new Map<string, unknown>();
    for (const [name, item] of Object.entries(value)) {
      if (item === undefined) continue;
      this.count(name.length);
      entries.set(unused(this.visitor.key(name), entries), this.copy(item, name, depth));
    }
    // Unlike assignment this makes even "__proto__" an ordinary key.
    return Object.fromEntries(entries);
  }

  private count(chars: number): void {
    this.nodes += 1;
    this.chars += chars;
    if (this.nodes > this.limits.nodesMax || this.chars > this.limits.charsMax) {
      const { nodesMax, charsMax } = this.limits;
      throw new MeshError('PAYLOAD_TOO_LARGE', `JSON holds more than ${nodesMax} values or ${charsMax} characters.`);
    }
  }
}

/** Two keys may become one: the later gets a number. */
function unused(key: string, taken: ReadonlyMap<string, unknown>): string {
  let name = key;
  for (let n = 2; taken.has(name); n += 1) name = `${key} (${n})`;
  return name;
}

/** The object or array that a string holds as JSON text; `undefined` if it holds none. */
export function parseContainer(text: string): object | undefined {
  const first = /^\s*([[{])/.exec(text)?.[1];
  if (first === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Applies a function to every string and key of a JSON value. */
export function mapJsonStrings(
  value: unknown,
  change: (text: string) => string,
  limits: JsonLimits = JSON_LIMITS,
): unknown {
  return new JsonWalk({ string: change, key: change, number: (n) => n }, limits).copy(value);
}
