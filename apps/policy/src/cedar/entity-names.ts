/** The entities of a type that a policy names, in its scope or its conditions. */
export function entitiesNamed(json: unknown, type: string): string[] {
  const found = new Set<string>();
  collect(json, type, found);
  return [...found];
}

function collect(json: unknown, type: string, found: Set<string>): void {
  if (json === null || typeof json !== 'object') return;
  const { type: itsType, id } = json as Record<string, unknown>;
  if (itsType === type && typeof id === 'string') found.add(id);
  for (const item of Object.values(json)) collect(item, type, found);
}
