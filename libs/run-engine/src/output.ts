import type { AgentOutput } from '@signalbox/contracts';
import { dateFaults } from './extract.js';
import { schemaFaults } from './json-schema.js';
import { OUTPUT_FAULT_CHARS_MAX } from './settings.js';

const ANSWER = { root: '(answer)', unknown: 'is not known to the schema' };
const FENCE = '```';

/** Models like to put a fence round the whole answer. */
function withoutFence(answer: string): string {
  const text = answer.trim();
  if (text.length < 2 * FENCE.length || !text.startsWith(FENCE) || !text.endsWith(FENCE)) return text;
  return text
    .slice(FENCE.length, -FENCE.length)
    .replace(/^json\b/iu, '')
    .trim();
}

/** The JSON text of a final answer, without a fence round it; and what is wrong with it, empty when it matches. */
export function checkedOutput(
  { schema }: AgentOutput,
  answer: string,
  extract?: true,
): { text: string; faults: string[] } {
  const text = withoutFence(answer);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { text, faults: [`${ANSWER.root} is not JSON`] };
  }
  const shape = schemaFaults(schema, value, ANSWER);
  const faults = shape.length === 0 && extract === true ? dateFaults(schema, value).slice(0, 8) : shape;
  return { text, faults: faults.map((fault) => fault.slice(0, OUTPUT_FAULT_CHARS_MAX)) };
}

/** What the model is told at the start about its final answer. */
export function outputInstructions({ schema }: AgentOutput): string {
  return `Your final answer must be one JSON value that matches this JSON Schema, and nothing else:\n${JSON.stringify(schema)}`;
}

/** What the model is told after an answer that does not match. */
export function repairRequest(faults: readonly string[]): string {
  return `Note from the run engine: this answer is not the JSON that was asked for: ${faults.join('; ')}. Answer again with the whole JSON value and nothing else.`;
}
