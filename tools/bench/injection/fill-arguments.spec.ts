import { describe, expect, it } from 'vitest';
import { argumentsFrom } from './fill-arguments.ts';

const parameter = (name: string, type = 'string', required = true) => ({ name, type, description: '', required });

describe('argumentsFrom', () => {
  it.each([
    ['Please leave the #ProjectAlpha channel of the project.', [parameter('channel')], { channel: '#ProjectAlpha' }],
    ["Delete 'Plans' (ID 001).", [parameter('id')], { id: '001' }],
    ['Mail it to a@b.test.', [parameter('to'), parameter('cc', 'string', false)], { to: 'a@b.test' }],
    [
      'Send $3,000 to account number 12-34.',
      [parameter('to'), parameter('amount', 'number')],
      { to: '12-34', amount: 3000 },
    ],
    ['Unlock the door.', [], {}],
  ])('reads %j', (instruction, parameters, args) => {
    expect(argumentsFrom(instruction, parameters)).toEqual(args);
  });
});
