import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { baseConfig, loadConfig, variableOf } from './config.js';

const folder = mkdtempSync(join(tmpdir(), 'signalbox-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fileWith = (text: string): string => {
  const path = join(folder, `secret-${text.length}`);
  writeFileSync(path, text);
  return path;
};

const shape = { adminToken: z.string(), healthPort: z.coerce.number().int().default(8_080) };
const problemsOf = (env: Record<string, string>): string[] => {
  try {
    loadConfig(shape, env);
    return [];
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    expect(code).toBe('CONFIG_INVALID');
    return message.split('\n  ').slice(1);
  }
};

describe('loadConfig', () => {
  it('lists every bad variable in one error, and no value', () => {
    const all = {
      natsUrl: z.string().startsWith('nats://'),
      healthPort: z.coerce.number().int(),
      mode: z.enum(['a', 'b']),
    };
    const env = { SIGNALBOX_NATS_URL: 'http://secret', SIGNALBOX_HEALTH_PORT: 'secret', SIGNALBOX_MODE: 'secret' };
    expect(() => loadConfig(all, env)).toThrow(/SIGNALBOX_NATS_URL[\s\S]*SIGNALBOX_HEALTH_PORT[\s\S]*SIGNALBOX_MODE/);
    expect(() => loadConfig(all, env)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('secret') }),
    );
  });

  it('names what is missing, once', () => {
    expect(problemsOf({})).toEqual(['SIGNALBOX_ADMIN_TOKEN: is not set']);
    expect(() => loadConfig(baseConfig, {})).toThrow(/SIGNALBOX_HEALTH_PORT: is not set/);
  });

  it('takes blank variables for unset ones: never for a zero or an empty secret', () => {
    expect(
      loadConfig(shape, { SIGNALBOX_ADMIN_TOKEN: 'x', SIGNALBOX_HEALTH_PORT: '', SIGNALBOX_ADMIN_TOKEN_FILE: '' }),
    ).toEqual({
      adminToken: 'x',
      healthPort: 8_080,
    });
    expect(loadConfig(shape, { SIGNALBOX_ADMIN_TOKEN: 'x', SIGNALBOX_HEALTH_PORT: '  ' }).healthPort).toBe(8_080);
    expect(problemsOf({ SIGNALBOX_ADMIN_TOKEN: ' ' })).toEqual(['SIGNALBOX_ADMIN_TOKEN: is not set']);
  });

  it('ignores what other apps read', () => {
    const env = { SIGNALBOX_ADMIN_TOKEN: 'x', SIGNALBOX_ELSEWHERE: 'y', ADMIN_TOKEN: 'z', adminToken: 'z' };
    expect(loadConfig(shape, env)).toEqual({ adminToken: 'x', healthPort: 8_080 });
  });

  it('reads secrets and anything else from files, without the last line end', () => {
    const env = { SIGNALBOX_ADMIN_TOKEN_FILE: fileWith('s3cret\n'), SIGNALBOX_HEALTH_PORT_FILE: fileWith('9') };
    expect(loadConfig(shape, env)).toEqual({ adminToken: 's3cret', healthPort: 9 });
  });

  it('refuses a file that is missing, empty or beside its variable, and tells each once', () => {
    expect(problemsOf({ SIGNALBOX_ADMIN_TOKEN_FILE: '/nowhere/at/all' })).toEqual([
      'SIGNALBOX_ADMIN_TOKEN_FILE: the file cannot be read',
    ]);
    expect(problemsOf({ SIGNALBOX_ADMIN_TOKEN_FILE: fileWith(' \n') })).toEqual([
      'SIGNALBOX_ADMIN_TOKEN_FILE: the file is empty',
    ]);
    expect(problemsOf({ SIGNALBOX_ADMIN_TOKEN_FILE: fileWith('one'), SIGNALBOX_ADMIN_TOKEN: 'two' })).toEqual([
      'SIGNALBOX_ADMIN_TOKEN: is set beside SIGNALBOX_ADMIN_TOKEN_FILE; set one of them',
    ]);
  });

  it('gives what nobody can change', () => {
    expect(Object.isFrozen(loadConfig(shape, { SIGNALBOX_ADMIN_TOKEN: 'x' }))).toBe(true);
    expect(variableOf('providerKey')).toBe('SIGNALBOX_PROVIDER_KEY');
  });
});
