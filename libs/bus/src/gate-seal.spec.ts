import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GateSigner, isSealOf, sealsOf } from './gate-seal.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');
const contents = (count: number): Buffer[] => Array.from({ length: count }, (_, n) => Buffer.from(`entry ${n}`));

describe('seals under one signature', () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 100, 127, 128])(
    'of %i entries hold for each entry and no other',
    (count) => {
      const all = contents(count);
      const seals = sealsOf(all, privateKey);
      expect(new Set(seals.map((seal) => seal.slice(0, 2)))).toEqual(new Set([count === 1 ? 'e:' : 'm:']));
      expect(Math.max(...seals.map(({ length }) => length))).toBeLessThan(400);
      for (const [index, content] of all.entries()) {
        expect(isSealOf(content, seals[index]!, publicKey)).toBe(true);
        expect(isSealOf(all[(index + 1) % count]!, seals[index]!, publicKey)).toBe(count === 1);
        expect(isSealOf(Buffer.concat([content, Buffer.of(0)]), seals[index]!, publicKey)).toBe(false);
        expect(isSealOf(content, seals[index]!, other.publicKey)).toBe(false);
      }
    },
  );

  it('break with any byte', () => {
    const [content] = contents(5) as [Buffer];
    const seal = sealsOf(contents(5), privateKey)[0]!;
    const bytes = Buffer.from(seal.slice(2), 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes);
      altered[at]! ^= 1;
      expect(isSealOf(content, `m:${altered.toString('base64url')}`, publicKey)).toBe(false);
    }
    const idle = Buffer.from(bytes);
    idle[64]! |= 0x80;
    expect(isSealOf(content, `m:${idle.toString('base64url')}`, publicKey)).toBe(false);
    for (const length of [0, 64, 65, 66, 96, bytes.length - 1, bytes.length + 1, bytes.length + 32])
      expect(isSealOf(content, `m:${Buffer.alloc(length, bytes).toString('base64url')}`, publicKey)).toBe(false);
  });

  it('hold for no node of the tree, and a root for no entry', () => {
    const [first, second] = contents(2) as [Buffer, Buffer];
    const leaf = (content: Buffer): Buffer => hash('sha256', Buffer.concat([Buffer.of(0), content]), 'buffer');
    const node = Buffer.concat([leaf(first), leaf(second)]);
    const seals = sealsOf([...contents(2), Buffer.from('third'), Buffer.from('fourth')], privateKey);
    const bytes = Buffer.from(seals[0]!.slice(2), 'base64url');
    const short = Buffer.concat([bytes.subarray(0, 64), Buffer.of(0), bytes.subarray(65 + 32)]);
    for (const content of [node, Buffer.concat([Buffer.of(1), node])])
      expect(isSealOf(content, `m:${short.toString('base64url')}`, publicKey)).toBe(false);
    const bare = sign(null, Buffer.concat([Buffer.from('sb-root-1\n'), leaf(first)]), privateKey);
    expect(isSealOf(first, `m:${bare.toString('base64url')}AA`, publicKey)).toBe(false);
    expect(isSealOf(first, `e:${bare.toString('base64url')}`, publicKey)).toBe(false);
  });

  it('are made together for what is asked for together', async () => {
    const signer = new GateSigner(() => privateKey);
    const all = contents(300);
    const seals = await Promise.all(all.map((content) => signer.seal(content)));
    expect(new Set(seals.map((seal) => Buffer.from(seal.slice(2), 'base64url').toString('hex', 0, 64))).size).toBe(3);
    expect(all.every((content, index) => isSealOf(content, seals[index]!, publicKey))).toBe(true);
    expect(await signer.seal(all[0]!)).toMatch(/^e:/);
    const alone = new GateSigner(() => privateKey, 1);
    const each = await Promise.all(all.slice(0, 9).map((content) => alone.seal(content)));
    expect(each.every((seal) => seal.startsWith('e:'))).toBe(true);
  });

  it('are not made without a key', async () => {
    const signer = new GateSigner(() => {
      throw new Error('no such file');
    });
    await expect(signer.seal(Buffer.from('x'))).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});
