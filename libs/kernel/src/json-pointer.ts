/** What a pointer that leads nowhere gives. */
export const ABSENT: unique symbol = Symbol('absent');

/** The reference tokens of a JSON pointer (RFC 6901), or null when it is not one. */
export function parsePointer(pointer: string): string[] | null {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return null;
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Whether it can be followed at all. */
export const isSoundPointer = (pointer: string): boolean => parsePointer(pointer) !== null;

/** The value there. Only own properties and array items count, so `__proto__` finds nothing that was not sent. */
export function valueAt(root: unknown, path: readonly string[]): unknown {
  let value: unknown = root;
  for (const token of path) {
    if (value === null || typeof value !== 'object') return ABSENT;
    if (Array.isArray(value) && !/^(0|[1-9][0-9]*)$/.test(token)) return ABSENT;
    if (!Object.hasOwn(value, token)) return ABSENT;
    value = (value as Record<string, unknown>)[token];
  }
  return value;
}

/** The pointer to what a name leads to below another. */
export function pointerBelow(pointer: string, name: string | number): string {
  const token = typeof name === 'number' ? String(name) : name.replaceAll('~', '~0').replaceAll('/', '~1');
  return `${pointer}/${token}`;
}

/** Whether a pointer leads there, or somewhere below. */
export const pointsWithin = (pointer: string, above: string): boolean =>
  pointer === above || pointer.startsWith(`${above}/`);

/** Every string, number and boolean in a JSON value, with its pointer; `max` + 1 at most, so that more is seen to be more. */
export function leavesOf(value: unknown, max: number): [pointer: string, leaf: string | number | boolean][] {
  const found: [string, string | number | boolean][] = [];
  const collect = (at: unknown, pointer: string): void => {
    if (found.length > max || at === null) return;
    if (Array.isArray(at)) at.forEach((item, index) => collect(item, pointerBelow(pointer, index)));
    else if (typeof at === 'object')
      for (const [name, item] of Object.entries(at)) collect(item, pointerBelow(pointer, name));
    else if (typeof at === 'string' || typeof at === 'number' || typeof at === 'boolean') found.push([pointer, at]);
  };
  collect(value, '');
  return found;
}
