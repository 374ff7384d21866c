import type { HttpReply } from '../admin/http.js';
import { etagOf } from '../admin/http.js';
import type { Definitions, Kind, Stored } from '../storage/policy.repository.js';
import type { Changed } from './definitions.service.js';

/** A definition as the API shows it. */
export interface DefinitionView {
  id: string;
  revision: number;
  updatedAt: string;
  definition: object;
}

export function viewOf<K extends Kind>(kind: K, { id, revision, updatedAt, definition }: Stored<K>): DefinitionView {
  return {
    id,
    revision,
    updatedAt: updatedAt.toISOString(),
    definition: shownOf(kind, definition),
  };
}

export function pageOf<K extends Kind>(
  kind: K,
  items: Stored<K>[],
  limit: number,
): { items: DefinitionView[]; next: string | null } {
  // One more was asked for than is shown, to know whether there is a next page.
  const shown = items.slice(0, limit);
  return {
    items: shown.map((item) => viewOf(kind, item)),
    next: items.length > limit ? (shown.at(-1)?.id ?? null) : null,
  };
}

/** Says in headers what became of a change, and gives its view. */
export function answerChange<K extends Kind>(reply: HttpReply, kind: K, changed: Changed<K>): DefinitionView {
  if (changed.created) reply.code(201);
  reply.header('etag', etagOf(changed.stored.revision));
  answerBundle(reply, changed);
  return viewOf(kind, changed.stored);
}

export function answerBundle(
  reply: HttpReply,
  { version, delivered }: { version: number | null; delivered: boolean },
): void {
  if (version === null) return;
  reply.header('sb-bundle', String(version)).header('sb-bundle-delivered', String(delivered));
}

/** What is stored of a definition and not shown: the hash of a secret; what is made of the text. */
const HIDDEN: Partial<Record<Kind, string[]>> = { keys: ['digest', 'previous'], policies: ['json'] };

/** A definition without what is not for people's eyes. */
export function shownOf<K extends Kind>(kind: K, definition: Definitions[K]): object {
  const hidden = HIDDEN[kind];
  if (hidden === undefined) return definition;
  return Object.fromEntries(Object.entries(definition).filter(([name]) => !hidden.includes(name)));
}
