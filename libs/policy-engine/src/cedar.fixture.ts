import { policyToJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { CedarPolicy } from '@signalbox/contracts';

/** A policy as the policy service makes it of its text. */
export function cedar(id: string, text: string): CedarPolicy {
  const answer = policyToJson(text);
  if (answer.type === 'failure') throw new Error(answer.errors.map(({ message }) => message).join('; '));
  return { id, text, description: '', json: { ...answer.json } };
}
