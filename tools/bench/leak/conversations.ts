import type { Dice } from '../privacy/made-values.ts';
import { type Conversation, type Kind, KINDS, type ModelStep } from './conversation.ts';
import { type Planter, wordOf } from './planter.ts';

/** How many of a hundred conversations are of each kind. */
const SHARES: Readonly<Record<Kind, number>> = {
  ask: 23,
  invent: 22,
  tool: 20,
  'tool error': 7,
  session: 6,
  'provider error': 4,
  refused: 5,
  intervene: 4,
  answer: 2,
  fork: 3,
  code: 1,
  secret: 3,
};
/** Each run of a program is a sandbox. */
const CODE_MAX = 20;
const TURNS: readonly Kind[] = spread();

function spread(): Kind[] {
  const turns: { kind: Kind; at: number }[] = KINDS.flatMap((kind) =>
    Array.from({ length: SHARES[kind] }, (_, n) => ({ kind, at: (n + 0.5) / SHARES[kind] })),
  );
  return turns.toSorted((a, b) => a.at - b.at).map(({ kind }) => kind);
}

export function makeConversations(count: number, planter: Planter, dice: Dice, serverUrl: string): Conversation[] {
  let programs = 0;
  return Array.from({ length: count }, (_, number) => {
    let kind = TURNS[number % TURNS.length]!;
    if (kind === 'code' && ++programs > CODE_MAX) kind = 'tool';
    const maker = new Maker(number, planter, dice, serverUrl);
    return maker.make(kind);
  });
}

class Maker {
  readonly #planter: Planter;
  readonly #dice: Dice;
  readonly #word: string;
  readonly #number: number;
  readonly #url: string;

  constructor(number: number, planter: Planter, dice: Dice, serverUrl: string) {
    this.#number = number;
    this.#planter = planter;
    this.#dice = dice;
    this.#word = wordOf(number, 'ko', 6);
    this.#url = `${serverUrl}/t/${this.#word}`;
  }

