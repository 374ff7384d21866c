import type { ToolLimits, WireError } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { expressionOf } from './expression.js';
import { jsonWithin } from './expression-work.js';
import { INLINE_ARGUMENTS_CHARS_MAX, INLINE_RESULT_BYTES_MAX } from './settings.js';

/** An error as a journal and a model get it: free of stacks, and of details that would not repeat. */
export function wireOf(thrown: unknown): WireError {
  const { code, message } = MeshError.from(thrown).toWire();
  return { code, message };
}

/** What the expression of an inline tool gives for these arguments: JSON text, or why there is none. Never throws. */
export function inlineAnswer(
  expression: string,
  limits: ToolLimits,
  text: string,
  args: Record<string, unknown>,
): { result: string; error?: WireError } {
  try {
    if (text.length > INLINE_ARGUMENTS_CHARS_MAX)
      throw new MeshError(
        'EXPRESSION_FAILED',
        `The arguments are longer than ${INLINE_ARGUMENTS_CHARS_MAX} characters.`,
      );
    const bytesMax = Math.min(limits.outputBytesMax, INLINE_RESULT_BYTES_MAX);
    const result = jsonWithin(expressionOf(expression).valueIn({ arguments: args }), bytesMax);
    if (result === null) throw new MeshError('TOOL_OUTPUT_TOO_LARGE', `The result is larger than ${bytesMax} bytes.`);
    return { result };
  } catch (error) {
    return { result: '', error: wireOf(error) };
  }
}
