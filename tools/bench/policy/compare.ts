/** The same questions to Cedar's own engine and to ours. */
import {
  type EntityJson,
  type PolicyJson,
  preparsePolicySet,
  policyToJson,
  policyToText,
  statefulIsAuthorized,
  type TypeAndId,
} from '@cedar-policy/cedar-wasm/nodejs';
import {
  type CedarPolicyCode,
  CedarPolicySet,
  type CedarRecord,
  type CedarRequest,
  compileCedarPolicy,
  Entities,
  EntityUid,
  evaluatePolicies,
  literalOf,
} from '@signalbox/policy-engine';
import { PolicyMaker, policySetOf } from './policies.ts';
import { Random } from './random.ts';
import { type Question, question } from './world.ts';

/** What an engine said: the decision, the policies that made it, those that could not be evaluated. */
export interface Answer {
  decision: string;
  reasons: string[];
  errors: string[];
}

export interface Difference {
  seed: number;
  question: Question;
  policies: Record<string, string>;
  cedar: Answer;
  ours: Answer;
}

export interface Comparison {
  requests: number;
  policies: number;
  allowed: number;
  withErrors: number;
  /** A policy that was made and that Cedar cannot write or read back. */
  unwritable: number;
  differences: Difference[];
}

const SET_ID = 'compared';
const DIFFERENCES_KEPT = 10;

const uidOf = ({ type, id }: TypeAndId): EntityUid => new EntityUid(type, id);
const recordOf = (json: object): CedarRecord => literalOf(json) as CedarRecord;

export function entitiesOf(entities: readonly EntityJson[]): Entities {
  return new Entities(
    entities.map(({ uid, parents, attrs, tags = {} }) => ({
      uid: uidOf(uid as TypeAndId),
      parents: (parents as TypeAndId[]).map(uidOf),
      attributes: recordOf(attrs),
      tags: recordOf(tags),
    })),
  );
}

export function requestOf({ principal, action, resource, context, entities }: Question): CedarRequest {
  return {
    principal: uidOf(principal),
    action: uidOf(action),
    resource: uidOf(resource),
    context: recordOf(context),
    entities: entitiesOf(entities),
  };
}

const idsOf = (policies: readonly CedarPolicyCode[]): string[] => policies.map(({ id }) => id).toSorted();

/** Our engine, by Cedar's own rules: a policy that cannot be evaluated is passed over. */
export function askOurs(policies: CedarPolicySet, request: CedarRequest): Answer {
  const { permits, forbids, errors } = evaluatePolicies(policies.slice(request), request);
  const decided = forbids.length > 0 ? forbids : permits;
  const decision = forbids.length === 0 && permits.length > 0 ? 'allow' : 'deny';
  return { decision, reasons: idsOf(decided), errors: idsOf(errors.map(({ policy }) => policy)) };
}

export function askCedar(preparsedPolicySetId: string, asked: Question): Answer {
  const answer = statefulIsAuthorized({ ...asked, preparsedPolicySetId, validateRequest: false });
  if (answer.type === 'failure') throw new Error(`cedar-wasm: ${JSON.stringify(answer.errors)}`);
  const { decision, diagnostics } = answer.response;
  return {
    decision,
    reasons: diagnostics.reason.toSorted(),
    errors: diagnostics.errors.map(({ policyId }) => policyId).toSorted(),
  };
}

export function preparse(id: string, policies: Record<string, PolicyJson | string>): void {
  const parsed = preparsePolicySet(id, policySetOf(policies));
  if (parsed.type === 'failure') throw new Error(`cedar-wasm: ${JSON.stringify(parsed.errors)}`);
}

/** By way of Cedar's text, so that what an author writes is what is compared. */
function written(policy: PolicyJson): { text: string; json: PolicyJson } | null {
  const text = policyToText(policy);
  const json = text.type === 'success' ? policyToJson(text.text) : null;
  return text.type === 'success' && json?.type === 'success' ? { text: text.text, json: json.json } : null;
}

/** Asks both engines the same `requests` questions, `perSet` of each set of policies. */
export function compare({
  seed,
  requests,
  perSet = 25,
}: {
  seed: number;
  requests: number;
  perSet?: number;
}): Comparison {
  const total: Comparison = { requests: 0, policies: 0, allowed: 0, withErrors: 0, unwritable: 0, differences: [] };
  for (let setSeed = seed; total.requests < requests; setSeed++) {
    const random = new Random(setSeed);
    const made = Object.entries(new PolicyMaker(random).set(8)).map(([id, policy]) => [id, written(policy)] as const);
    const policies = made.flatMap(([id, policy]) => (policy === null ? [] : [{ id, ...policy }]));
    total.unwritable += made.length - policies.length;
    total.policies += policies.length;
    const texts = Object.fromEntries(policies.map(({ id, text }) => [id, text]));
    preparse(SET_ID, texts);
    const ours = new CedarPolicySet(policies.map(({ id, json }) => compileCedarPolicy(id, json)));
    for (let index = 0; index < perSet && total.requests < requests; index++) {
      const asked = question(random);
      const [theirs, own] = [askCedar(SET_ID, asked), askOurs(ours, requestOf(asked))];
      total.requests += 1;
      if (theirs.decision === 'allow') total.allowed += 1;
      if (theirs.errors.length > 0) total.withErrors += 1;
      if (JSON.stringify(theirs) === JSON.stringify(own)) continue;
      if (total.differences.length < DIFFERENCES_KEPT)
        total.differences.push({ seed: setSeed, question: asked, policies: texts, cedar: theirs, ours: own });
    }
  }
  return total;
}
