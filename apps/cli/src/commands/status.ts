import { readArguments } from '../arguments.js';
import { openAccess } from '../mesh-access.js';
import { table } from '../table.js';

/** `signalbox status`: the processes of the mesh, their memory and their addresses. */
export async function status(argv: string[]): Promise<number> {
  const { values } = readArguments(argv, {});
  const { urls, pids } = openAccess(values);
  const rows = Object.entries(pids).map(([name, pid]) => ({ name, pid, alive: isAlive(pid), url: urls[name] ?? '' }));
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else
    process.stdout.write(
      `${table(
        ['process', 'pid', 'state', 'url'],
        rows.map((row) => [row.name, row.pid, row.alive ? 'up' : 'DOWN', row.url]),
      )}\n`,
    );
  return rows.every((row) => row.alive) ? 0 : 1;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