  make(kind: Kind): Conversation {
    const made = this.#plain(kind);
    const plant = this.#planter;
    switch (kind) {
      case 'ask':
        return this.#asked(made);
      case 'invent':
        made.stream = this.#number % 4 > 0;
        made.steps = [this.#step({ text: plant.sentences(made.stream ? 'streamed answer' : 'model answer', 4) })];
        return made;
      case 'tool':
        return this.#withTool(made);
      case 'tool error':
        return this.#withToolError(made);
      case 'session':
        made.session = plant.bare('name of a session');
        made.said = { again: `${plant.sentence('second question')} case ${this.#word}` };
        return made;
      case 'provider error':
        made.steps = [
          this.#step({
            fail: {
              status: this.#dice.of([400, 401, 404, 422]),
              body: JSON.stringify({
                error: { message: plant.sentences('error of a provider', 2), type: plant.bare('error of a provider') },
              }),
            },
          }),
        ];
        return made;
      case 'refused':
        made.said = {
          field: plant.bare('refused request'),
          text: plant.sentence('refused request'),
          path: plant.bare('HTTP path'),
          header: plant.bare('header'),
          key: plant.bare('bearer key', 'SECRET'),
        };
        return made;
      case 'intervene':
        return this.#interfered(made);
      case 'answer':
        made.way = 'NATS';
        made.steps = [
          this.#call('send', { url: `${this.#url}/0`, method: 'POST', body: plant.json('tool arguments', 1) }),
          this.#step({ echo: true }),
        ];
        made.answers = [{ status: 200, headers: {}, body: '', hang: true }];
        made.said = { result: plant.sentences('answer to a question', 2) };
        return made;
      case 'fork':
        made.said = {
          input: `${plant.sentence('input of a fork')} case ${this.#word}`,
          instructions: plant.sentence('instructions of a fork'),
        };
        return made;
      case 'secret':
        made.input = `${plant.secret('secret in a request')} This is case ${this.#word}.`;
        return made;
      case 'code':
        return this.#withProgram(made);
    }
  }

  #plain(kind: Kind): Conversation {
    const input = `${this.#planter.sentences('question', 2)} This is case ${this.#word}.`;
    const way = this.#number % 3 === 0 ? 'NATS' : 'HTTP';
    return {
      word: this.#word,
      kind,
      way,
      stream: this.#number % 5 === 0,
      input,
      steps: [this.#step({ echo: true })],
      answers: [],
      said: {},
    };
  }

  /** Everything that can be said to a run while it goes on. */
  #interfered(made: Conversation): Conversation {
    const reason = (of: string): string => `asked for by ${this.#planter.bare(`reason of a ${of}`)}`;
    made.way = 'NATS';
    made.steps = [this.#step({ hang: true })];
    made.said = {
      pause: reason('pause'),
      resume: reason('resume'),
      signal: JSON.stringify(this.#planter.json('signal', 3)),
      cancel: reason('cancel'),
    };
    return made;
  }

  #asked(made: Conversation): Conversation {
    const plant = this.#planter;
    const data = JSON.stringify(plant.json('JSON in a question', 2));
    made.input = this.#number % 2 === 0 ? `${made.input}\n${data}` : `${data}\nWhat is in case ${this.#word}?`;
    if (this.#number % 3 === 0) made.instructions = plant.sentence('instructions');
    if (this.#number % 4 === 0) {
      const person = plant.person();
      made.names = [person.value];
      made.input = `I am ${person.value}. ${made.input}`;
      plant.again('name in the profile', person);
    }
    if (this.#number % 5 === 0) made.idempotencyKey = `${plant.bare('idempotency key', 'EMAIL')}-${this.#number}`;
    if (this.#number % 6 === 0) made.metadata = { ticket: plant.bare('metadata'), note: plant.sentence('metadata') };
    return made;
  }

  #withTool(made: Conversation): Conversation {
    const plant = this.#planter;
    const body = this.#number % 3 === 0 ? plant.sentence('tool arguments') : plant.json('tool arguments', 2);
    made.steps = [
      this.#call(
        'ask_server',
        { url: `${this.#url}/0?q=${encodeURIComponent(plant.bare('tool arguments', 'EMAIL'))}`, method: 'POST', body },
        plant.sentence('model answer'),
      ),
      this.#step({ echo: true }),
    ];
    const isJson = this.#number % 2 === 0;
    made.answers = [
      {
        status: this.#dice.of([200, 200, 201, 404, 500, 302]),
        headers: {
          'content-type': isJson ? 'application/json' : 'text/plain; charset=utf-8',
          location: `/people/${encodeURIComponent(plant.bare('header of a tool result', 'EMAIL'))}`,
        },
        body: isJson
          ? JSON.stringify({ rows: [plant.json('tool result, JSON', 3)] })
          : plant.sentences('tool result, text', 3),
      },
    ];
    return made;
  }

  #withToolError(made: Conversation): Conversation {
    const plant = this.#planter;
    const email = plant.bare('error of a tool', 'EMAIL');
    const wrong = [
      {
        name: 'ask_server',
        arguments: JSON.stringify({ url: `http://${email.replace('@', '.at.')}/${encodeURIComponent(email)}` }),
      },
      { name: 'ask_server', arguments: JSON.stringify({ url: 7, [email]: plant.sentence('error of a tool') }) },
      { name: email.slice(0, 60), arguments: '{}' },
      { name: 'ask_server', arguments: plant.sentence('error of a tool') },
      { name: 'ask_server', arguments: JSON.stringify({ url: `${this.#url}/0`, headers: { 'x-who': `${email}\n` } }) },
    ];
    made.steps = [this.#step({ calls: [wrong[this.#number % wrong.length]!] }), this.#step({ echo: true })];
    return made;
  }

  /** The program puts the value together, so that its text does not hold it. */
  #withProgram(made: Conversation): Conversation {
    const values = [
      this.#planter.bare('printed by a program', 'EMAIL'),
      this.#planter.bare('printed by a program', 'IBAN'),
    ];
    const parts = values.map((value) => [...value].join('_q_'));
    const end = this.#number % 2 === 0 ? '' : '; raise SystemExit("no account of " + part.replace("_q_", ""))';
    made.steps = [
      this.#call('program', { code: `for part in ${JSON.stringify(parts)}: print(part.replace("_q_", ""))${end}` }),
      this.#step({ echo: true }),
    ];
    return made;
  }

  #call(name: string, args: object, text?: string): ModelStep {
    return this.#step({ calls: [{ name, arguments: JSON.stringify(args) }], ...(text === undefined ? {} : { text }) });
  }

  #step(step: Omit<ModelStep, 'chunkChars'>): ModelStep {
    return { ...step, chunkChars: 1 + (this.#number % 64) };
  }
}
