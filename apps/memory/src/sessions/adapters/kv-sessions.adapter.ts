import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bucket, Bus } from '@signalbox/bus';
import { SessionStateV1 } from '@signalbox/contracts';
import { MeshError, parseJson, validate } from '@signalbox/kernel';
import { type SessionRef, SessionsPort, type SessionState } from '../sessions.port.js';

const keyOf = (session: SessionRef): string => `${session.tenant}.${session.sessionId}`;

@Injectable()
export class KvSessionsAdapter extends SessionsPort implements OnModuleInit {
  #bucket: Bucket;

  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  async onModuleInit(): Promise<void> {
    this.#bucket = await this.bus.bucket('sessions');
  }

  override async load(session: SessionRef): Promise<{ state: SessionState; revision: number }> {
    const entry = await this.#bucket.get(keyOf(session));
    if (!entry) return { state: { messages: [], runs: [] }, revision: 0 };
    return { state: validate(SessionStateV1, parseJson(entry.value), 'INTERNAL'), revision: entry.revision };
  }

  override async store(session: SessionRef, state: SessionState, revision: number): Promise<number> {
    const value = JSON.stringify(state);
    if (revision > 0) return this.#bucket.update(keyOf(session), value, revision);
    try {
      // Takes a key that someone deleted, too.
      return await this.#bucket.create(keyOf(session), value);
    } catch (error) {
      const fault = MeshError.from(error);
      throw fault.code === 'CONFLICT' ? new MeshError('SEQUENCE_CONFLICT', fault.message, { cause: fault }) : fault;
    }
  }
}
