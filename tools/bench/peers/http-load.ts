/** Starts runs by HTTP POST over kept connections and waits for each answer. A kind of runs is its URL. */
import { Agent, request } from 'node:http';
import { serveLoad } from '../runs/closed-loop.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 4_096 });

function post(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (answer) => {
      answer.resume();
      answer.once('error', reject);
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`the peer answered ${answer.statusCode}`));
      });
    });
    call.once('error', reject);
    call.end('1');
  });
}

serveLoad(post);
