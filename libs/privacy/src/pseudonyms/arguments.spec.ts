import { describe, expect, it } from 'vitest';
import { redactJson } from '../redaction/redact-json.js';
import { redactText } from '../redaction/redact-text.js';
import { RedactingStream } from '../redaction/redacting-stream.js';
import { TenantRulesets } from '../rules/tenant-rulesets.js';
import { purposeOf, restoreAt, tokensAt } from './arguments.js';
import { tokenFor } from './token.js';

const tenantKey = Buffer.alloc(32, 4);
const mail = tokenFor(tenantKey, 'EMAIL', 'a"b@x.de');
const person = tokenFor(tenantKey, 'PERSON', 'Li');

describe('tokens in arguments', () => {
  const args = {
    to: [`<${mail}>`, mail],
    'a/b~c': { note: `${person} ${mail} ${mail}` },
    [person]: 1,
    raw: `{"to":"${mail}"}`,
  };

  it('are found with the place of the string that holds them', () => {
    expect(tokensAt(args)).toEqual([
      { token: mail, pointer: '/to/0' },
      { token: mail, pointer: '/to/1' },
      { token: person, pointer: '/a~1b~0c/note' },
      { token: mail, pointer: '/a~1b~0c/note' },
      { token: mail, pointer: '/raw' },
    ]);
    expect(tokensAt({ n: 1, x: null, y: 'no [[EMAIL:x]]' })).toEqual([]);
  });

  it('are replaced where it is said and nowhere else; JSON in a string stays JSON', () => {
    const given = restoreAt(args, ({ token, pointer }) =>
      token === mail && (pointer === '/to/1' || pointer === '/raw') ? 'a"b@x.de' : undefined,
    ) as typeof args;
    expect(given.to).toEqual([`<${mail}>`, 'a"b@x.de']);
    expect(JSON.parse(given.raw)).toEqual({ to: 'a"b@x.de' });
    expect(given['a/b~c']).toEqual(args['a/b~c']);
    expect(given[person]).toBe(1);
  });

  it('have the purpose that their tool says', () => {
    const needs = [{ pointer: '/to', purpose: 'send' }];
    expect(['/to', '/to/0', '/too', ''].map((pointer) => purposeOf(needs, pointer))).toEqual(['send', 'send', '', '']);
    expect(purposeOf(undefined, '/to')).toBe('');
  });
});

describe('values that a tool was given', () => {
  const known = [
    { class: 'PERSON' as const, value: 'Li' },
    { class: 'USERNAME' as const, value: 'x17' },
  ];
  const ruleset = new TenantRulesets().forGate({ rules: [], patterns: [] }, 'tool', [], { revealed: known });
  const options = { ruleset, tenantKey };
  const user = tokenFor(tenantKey, 'USERNAME', 'x17');

  it('come back as their tokens, in any case, in keys and in base64, without a cue; as whole words', () => {
    expect(redactText('li, LI and x17; not lists or x170', options).text).toBe(
      `${person}, ${person} and ${user}; not lists or x170`,
    );
    const body = { Li: { seen: 'x17' }, code: Buffer.from('for Li, once').toString('base64') };
    const { value } = redactJson(JSON.stringify(body), options);
    expect(JSON.parse(String(value))).toEqual({
      [person]: { seen: user },
      code: Buffer.from(`for ${person}, once`).toString('base64'),
    });
  });

  it('also in a stream, however it is cut', () => {
    const text = 'Sent to Li (x17), then to Lila; LI.';
    const whole = redactText(text, options).text;
    for (let size = 1; size < text.length; size += 1) {
      const stream = new RedactingStream(options);
      let out = '';
      for (let at = 0; at < text.length; at += size) out += stream.push(text.slice(at, at + size));
      expect(out + stream.end()).toBe(whole);
    }
  });
});
