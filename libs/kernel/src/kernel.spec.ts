import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { backoffMs } from './backoff.js';
import { canonicalJson } from './canonical-json.js';
import { loadConfig } from './config.js';
import { newRequestId } from './ids.js';
import { Semaphore } from './semaphore.js';
import { parseJson, validate } from './validate.js';

describe('loadConfig', () => {
  it('lists every bad variable in one error', () => {
    const shape = { natsUrl: z.string().startsWith('nats://'), healthPort: z.coerce.number().int() };
    expect(() => loadConfig(shape, { SIGNALBOX_NATS_URL: 'http://x', SIGNALBOX_HEALTH_PORT: 'many' })).toThrow(
      /SIGNALBOX_NATS_URL[\s\S]*SIGNALBOX_HEALTH_PORT/,
    );
  });

  it('says when a secret file cannot be read, without its content', () => {
    expect(() => loadConfig({ adminToken: z.string() }, { SIGNALBOX_ADMIN_TOKEN_FILE: '/nowhere/at/all' })).toThrow(
      /SIGNALBOX_ADMIN_TOKEN_FILE: the file cannot be read/,
    );
  });
});

describe('canonicalJson', () => {
  it('gives equal bytes for equal values', () => {
    expect(canonicalJson({ b: [1, { d: 1, c: 'ä' }], a: undefined })).toBe('{"b":[1,{"c":"ä","d":1}]}');
    expect(canonicalJson({ x: 1, y: 2 })).toBe(canonicalJson({ y: 2, x: 1 }));
  });
});

describe('ids', () => {
  it('sort by time', () => {
    expect(newRequestId(1_000) < newRequestId(2_000)).toBe(true);
    expect(newRequestId()).toMatch(/^req_[0-9a-z]{26}$/);
  });
});

describe('Semaphore', () => {
  it('never lets more in than it has slots, and refuses what may not wait', async () => {
    const semaphore = new Semaphore(2, 1);
    await semaphore.acquire();
    await semaphore.acquire();
    const third = semaphore.acquire();
    await expect(semaphore.acquire()).rejects.toMatchObject({ code: 'OVERLOADED' });
    semaphore.release();
    await third;
    expect(semaphore.inUse).toBe(2);
  });
});

describe('validate', () => {
  it('names the field and not its value', () => {
    expect(() => validate(z.object({ age: z.number() }), { age: 'secret' })).toThrow(/^age: /);
    expect(() => validate(z.object({ age: z.number() }), { age: 'secret' })).not.toThrow(/secret/);
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parseJson(Uint8Array.from([0x22, 0xff, 0x22]))).toThrow(/UTF-8/);
  });
});

describe('backoffMs', () => {
  it('grows, has jitter and stays below its cap', () => {
    expect(backoffMs(0, 100, 1_000, () => 0)).toBe(50);
    expect(backoffMs(3, 100, 1_000, () => 1)).toBe(800);
    expect(backoffMs(40, 100, 1_000, () => 1)).toBe(1_000);
  });
});
