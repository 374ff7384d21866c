/** Ten durable steps that do nothing, behind HTTP. Argument: the port. Environment: BENCH_PG_URL. */
import { createServer } from 'node:http';
import { DBOS } from '@dbos-inc/dbos-sdk';

const STEPS = 10;
const POOL_SIZE = 20;

const run = DBOS.registerWorkflow(
  async (start) => {
    let value = start;
    for (let step = 0; step < STEPS; step++) {
      const before = value;
      value = await DBOS.runStep(async () => before + 1, { name: `step ${step}` });
    }
    return value;
  },
  { name: 'run' },
);

const url = new URL(process.env.BENCH_PG_URL);
url.pathname = '/dbos';
DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url.href, systemDatabasePoolSize: POOL_SIZE, logLevel: 'error' });
await DBOS.launch();

const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    run(1).then(
      (value) => response.end(String(value)),
      (error) => {
        response.statusCode = 500;
        response.end(String(error));
      },
    );
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1');
