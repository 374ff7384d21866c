import { Injectable } from '@nestjs/common';
import { CedarPolicy, type ToolManifest } from '@signalbox/contracts';
import { canonicalJson, MeshError } from '@signalbox/kernel';
import {
  accessActionsOf,
  cedarAccessSchema,
  type CedarPolicyCode,
  cedarSchemaOf,
  compileCedarPolicy,
  concernsTool,
  isAboutCalls,
  namesReveal,
  revealSchema,
} from '@signalbox/policy-engine';
import { strictInput } from '../definitions/strict-input.js';
import type { Definitions, Kind, TenantPolicy } from '../storage/policy.repository.js';
import { disagreement } from './agreement.js';
import { type CedarFault, CedarPort, type Validity } from './cedar.port.js';

/** What an author writes of a policy. */
export const NewCedarPolicy = CedarPolicy.omit({ json: true });

const FAULTS_SHOWN = 8;
const ANNOTATIONS = ['id', 'reason', 'approve', 'within', 'quorum', 'starter'];
/** Tools of different arguments for which a policy is compared with Cedar's own engine. */
const TOOLS_COMPARED = 8;

/** Cedar policies as they are written: read, typed against the tools they speak of, made ready for enforcement points. */
@Injectable()
export class CedarPoliciesService {
  constructor(private readonly cedar: CedarPort) {}

  /** The policy of a request's body. REQUEST_INVALID with what is wrong and where, before anything is looked up. */
  author(id: string, body: unknown): CedarPolicy {
    const written = strictInput(NewCedarPolicy, body);
    if (written.id !== id) throw invalid('id', `id: must be ${id}, as in the path`);
    const parsed = this.cedar.parse(written.text);
    if ('faults' in parsed) throw faulty(id, parsed.faults.map(textOf));
    const { json } = parsed;
    assertAnnotations(id, (json['annotations'] ?? {}) as Record<string, string>);
    const { unsupported } = compileCedarPolicy(id, json);
    if (unsupported !== null) throw faulty(id, [`cannot be enforced: ${unsupported}`]);
    assertShallow(id, json);
    return { ...written, json };
  }

  /**
   * Refuses a change after which a policy would not be well typed: the policy itself, or any that speaks of a changed tool.
   * REQUEST_INVALID names policy, tool and place.
   */
  assertValid<K extends Kind>(kind: K, definition: Definitions[K], { policies, tools }: TenantPolicy): void {
    if (kind === 'policies') return this.#assertTyped(definition as CedarPolicy, tools);
    if (kind !== 'tools') return;
    const tool = definition as ToolManifest;
    const concerned = policies.filter(({ id, json }) => {
      const code = compileCedarPolicy(id, json);
      return isAboutCalls(code) && concernsTool(code, tool.name);
    });
    this.#validate(concerned, tool);
  }

  /** The schema that policies about a tool are held against, in Cedar's notation. */
  schemaText(tool: ToolManifest): string {
    return this.cedar.schemaText(cedarSchemaOf(tool));
  }

  /** Tools whose arguments have the same types are one to policies. */
  #assertTyped(policy: CedarPolicy, tools: readonly ToolManifest[]): void {
    const code = compileCedarPolicy(policy.id, policy.json);
    if (namesReveal(code)) return this.#assertReveals(policy);
    if (accessActionsOf(code).length > 0) return this.#assertAccess(policy, code);
    const concerned = tools.filter(({ name }) => concernsTool(code, name));
    const distinct = new Map(concerned.map((tool) => [JSON.stringify(cedarSchemaOf(tool)), tool]));
    const found = Array.from(distinct.values(), (tool) => this.#validate([policy], tool)).flat();
    this.#assertAgreed(policy, [...distinct.values()].slice(0, TOOLS_COMPARED));
    if (found.length === 0 || found.some(({ isImpossible }) => !isImpossible)) return;
    throw faulty(policy.id, ['it could never apply: its scope or its conditions are false for every call']);
  }

  /** A policy about real values is typed by a schema of its own, and asks nobody. */
  #assertReveals({ id, text, json }: CedarPolicy): void {
    if (Object.hasOwn((json['annotations'] ?? {}) as object, 'approve'))
      throw faulty(id, ['@approve is for calls; nobody can be asked about a single value']);
    const validity = this.cedar.validate(new Map([[id, text]]), revealSchema()).get(id);
    if (validity && validity.faults.length > 0) throw faulty(id, validity.faults.map(textOf));
    if (validity?.isImpossible) throw faulty(id, ['it could never apply: its scope or its conditions are false']);
  }

  /** Starts, model calls and sessions: one schema for all. */
  #assertAccess(policy: CedarPolicy, code: CedarPolicyCode): void {
    const { id, text } = policy;
    if (isAboutCalls(code)) throw faulty(id, ['is about calls and about other actions; make two policies of it']);
    if (code.approval !== null) throw faulty(id, ['@approve belongs to tool calls']);
    const found = this.cedar.validate(new Map([[id, text]]), cedarAccessSchema()).get(id);
    if (found !== undefined && found.faults.length > 0) throw faulty(id, found.faults.map(textOf));
    if (found?.isImpossible === true) throw faulty(id, ['it could never apply: its scope or its conditions are false']);
  }

  /** What enforcement points would do is held against Cedar's own engine before it is in force. */
  #assertAgreed(policy: CedarPolicy, tools: readonly ToolManifest[]): void {
    for (const tool of tools) {
      const call = disagreement(this.cedar, policy, tool);
      if (call === null) continue;
      const about = JSON.stringify(call.arguments).slice(0, 500);
      throw faulty(policy.id, [`enforcement points would judge a call otherwise than Cedar does: ${about}`], tool.name);
    }
  }

  #validate(policies: readonly CedarPolicy[], tool: ToolManifest): Validity[] {
    const texts = new Map(policies.map(({ id, text }) => [id, text]));
    const found = this.cedar.validate(texts, cedarSchemaOf(tool));
    for (const [id, { faults }] of found) if (faults.length > 0) throw faulty(id, faults.map(textOf), tool.name);
    return [...found.values()];
  }
}

/** Unknown ones are refused: a misspelt `@approve` would permit without asking. */
function assertAnnotations(id: string, annotations: Record<string, string>): void {
  const unknown = Object.keys(annotations).find((name) => !ANNOTATIONS.includes(name));
  const known = ANNOTATIONS.map((name) => `@${name}`).join(', ');
  if (unknown !== undefined) throw faulty(id, [`there is no annotation @${unknown}; there are ${known}`]);
  const { id: named = id } = annotations;
  if (named !== id) throw faulty(id, [`@id("${named}") must be ${id}, or be left out`]);
}

/** What is signed is nested no deeper than canonical JSON may be; here it can still be said of which policy. */
function assertShallow(id: string, json: object): void {
  try {
    canonicalJson({ policies: [{ json }] });
  } catch {
    throw faulty(id, ['its expressions are nested too deeply; make two policies of it']);
  }
}

const textOf = ({ message, at }: CedarFault): string => (at === null ? message : `${at.line}:${at.column}: ${message}`);

function faulty(id: string, faults: string[], tool?: string): MeshError {
  const about = tool === undefined ? '' : ` (for calls of the tool ${tool})`;
  return invalid('text', `policies/${id}, text${about}: ${faults.slice(0, FAULTS_SHOWN).join('; ')}`);
}

function invalid(field: string, message: string): MeshError {
  return new MeshError('REQUEST_INVALID', message.slice(0, 2_000), { details: { fields: [field] } });
}
