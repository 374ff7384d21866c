import { describe, expect, it } from 'vitest';
import { currentTrace, traceparent, withTrace } from './trace.js';

describe('withTrace', () => {
  it('continues a valid parent under a new span', () => {
    const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    withTrace(parent, { runId: 'run_x' }, () => {
      expect(currentTrace()).toMatchObject({ traceId: 'a'.repeat(32), runId: 'run_x' });
      expect(traceparent()).toMatch(new RegExp(`^00-a{32}-(?!b{16})[0-9a-f]{16}-01$`));
    });
  });

  it('starts a trace where the parent is missing or junk', () => {
    for (const junk of [undefined, '', 'x', `00-${'A'.repeat(32)}-${'b'.repeat(16)}-01`]) {
      withTrace(junk, {}, () => expect(currentTrace()?.traceId).toMatch(/^[0-9a-f]{32}$/));
    }
    expect(currentTrace()).toBeUndefined();
  });
});
