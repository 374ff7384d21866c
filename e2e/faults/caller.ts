import type { QuestionChoice } from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';
import { TENANT } from '../support/mesh.ts';
import { type PlannedRun, questionOf, SIGNAL } from './batch.ts';
import type { FaultMesh } from './fault-mesh.ts';

const RETRY_MS = 200;

/** What a person or system outside does with a run: asks for it until it is taken, whatever dies meanwhile. */
export class Caller {
  readonly #mesh: FaultMesh;
  readonly #until: AbortSignal;

  constructor(mesh: FaultMesh, until: AbortSignal) {
    this.#mesh = mesh;
    this.#until = until;
  }

  /** The id of the run, once its request is stored. `source`: the run that it is forked from, after its first step. */
  async start(run: PlannedRun, source: string | null = null): Promise<string> {
    const { client, ledger } = this.#mesh;
    const input = questionOf(run, ledger.host, run.delayMs);
    const begins = source === null ? {} : { fork: { runId: source, step: 1 } };
    const session = run.session === null ? {} : { session: run.session };
    return this.#untilDone(async () => {
      if (run.via === 'http') return this.#startOverHttp(run, input, begins);
      return (await client.run({ agent: 'clerk', input, idempotencyKey: run.name, ...session, ...begins })).runId;
    });
  }

  async cancel(runId: string): Promise<void> {
    await this.#untilDone(() => this.#mesh.client.cancel(runId, 'changed his mind'));
  }

  async pause(runId: string): Promise<void> {
    await this.#untilDone(() => this.#mesh.client.pause(runId, 'not now'));
  }

  async resume(runId: string): Promise<void> {
    await this.#untilDone(() => this.#mesh.client.resume(runId, 'now'));
  }

  /** Said again where nobody knows whether it was heard; it counts once. */
  async say(runId: string, word: string): Promise<void> {
    const requestId = newRequestId();
    await this.#untilDone(() => this.#mesh.client.signal(runId, SIGNAL, word, requestId));
  }

  async answer(runId: string, questionId: string, choice: QuestionChoice): Promise<void> {
    const result = choice === 'result' ? ['told by a person'] : [];
    await this.#untilDone(() => this.#mesh.client.answer(runId, questionId, choice, ...result));
  }

  async #startOverHttp({ name, session }: PlannedRun, input: string, begins: object): Promise<string> {
    const response = await this.#mesh.mesh.request('/v1/responses', {
      method: 'POST',
      headers: { 'idempotency-key': name },
      body: JSON.stringify({ model: 'clerk', input, background: true, conversation: session, signalbox: begins }),
    });
    const text = await response.text();
    const runId = response.headers.get('x-request-id');
    if (!response.ok || runId === null) throw new Error(`${response.status} ${TENANT}: ${text}`);
    return runId;
  }

  async #untilDone<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (this.#until.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}
