import { bundleInvalid } from './bundle/open-bundle.js';

/** Things by their ids; BUNDLE_INVALID where one is there twice. */
export function unique<T>(what: string, items: readonly T[], idOf: (item: T) => string): ReadonlyMap<string, T> {
  const byId = new Map(items.map((item) => [idOf(item), item]));
  if (byId.size !== items.length) throw bundleInvalid('schema', `Two entries of the bundle share one ${what} id.`);
  return byId;
}
