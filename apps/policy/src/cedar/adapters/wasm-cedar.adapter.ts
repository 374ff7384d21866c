import {
  type DetailedError,
  policySetTextToParts,
  policyToJson,
  type Schema,
  schemaToText,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs';
import { Injectable } from '@nestjs/common';
import { MeshError } from '@signalbox/kernel';
import { type CedarFault, CedarPort } from '../cedar.port.js';

const NAME = 'policy';

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

  override validate(text: string, schema: Record<string, unknown>): ReturnType<CedarPort['validate']> {
    const answer = validate({ schema: schema as Schema, policies: { staticPolicies: { [NAME]: text } } });
    if (answer.type === 'failure') return { faults: faultsOf(answer.errors, text), isImpossible: false };
    const faults = faultsOf(
      answer.validationErrors.map(({ error }) => error),
      text,
    );
    const isImpossible = answer.validationWarnings.some(({ error }) => error.message.includes('policy is impossible'));
    return { faults, isImpossible };
  }

  override schemaText(schema: Record<string, unknown>): string {
    const answer = schemaToText(schema as Schema);
    if (answer.type === 'success') return answer.text;
    throw new MeshError(
      'INTERNAL',
      `A schema is none of Cedar: ${answer.errors.map(({ message }) => message).join('; ')}`,
    );
  }
}

function faultsOf(errors: readonly DetailedError[], text: string): CedarFault[] {
  const bytes = Buffer.from(text);
  return errors.map(({ message, help, sourceLocations = [] }) => {
    const plain = [message, help].filter((part) => part !== null).join('; ');
    const start = sourceLocations[0]?.start;
    return {
      message: plain.replaceAll(`for policy \`${NAME}\`, `, ''),
      at: start === undefined ? null : placeOf(bytes.subarray(0, start).toString()),
    };
  });
}

/** Of what comes after this text. */
function placeOf(before: string): { line: number; column: number } {
  const lines = before.split('\n');
  return { line: lines.length, column: Array.from(lines.at(-1) ?? '').length + 1 };
}
