import { describe, expect, it } from 'vitest';
import { readArguments } from './arguments.js';

const read = (line: string) => readArguments(line.split(' '));

describe('readArguments', () => {
  it('reads its commands', () => {
    expect(read('render --keys k --out o --port 4222 --tenants acme,globex,acme --store s')).toEqual({
      name: 'render',
      keysDir: 'k',
      outDir: 'o',
      port: 4_222,
      tenants: ['acme', 'globex'],
      storeDir: 's',
    });
    expect(read('provision --keys k --url nats://127.0.0.1:4222')).toEqual({
      name: 'provision',
      keysDir: 'k',
      url: 'nats://127.0.0.1:4222',
      tenants: [],
      replicas: 1,
    });
    expect(read('mend --keys k --url nats://127.0.0.1:4222 --replicas 3')).toMatchObject({ name: 'mend', replicas: 3 });
  });

  it.each([
    ['', 'the first word must be'],
    ['destroy', 'the first word must be'],
    ['render --keys k --out o', '--port is missing'],
    ['render --keys k --out o --port 70000', '--port must be a whole number'],
    ['render --keys k --out o --port 4222 --url nats://x', 'render takes no --url'],
    ['provision --keys k --url http://x', '--url must be'],
    ['provision --keys k --url nats://x --tenants A', 'tenant "A" must be'],
    ['provision --keys k --what', "Unknown option '--what'"],
  ])('refuses "%s"', (line, message) => {
    expect(() => read(line)).toThrow(message);
  });
});
