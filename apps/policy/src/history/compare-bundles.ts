import { BUNDLED_KINDS, type PolicyBundleV1 } from '@signalbox/contracts';
import { canonicalJson } from '@signalbox/kernel';
import { idOf } from '../definitions/definition-kinds.js';

/** One definition that two bundles have differently. */
export interface BundleChange {
  kind: string;
  id: string;
  op: 'create' | 'change' | 'delete';
  before: object | null;
  after: object | null;
}

const KINDS = [...BUNDLED_KINDS, 'keys', 'halts'] as const;

/** What was changed from one bundle to another: whole definitions, but for what is kept of secrets. */
export function compareBundles(before: PolicyBundleV1, after: PolicyBundleV1): BundleChange[] {
  const changes = KINDS.flatMap((kind) => {
    const [old, now] = [before, after].map(
      (bundle) => new Map((bundle[kind] ?? []).map((one) => [idOf(one), shown(one)])),
    ) as [Map<string, object>, Map<string, object>];
    return [...new Set([...old.keys(), ...now.keys()])].flatMap((id) =>
      changeOf(kind, id, old.get(id) ?? null, now.get(id) ?? null),
    );
  });
  return [...changes, ...changeOf('limits', 'tenant', before.limits ?? null, after.limits ?? null)];
}

function changeOf(kind: string, id: string, before: object | null, after: object | null): BundleChange[] {
  if (before === null && after === null) return [];
  if (before === null || after === null)
    return [{ kind, id, op: before === null ? 'create' : 'delete', before, after }];
  return canonicalJson(before) === canonicalJson(after) ? [] : [{ kind, id, op: 'change', before, after }];
}

/** What is made of a policy's text follows from it; a changed secret shows as its key's id alone. */
function shown(definition: object): object {
  const { json: _json, digest: _digest, ...rest } = definition as { json?: unknown; digest?: unknown };
  return rest;
}
