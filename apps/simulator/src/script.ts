import { z } from 'zod';
import { SCRIPT_MARK, type ToolAnswer, type Turn } from './chat-request.js';
import type { FailureCounts } from './failure-counts.js';
import type { Fault, Play } from './play.js';

/** Longest text that a step may repeat itself into, characters. */
const TEXT_CHARS_MAX = 4_194_304;
const Count = z.number().int().nonnegative();

const ScriptedCall = z.strictObject({
  name: z.string().min(1).max(64),
  arguments: z.record(z.string(), z.unknown()).optional(),
  /** In place of `arguments`: any text, JSON or not. */
  raw: z.string().optional(),
});

const ScriptedStep = z.strictObject({
  text: z.string().optional(),
  /** The text so many times. */
  repeat: Count.max(100_000).optional(),
  tools: z.array(ScriptedCall).max(64).optional(),
  finish: z.enum(['stop', 'length', 'content_filter']).optional(),
  usage: z.union([z.literal(false), z.strictObject({ inputTokens: Count, outputTokens: Count })]).optional(),
  fail: z.number().int().min(400).max(599).optional(),
  retryAfterS: Count.optional(),
  hang: z.union([z.literal(true), z.literal('midway')]).optional(),
  garbage: z.literal(true).optional(),
  cut: z.union([z.literal(true), z.literal('clean')]).optional(),
  /** The fault happens so often per step of a run, then the step succeeds. Counted by `x-signalbox-call`. */
  failTimes: Count.optional(),
  delayMs: Count.max(600_000).optional(),
  wordDelayMs: Count.max(10_000).optional(),
});
type ScriptedStep = z.infer<typeof ScriptedStep>;

const Script = z.strictObject({ steps: z.array(ScriptedStep).min(1).max(100) });

/** A script that cannot be read; the message says why. */
export class ScriptError extends Error {}

/** The play that a `#sim {…}` line in the question asks for, or undefined where there is none. */
export function scriptedPlay(turn: Turn, call: string, failures: FailureCounts): Play | undefined {
  const line = turn.question.split('\n').find((text) => text.startsWith(SCRIPT_MARK));
  if (line === undefined) return undefined;
  const step = parseScript(line.slice(SCRIPT_MARK.length)).steps[turn.step];
  if (!step) return { text: `Simulation: the script has no step ${turn.step}.`, calls: [], delayMs: 0 };
  const fault = faultOf(step);
  const wanted = fault !== undefined && (step.failTimes === undefined || failures.next(call) <= step.failTimes);
  const text = fill(step.text ?? (step.tools ? '' : 'Simulation: done.'), turn.toolAnswers);
  if (text.length * (step.repeat ?? 1) > TEXT_CHARS_MAX)
    throw new ScriptError(`a text is longer than ${TEXT_CHARS_MAX} characters`);
  return {
    text: text.repeat(step.repeat ?? 1),
    calls: (step.tools ?? []).map(({ name, arguments: values, raw }) => ({
      name,
      arguments: fill(raw ?? JSON.stringify(values ?? {}), []),
    })),
    finish: step.finish,
    usage: step.usage,
    fault: wanted ? fault : undefined,
    delayMs: step.delayMs ?? 0,
    wordDelayMs: step.wordDelayMs,
  };
}

function parseScript(json: string): z.infer<typeof Script> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ScriptError('the text after #sim is not JSON');
  }
  const parsed = Script.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ScriptError(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

function faultOf(step: ScriptedStep): Fault | undefined {
  if (step.fail !== undefined) return { kind: 'fail', status: step.fail, retryAfterS: step.retryAfterS };
  if (step.hang !== undefined) return { kind: 'hang', midway: step.hang === 'midway' };
  if (step.garbage) return { kind: 'garbage' };
  if (step.cut !== undefined) return { kind: 'cut', clean: step.cut === 'clean' };
  return undefined;
}

/** Made-up values of people who do not exist, for showing that a provider's own words are cleaned too. */
const INVENTED: Record<string, string> = {
  email: 'nora.lind@example.org',
  phone: '+44 20 7946 0958',
  card: '4111 1111 1111 1111',
  iban: 'GB82 WEST 1234 5698 7654 32',
};

/** `{{result:0}}` stands for the first tool answer since the question, `{{invent:email}}` for a made-up value. */
function fill(text: string, toolAnswers: ToolAnswer[]): string {
  return text.replace(/\{\{(result|invent):(\w+)\}\}/g, (whole, kind: string, key: string) =>
    kind === 'result' ? (toolAnswers[Number(key)]?.content ?? '') : (INVENTED[key] ?? whole),
  );
}
