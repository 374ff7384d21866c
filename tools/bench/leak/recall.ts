import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createRuleset } from '@signalbox/privacy';
import { findIn, heldOut, readSamples } from '../privacy/labelled.ts';
import { makeCorpus } from '../privacy/made-corpus.ts';
import { evaluate } from '../privacy/span-evaluator.ts';
import type { MissBounds } from './report.ts';

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const DATA = process.env['SIGNALBOX_DATA'] ?? join(ROOT, '..', 'shared', 'data');
const FILE = join(DATA, 'privacy', 'presidio_synth_dataset_v2.json');
const IOU = 0.75;

/**
 * What `npm run bench -- privacy` publishes as recall of names and of places with their addresses, of the profile that
 * the gates use; on the data set where it is to be had, else on the corpus made here.
 */
export function missBounds(): { bounds: MissBounds; from: string } {
  const present = existsSync(FILE);
  const samples = present ? heldOut(readSamples(FILE), FILE) : makeCorpus();
  const { byType } = evaluate(findIn(samples, createRuleset()), { iou: IOU, typed: true });
  const miss = (type: string): number => 1 - (byType.get(type)?.recall ?? 0);
  return {
    bounds: { PERSON: miss('PERSON'), ADDRESS: miss('LOCATION') },
    from: present ? 'the published data set, odd templates' : 'the corpus made here',
  };
}
