import fs, { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { floorFile } from './floor.js';

const folder = mkdtempSync(join(tmpdir(), 'signalbox-floor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('floorFile', () => {
  it('remembers over a restart, never goes down, and leaves one private file', () => {
    const path = join(folder, 'floors.json');
    const floors = floorFile(path, fs);
    expect(floors.load('demo')).toBeUndefined();
    floors.save('demo', 4);
    floors.save('demo', 3);
    floors.save('other', 1);
    const again = floorFile(path, fs);
    expect([again.load('demo'), again.load('other'), again.load('toString')]).toEqual([4, 1, undefined]);
    expect(readdirSync(folder)).toEqual(['floors.json']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('refuses to start on a file it cannot read', () => {
    for (const text of ['', '{', '[]', '{"demo":"4"}', '{"demo":0.5}']) {
      const path = join(folder, 'bad.json');
      writeFileSync(path, text);
      expect(() => floorFile(path, fs)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    }
    expect(() => floorFile(folder, fs)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
