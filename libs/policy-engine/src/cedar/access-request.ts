import type { AccessAction } from './access-schema.js';
import { type CedarEntity, Entities } from './entities.js';
import type { CedarRequest } from './request.js';
import { CedarSet, type CedarValue, EntityUid, PlainRecord } from './value.js';

/** A user, and what they are in the tenant. */
export interface AccessUser {
  userId: string;
  roles: readonly string[];
}

/** Who wants to do what with what. */
export type AccessQuestion =
  | {
      action: 'start';
      user: AccessUser;
      agent: string;
      key: string;
      priority: string;
      regions?: readonly string[] | undefined;
    }
  | {
      action: 'infer';
      agent: string;
      model: { id: string; provider: string; regions?: readonly string[] | undefined };
      user: AccessUser;
    }
  | { action: 'recall' | 'remember'; agent: string; session: string; user: AccessUser };

const texts = (items: readonly string[]): CedarSet => new CedarSet(items);
const record = (attributes: Record<string, CedarValue>): PlainRecord =>
  new PlainRecord(new Map(Object.entries(attributes)));

export const actionUid = (action: AccessAction): EntityUid => new EntityUid('Action', action);

/** The question as policies see it. */
export function accessRequest(question: AccessQuestion): CedarRequest {
  const user = new EntityUid('User', question.user.userId);
  const parents = question.user.roles.map((role) => new EntityUid('Role', role));
  const known: CedarEntity[] = [{ uid: user, parents, attributes: record({}) }];
  const action = actionUid(question.action);
  if (question.action === 'start') {
    const { key, priority, regions } = question;
    const context = record({ key, priority, ...(regions === undefined ? {} : { regions: texts(regions) }) });
    const resource = new EntityUid('Agent', question.agent);
    return { principal: user, action, resource, context, entities: new Entities(known) };
  }
  const principal = new EntityUid('Agent', question.agent);
  const context = record({ user });
  if (question.action !== 'infer')
    return {
      principal,
      action,
      resource: new EntityUid('Session', question.session),
      context,
      entities: new Entities(known),
    };
  const { id, provider, regions = [] } = question.model;
  const resource = new EntityUid('Model', id);
  known.push({ uid: resource, parents: [], attributes: record({ provider, regions: texts(regions) }) });
  return { principal, action, resource, context, entities: new Entities(known) };
}
