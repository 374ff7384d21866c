import type { PiiClass } from '@signalbox/contracts';
import type { Dice } from '../privacy/made-values.ts';
import { NeedleIndex } from './needles.ts';
import { type Spelling, SPELLINGS } from './spellings.ts';
import { CLASSES, isByWords, type MadeValue, makeValue, type PlantedClass } from './values.ts';

export interface Planting {
  id: number;
  class: PiiClass;
  field: string;
  spelling: Spelling | 'JSON' | 'JSON number' | 'JSON in a string';
  /** A harmless word beside the value: where it shows, the value would have shown. */
  marker: string;
}

/** What enters by the guard is refused with a secret in it, so these are planted in requests of their own. */
const REFUSES_SECRETS = /question|instructions|signal|fork|schedule/;
const MARKERS_FROM = 1_000_000;
const SYLLABLES = ['ba', 'de', 'fi', 'go', 'hu', 'ka', 'le', 'mi', 'no', 'pu', 'ra', 'se', 'ti', 'vo', 'wu', 'za'];

/** Which spellings of a class a reader of text can be asked to see through. */
const BY_CLASS: Readonly<Partial<Record<PiiClass, readonly Spelling[]>>> = {
  EMAIL: ['upper'],
  IBAN: ['upper'],
};
const OF_ALL: readonly Spelling[] = ['zero width', 'bidi', 'percent', 'JSON escapes', 'base64', 'base64url'];
const OF_SHAPES: readonly Spelling[] = [...OF_ALL, 'full width', 'look-alikes'];
const WITHOUT_A_WORD: readonly PlantedClass[] = ['EMAIL', 'PHONE', 'CARD', 'IBAN', 'CRYPTO', 'MAC', 'IP', 'URL'];
/** Most of what people write is written plainly. */
const PLAIN_OF_TEN = 5;

/** Makes values, plants them in texts, and knows each of them again wherever it shows. */
export class Planter {
  readonly plantings: Planting[] = [];
  readonly #index = new NeedleIndex();
  readonly #values: string[] = [];
  readonly #dice: Dice;
  #turn = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** Sentences that each hold a value and its marker. */
  sentences(field: string, count: number): string {
    return Array.from({ length: count }, () => this.sentence(field)).join(' ');
  }

  sentence(field: string): string {
    return this.#sentence(field, this.#next(field));
  }

  secret(field: string): string {
    return this.#sentence(field, makeValue('SECRET', this.#dice));
  }

  #sentence(field: string, made: MadeValue): string {
    const spelling = this.#spellingFor(made.class);
    const sentence = this.#dice.of(made.sentences);
    // What is told by its words is encoded with them.
    const encoded = spelling.startsWith('base64');
    const spelled = encoded ? made.value : SPELLINGS[spelling](made.value);
    const plain = sentence.replace('%', () => spelled);
    const { marker } = this.#plant(made, field, spelling, spelled);
    return `${encoded ? `Attached: ${SPELLINGS[spelling](plain)}` : plain} (${marker})`;
  }

  /** A JSON value with a few planted ones, as programs write them. */
  json(field: string, count: number): Record<string, unknown> {
    const fields: [string, unknown][] = [];
    for (let n = 0; n < count; n++) {
      const made = this.#next(field);
      const form =
        made.number !== undefined && n % 2 === 0 ? 'JSON number' : this.#dice.of(['JSON', 'JSON in a string'] as const);
      const { marker } = this.#plant(made, field, form, made.value);
      const inner = { [made.key]: form === 'JSON number' ? made.number : made.value };
      fields.push(
        [`part${n + 1}`, form === 'JSON in a string' ? JSON.stringify(inner) : inner],
        [`note${n + 1}`, marker],
      );
    }
    return Object.fromEntries(fields);
  }

  /** A bare value, for places that hold one and no more: of a class that its shape alone tells. */
  bare(field: string, only?: PlantedClass): string {
    const made = makeValue(only ?? this.#dice.of(WITHOUT_A_WORD), this.#dice);
    this.#plant(made, field, 'plain', made.value);
    return made.value;
  }

  /** The same value once more, elsewhere. */
  again(field: string, made: { class: PiiClass; value: string; shown: string }): void {
    this.#plant(made, field, 'plain', made.value);
  }

  person(): MadeValue {
    return makeValue('PERSON', this.#dice);
  }

  /** For a test that plants one itself. */
  valueOf(id: number): string {
    return this.#values[id] ?? '';
  }

  /** Whose values show in a text, and whose markers. */
  seenIn(text: string): { values: Planting[]; markers: Planting[] } {
    const values: Planting[] = [];
    const markers: Planting[] = [];
    for (const id of this.#index.find(text)) {
      if (id >= MARKERS_FROM) markers.push(this.plantings[id - MARKERS_FROM]!);
      else values.push(this.plantings[id]!);
    }
    return { values, markers };
  }

  /** Each class in its turn, so that even a short run has all; secrets go where they may, since they are refused elsewhere. */
  #next(field: string): MadeValue {
    const name = CLASSES[this.#turn++ % CLASSES.length]!;
    return name === 'SECRET' && REFUSES_SECRETS.test(field) ? this.#next(field) : makeValue(name, this.#dice);
  }

  #spellingFor(name: PiiClass): Spelling {
    if (this.#dice.below(10) < PLAIN_OF_TEN) return 'plain';
    return this.#dice.of([...(isByWords(name) ? OF_ALL : OF_SHAPES), ...(BY_CLASS[name] ?? [])]);
  }

  #plant(
    made: Pick<MadeValue, 'class' | 'value' | 'shown'>,
    field: string,
    spelling: Planting['spelling'],
    spelled: string,
  ): Planting {
    const id = this.plantings.length;
    const planting: Planting = { id, class: made.class, field, spelling, marker: wordOf(id) };
    this.plantings.push(planting);
    this.#values.push(made.value);
    this.#index.add(id, made.shown);
    if (spelling === 'look-alikes') this.#index.add(id, spelled);
    this.#index.add(MARKERS_FROM + id, planting.marker);
    return planting;
  }
}

/** A word that no language has, another one for each number. */
export function wordOf(number: number, prefix = 'zu', syllables = 5): string {
  let rest = number * 7_919 + 12_345;
  let text = prefix;
  for (let n = 0; n < syllables; n++) {
    text += SYLLABLES[rest % SYLLABLES.length]!;
    rest = Math.floor(rest / SYLLABLES.length);
  }
  return text;
}
