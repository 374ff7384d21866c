import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { testFolder } from './test-folder.js';

/** Stretches of each text, UTF-16, end exclusive. */
type Found = { class: string; start: number; end: number }[][];

/** A recogniser process as an operator runs one, on a Unix socket. */
export interface TestRecogniser {
  /** `unix:/path`. */
  url: string;
  /** The texts of each request. */
  asked: string[][];
  /** Answers so from now on, in place of finding its names. */
  answer(how: ((texts: string[], response: ServerResponse) => void) | undefined): void;
  stop(): Promise<void>;
  restart(): Promise<void>;
}

/** Finds these names wherever a text has them. */
export async function startRecogniser(names: string[]): Promise<TestRecogniser> {
  const path = join(testFolder('recogniser'), 'socket');
  const asked: string[][] = [];
  let answer: Parameters<TestRecogniser['answer']>[0];
  let server: Server;
  const listen = async (): Promise<void> => {
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
      request.on('end', () => {
        const { texts } = JSON.parse(body) as { texts: string[] };
        asked.push(texts);
        if (answer) answer(texts, response);
        else response.end(JSON.stringify({ found: texts.map((text) => namesIn(text, names)) }));
      });
    });
    server.listen(path);
    await once(server, 'listening');
  };
  await listen();
  return {
    url: `unix:${path}`,
    asked,
    answer: (how) => void (answer = how),
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    restart: listen,
  };
}

function namesIn(text: string, names: string[]): Found[number] {
  return names.flatMap((name) => {
    const start = text.indexOf(name);
    return start < 0 ? [] : [{ class: 'PERSON', start, end: start + name.length }];
  });
}
