import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@signalbox/app-runtime';
import {
  type DecisionRecord,
  joinLabels,
  type Label,
  type SessionLoadV1,
  type SessionSaveV1,
  TRUSTED,
  unlabelled,
} from '@signalbox/contracts';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import { narrowedTo, PolicyStore } from '@signalbox/policy-engine';
import type { MemoryConfig } from '../config.js';
import { fitSession } from './fit-session.js';
import { RunJournalPort, SessionsPort, type SessionState } from './sessions.port.js';

/** Compare-and-set rounds before a save gives up and is asked for again. */
const SAVE_ROUNDS_MAX = 20;
/** Runs remembered per session, so that a repeated save changes nothing. */
const RUNS_MAX = 256;

/** Loads a session into a run at its start and appends the run to it at its end, once. */
@Injectable()
export class SessionsService {
  constructor(
    @Inject(SessionsPort) private readonly sessions: SessionsPort,
    @Inject(RunJournalPort) private readonly journal: RunJournalPort,
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(CONFIG) private readonly config: MemoryConfig,
  ) {}

  async load(ask: SessionLoadV1): Promise<void> {
    const decision = this.#decide(ask, 'recall');
    // A run that may not read its session goes on without: nothing of it is told, not even that there is one.
    if (decision.decision?.outcome === 'deny')
      return this.journal.loaded(ask, {
        attempt: ask.attempt,
        messages: [],
        revision: 0,
        ...decision,
        loadedAt: Date.now(),
      });
    const { state, revision } = await this.sessions.load(ask);
    const { sessionMessagesMax, sessionBytesMax: bytesMax } = this.config;
    const messages = fitSession(state.messages, {
      messagesMax: Math.min(ask.messagesMax, sessionMessagesMax),
      bytesMax,
    });
    await this.journal.loaded(ask, {
      attempt: ask.attempt,
      messages,
      label: labelOf(state),
      revision,
      ...regionsIn(state.regions),
      ...decision,
      loadedAt: Date.now(),
    });
  }

  async save(ask: SessionSaveV1): Promise<void> {
    const decision = this.#decide(ask, 'remember');
    const revision = decision.decision?.outcome === 'deny' ? 0 : await this.#append(ask);
    await this.journal.saved(ask, { attempt: ask.attempt, revision, ...decision, savedAt: Date.now() });
  }

  /** Empty: no policy is about it. Without a policy in force nobody can say that it may: BUNDLE_MISSING. */
  #decide(ask: SessionLoadV1 | SessionSaveV1, action: 'recall' | 'remember'): { decision?: DecisionRecord } {
    const policy = this.policies.forTenant(ask.tenant);
    const { agent = '', userId = '', sessionId: session } = ask;
    const user = { userId, roles: policy.rolesOf(userId, Date.now()) };
    const decision = policy.access.decide({ action, agent, session, user });
    return decision === null ? {} : { decision };
  }

  async #append(ask: SessionSaveV1): Promise<number> {
    for (let round = 0; round < SAVE_ROUNDS_MAX; round++) {
      const { state, revision } = await this.sessions.load(ask);
      if (state.runs.includes(ask.runId)) return revision;
      try {
        return await this.sessions.store(ask, this.#with(state, ask), revision);
      } catch (error) {
        if (!(error instanceof MeshError) || error.code !== 'SEQUENCE_CONFLICT') throw error;
        await pause(backoffMs(round, 2, 200));
      }
    }
    throw new MeshError('OVERLOADED', `The session changed ${SAVE_ROUNDS_MAX} times while it was being saved.`);
  }

  #with(state: SessionState, ask: SessionSaveV1): SessionState {
    const { sessionMessagesMax: messagesMax, sessionBytesMax: bytesMax } = this.config;
    const messages = fitSession([...state.messages, ...ask.messages], { messagesMax, bytesMax });
    const label = joinLabels(labelOf(state), ask.label ?? unlabelled('session'));
    // It stays where any run of it had to stay.
    const regions = narrowedTo(state.regions ?? null, ask.regions ?? null) ?? undefined;
    return { messages, label, ...regionsIn(regions), runs: [...state.runs, ask.runId].slice(-RUNS_MAX) };
  }
}

/** What was once in a session may have shaped all that came after it: a message that is cut off leaves its label. */
function labelOf({ messages, label }: SessionState): Label {
  return label ?? (messages.length === 0 ? TRUSTED : unlabelled('session'));
}

const regionsIn = (regions: readonly string[] | undefined): { regions?: string[] } =>
  regions === undefined ? {} : { regions: [...regions] };
