import { headers } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { HEADER } from './envelope.js';
import { beatOf } from './streamed-reply.js';

const OWN = '_INBOX_gateway.x';
const TENANTS = '_R_.x.y';
const idle = (ms: string) => {
  const head = headers();
  head.set(HEADER.idle, ms);
  return head;
};

describe('signs of life within a streamed reply', () => {
  it('come thrice within the silence that the asker stands', () => {
    expect(beatOf(idle('3000'), OWN)).toBe(1_000);
    expect(beatOf(undefined, OWN)).toBe(10_000);
    expect(beatOf(idle('3600000'), OWN)).toBe(10_000);
  });

  it('are not what a stranger makes of them', () => {
    for (const ms of ['1', '0', '-5', 'NaN', '1e-9', 'Infinity', '']) {
      expect(beatOf(idle(ms), OWN)).toBeGreaterThanOrEqual(100);
      expect(beatOf(idle(ms), TENANTS)).toBeGreaterThanOrEqual(5_000);
    }
  });
});
