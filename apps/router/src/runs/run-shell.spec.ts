import type { RawEntry, RunRef } from '@signalbox/bus';
import { subjects } from '@signalbox/contracts';
import { decide } from '@signalbox/run-engine';
import { describe, expect, it } from 'vitest';
import { acceptedBody, OpenPolicy } from '../memory.fixture.js';
import { RunShell } from './run-shell.js';

const ref: RunRef = { tenant: 'demo', runId: 'run_00_0123456789abcdefghjkmnpqrs' };
const subject = subjects.run(ref.tenant, ref.runId);
const nowMs = 1_800_000_000_000;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const accepted: RawEntry = {
  ...ref,
  seq: 1,
  subject,
  bytes: bytes('accepted'),
  seal: 'verified',
  entry: {
    kind: 'run.accepted.v1',
    author: 'guard',
    seq: 1,
    body: acceptedBody(ref, { acceptedAt: nowMs }),
  },
};

function shellWithDecision() {
  const nothing = (): void => undefined;
  const shell = new RunShell(subject, ref, {
    isLive: () => true,
    admit: () => true,
    park: nothing,
    takeCall: () => true,
    settle: nothing,
    leave: nothing,
  });
  shell.fold(accepted);
  const before = shell.state;
  const decided = decide(before, { nowMs, policy: new OpenPolicy().viewOf()! })!;
  return { shell, before, decided };
}

describe('an own decision', () => {
  it('is taken by its bytes when the reader brings it before its acknowledgement, and once', () => {
    const { shell, before, decided } = shellWithDecision();
    const sent = bytes('decision');
    expect(shell.takesOwn(2, sent)).toBe(false);
    shell.storing(decided, sent);
    expect(shell.takesOwn(2, bytes('another'))).toBe(false);
    expect(shell.takesOwn(2, sent)).toBe(true);
    expect(shell.state).toMatchObject({ seq: 2, entries: 2, status: 'running' });
    const { state } = shell;
    shell.foldOwn(before, decided, 2, sent);
    expect(shell.state).toBe(state);
    expect(shell.takesOwn(3, sent)).toBe(false);
  });

  it('is read like any other where something came in between', () => {
    const { shell, decided } = shellWithDecision();
    shell.storing(decided, bytes('decision'));
    const cancel = { principal: { keyId: 'k', userId: 'u' }, reason: 'no', requestedAt: nowMs };
    shell.fold({
      ...accepted,
      seq: 2,
      bytes: bytes('cancel'),
      entry: { kind: 'run.cancel-requested.v1', author: 'guard', seq: 2, body: cancel },
    });
    expect(shell.takesOwn(3, bytes('decision'))).toBe(false);
    expect(shell.state.seq).toBe(2);
  });
});
