import {
  type Context,
  type DetailedError,
  type EntityJson,
  isAuthorized,
  policySetTextToParts,
  policyToJson,
  type Schema,
  schemaToText,
  validate,
  type ValidationError,
} from '@cedar-policy/cedar-wasm/nodejs';
import { Injectable } from '@nestjs/common';
import { MeshError } from '@signalbox/kernel';
import {
  type CedarAnswer,
  type CedarFault,
  CedarPort,
  type CedarQuestion,
  type Effect,
  type Validity,
} from '../cedar.port.js';

/** `@cedar-policy/cedar-wasm`: Cedar's own implementation, in this process. */
@Injectable()
export class WasmCedarAdapter extends CedarPort {
  override parse(text: string): ReturnType<CedarPort['parse']> {
    const parts = policySetTextToParts(text);
    if (parts.type === 'failure') return { faults: faultsOf(parts.errors, text) };
    const [one, ...more] = parts.policies;
    if (one === undefined || more.length > 0 || parts.policy_templates.length > 0) {
      const found = `${parts.policies.length} policies and ${parts.policy_templates.length} templates`;
      return { faults: [{ message: `must hold exactly one policy; there are ${found}`, at: null }] };
    }
    const answer = policyToJson(text);
    return answer.type === 'success' ? { json: { ...answer.json } } : { faults: faultsOf(answer.errors, text) };
  }

  override validate(texts: ReadonlyMap<string, string>, schema: Record<string, unknown>): Map<string, Validity> {
    const policies = { staticPolicies: Object.fromEntries(texts) };
    const answer = validate({ schema: schema as Schema, policies });
    if (answer.type === 'failure') throw broken('Policies or their schema cannot be read', answer.errors);
    const of = (id: string, found: readonly ValidationError[]): DetailedError[] =>
      found.filter(({ policyId }) => policyId === id).map(({ error }) => error);
    return new Map(
      Array.from(texts, ([id, text]) => {
        const warnings = of(id, answer.validationWarnings);
        const isImpossible = warnings.some(({ message }) => message.includes('policy is impossible'));
        return [id, { faults: faultsOf(of(id, answer.validationErrors), text), isImpossible }];
      }),
    );
  }

  override effectOf(text: string, question: CedarQuestion): Effect {
    const { context, entities, ...uids } = question;
    const answer = isAuthorized({
      ...uids,
      context: context as Context,
      entities: entities as EntityJson[],
      policies: { staticPolicies: { policy: text } },
    });
    if (answer.type === 'failure') throw broken('A question is none of Cedar', answer.errors);
    const { errors, reason } = answer.response.diagnostics;
    if (errors.length > 0) return 'fails';
    return reason.length > 0 ? 'applies' : 'passes';
  }

  override decide(texts: Readonly<Record<string, string>>, question: CedarQuestion): CedarAnswer {
    const { context, entities, ...uids } = question;
    const answer = isAuthorized({
      ...uids,
      context: context as Context,
      entities: entities as EntityJson[],
      policies: { staticPolicies: { ...texts } },
    });
    if (answer.type === 'failure') throw broken('A question is none of Cedar', answer.errors);
    const { decision, diagnostics } = answer.response;
    return { decision, reasons: diagnostics.reason, errors: diagnostics.errors.map(({ policyId }) => policyId) };
  }

  override schemaText(schema: Record<string, unknown>): string {
    const answer = schemaToText(schema as Schema);
    if (answer.type === 'success') return answer.text;
    throw broken('A schema is none of Cedar', answer.errors);
  }
}

/** What was read before, or made here, is not what it was. */
function broken(what: string, errors: readonly DetailedError[]): MeshError {
  return new MeshError('INTERNAL', `${what}: ${errors.map(({ message }) => message).join('; ')}`);
}

function faultsOf(errors: readonly DetailedError[], text: string): CedarFault[] {
  const bytes = Buffer.from(text);
  return errors.map(({ message, help, sourceLocations = [] }) => {
    const plain = [message, help].filter((part) => part !== null).join('; ');
    const start = sourceLocations[0]?.start;
    return {
      message: plain.replaceAll(/for policy `[^`]*`, /g, ''),
      at: start === undefined ? null : placeOf(bytes.subarray(0, start).toString()),
    };
  });
}

/** Of what comes after this text. */
function placeOf(before: string): { line: number; column: number } {
  const lines = before.split('\n');
  return { line: lines.length, column: Array.from(lines.at(-1) ?? '').length + 1 };
}
