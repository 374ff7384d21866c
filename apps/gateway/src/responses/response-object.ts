import type { RunView } from '../mesh/mesh.port.js';
import { responseIdOf } from './response-request.js';

export interface OutputItem {
  type: 'message';
  id: string;
  role: 'assistant';
  status: 'in_progress' | 'completed' | 'incomplete';
  content: { type: 'output_text'; text: string; annotations: never[]; logprobs: never[] }[];
}

const STATUS = {
  queued: 'queued',
  running: 'in_progress',
  waiting: 'in_progress',
  paused: 'in_progress',
  quarantined: 'in_progress',
  completed: 'completed',
  failed: 'failed',
  refused: 'failed',
  cancelled: 'cancelled',
} as const;

export function outputItem(runId: string, index: number, text: string, status: OutputItem['status']): OutputItem {
  const id = `${runId.replace('run_', 'msg_')}_${index}`;
  return {
    type: 'message',
    id,
    role: 'assistant',
    status,
    content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
  };
}

/** A run as OpenAI's Response object; what has no place there stands under `signalbox`. */
export function responseObject(view: RunView, output: OutputItem[] = finalOutput(view)): Record<string, unknown> {
  const { usage } = view;
  return {
    id: responseIdOf(view.runId),
    object: 'response',
    created_at: Math.floor((view.acceptedAt ?? 0) / 1_000),
    status: STATUS[view.status],
    model: view.agent ?? '',
    output,
    error: view.error ? { code: view.error.code, message: view.error.message } : null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: null,
    top_p: null,
    tool_choice: 'auto',
    tools: [],
    usage: {
      input_tokens: usage.inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: usage.outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: usage.inputTokens + usage.outputTokens,
    },
    signalbox: {
      run_id: view.runId,
      status: view.status,
      model: view.model,
      simulated: view.simulated,
      cost_nano_usd: view.costNanoUsd,
      redactions: view.redactions,
      tool_calls: view.toolCalls,
      denied: view.denied,
      question: view.question,
      other_questions: view.otherQuestions ?? [],
      waits: view.waits ?? [],
      ...(view.fork ? { fork: view.fork } : {}),
    },
  };
}

function finalOutput(view: RunView): OutputItem[] {
  return view.output === null ? [] : [outputItem(view.runId, 0, view.output, 'completed')];
}

/** The run as it is known to be right after its request was stored. */
export function queuedView(runId: string, agent: string, nowMs: number): RunView {
  return {
    runId,
    status: 'queued',
    agent,
    model: null,
    output: null,
    error: null,
    usage: { inputTokens: 0, outputTokens: 0 },
    costNanoUsd: 0,
    simulated: false,
    redactions: {},
    toolCalls: 0,
    denied: 0,
    question: null,
    acceptedAt: nowMs,
    endedAt: null,
  };
}
