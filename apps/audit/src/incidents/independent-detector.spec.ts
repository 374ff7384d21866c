import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { detectIndependently } from './independent-detector.js';

const ROOT = resolve(import.meta.dirname, '../../../..');

describe('the detector of audit', () => {
  it.each([
    ['EMAIL', 'write to ann.quist@posteo.example today'],
    ['EMAIL', '{"to":"a@b.co"}'],
    ['EMAIL', 'ann\u200b@posteo.example'],
    ['EMAIL', '\uff41nn@posteo.example'],
    ['CARD', 'paid by 4111 1111 1111 1111.'],
    ['CARD', '{"card":4111111111111111}'],
    ['CARD', '3782-822463-10005'],
    ['IBAN', 'to DE89 3704 0044 0532 0130 00 at once'],
    ['IBAN', 'GB82WEST12345698765432,'],
    ['PHONE', 'call +44 20 7946 0958'],
    ['NATIONAL_ID', 'SSN 219-09-9998'],
    ['SECRET', 'AKIAQ3EXAMPLE7WXYZ42'],
    ['SECRET', '-----BEGIN EC PRIVATE KEY-----'],
  ])('sees %s in %s', (name, text) => {
    expect(detectIndependently(text)).toEqual([name]);
  });

  it('sees nothing in what the mesh itself writes', () => {
    const entry = `sb1 run.accepted.v1 guard e:${'Ab9_-+/'.repeat(12)}\n{"at":1796083200000,"text":"[[EMAIL:vkszn5tdykzttavmdpjo]] [[SECRET]]","hash":"${'4111111111111111'.repeat(4)}","runId":"run_03_01ke4c2xa00123456789abcdef","costNanoUsd":4000000000000000}`;
    expect(detectIndependently(entry)).toEqual([]);
    expect(
      detectIndependently('ce-id: 4f1c2a90-1111-4222-8333-944455556666\nce-time: 2026-11-28T17:00:00.000Z'),
    ).toEqual([]);
  });

  it('sees nothing in entries of earlier releases, which were cleaned', () => {
    const folder = join(ROOT, 'libs/run-engine/golden');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.json'));
    expect(files.length).toBeGreaterThan(10);
    for (const file of files)
      expect([file, detectIndependently(readFileSync(join(folder, file), 'utf8'))]).toEqual([file, []]);
  });

  it('takes time in proportion to the text, whatever it is', () => {
    const cost = (text: string): number => {
      const start = process.cpuUsage().user;
      detectIndependently(text);
      return process.cpuUsage().user - start;
    };
    for (const unit of ['a@', '1 ', '1-', '+1', 'DE89 ', 'AA11', 'eyJa', 'a.', '@', '-----BEGIN ', 'A ', '4111 ']) {
      cost(unit.repeat(10_000));
      const [small, large] = [cost(unit.repeat(20_000)), cost(unit.repeat(200_000))];
      // Ten times the text; a quadratic part would make it a hundred times the work.
      expect([unit, large < 40 * Math.max(small, 2_000)]).toEqual([unit, true]);
    }
  });
});
