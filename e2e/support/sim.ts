/** A scripted step of the simulated provider; the whole of it is in apps/simulator/src/script.ts. */
export interface SimStep {
  text?: string;
  repeat?: number;
  tools?: { name: string; arguments?: Record<string, unknown>; raw?: string }[];
  finish?: 'stop' | 'length' | 'content_filter';
  usage?: { inputTokens: number; outputTokens: number };
  fail?: number;
  retryAfterS?: number;
  hang?: true | 'midway';
  garbage?: true;
  cut?: true | 'clean';
  failTimes?: number;
  delayMs?: number;
  wordDelayMs?: number;
}

/** A question that makes the simulated provider play these steps, one a model call. */
export function simScript(steps: SimStep[], question = 'Do as the script says.'): string {
  return `${question}\n#sim ${JSON.stringify({ steps })}`;
}

/** One tool call, then an answer that repeats what the tool said. */
export function callThenQuote(name: string, args: Record<string, unknown>): string {
  return simScript([{ tools: [{ name, arguments: args }] }, { text: 'The tool said: {{result:0}}' }]);
}
