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
