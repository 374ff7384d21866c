/**
 * `node tools/run.mjs tools/golden/record.ts v0.2` records the journals that this version writes, one a scene, into
 * libs/run-engine/golden/v0.2. Those of a past release are never recorded again: what it wrote is out there.
 * `--only a,b` records single scenes.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goldenLines } from './golden-journal.ts';
import { SCENES } from './scenes.ts';
import { GoldenWorld } from './world.ts';

const [release = '', , only] = process.argv.slice(2);
if (!/^v\d+\.\d+$/.test(release)) {
  process.stderr.write('usage: node tools/run.mjs tools/golden/record.ts v<major>.<minor> [--only <scene>,…]\n');
  process.exit(2);
}
const folder = join(import.meta.dirname, '../../libs/run-engine/golden', release);
const wanted = Object.entries(SCENES).filter(([name]) => only === undefined || only.split(',').includes(name));
const taken = wanted.filter(([name]) => existsSync(join(folder, `${name}.jsonl`))).map(([name]) => name);
if (taken.length > 0) {
  process.stderr.write(`recorded before, and kept: ${taken.join(', ')}\n`);
  process.exit(1);
}
mkdirSync(folder, { recursive: true });
const world = await GoldenWorld.open();
try {
  for (const [name, scene] of wanted) {
    const lines = goldenLines(name, await world.journal(await scene(world)));
    writeFileSync(join(folder, `${name}.jsonl`), lines);
    process.stdout.write(`${name}: ${lines.split('\n').length - 2} entries, ${lines.length} bytes\n`);
  }
} finally {
  await world.close();
}
