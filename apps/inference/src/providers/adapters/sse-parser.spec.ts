import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SseParser } from './sse-parser.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string, max = 1_000): string[] => {
  const parser = new SseParser(max);
  return [...parser.push(bytes(text)), ...parser.end()];
};

describe('SseParser', () => {
  it.each([
    ['events', 'data: a\n\ndata: b\n\n', ['a', 'b']],
    ['CRLF and CR', 'data: a\r\n\r\ndata: b\r\rdata: c\n\n', ['a', 'b', 'c']],
    ['one optional space', 'data:a\n\ndata:  b\n\n', ['a', ' b']],
    ['several data lines', 'data: a\ndata:\ndata: c\n\n', ['a\n\nc']],
    ['comments and other fields', ': keep\nevent: x\nid: 7\nretry: 3\ndata: a\n\n: end\n\n', ['a']],
    ['a field without a colon', 'data\n\nother\n\n', ['']],
    ['a byte order mark', '\uFEFFdata: a\n\n', ['a']],
    ['a missing last empty line', 'data: a\n\ndata: [DONE]\n', ['a', '[DONE]']],
    ['a last CR', 'data: a\r', ['a']],
    ['a cut last line', 'data: a\n\ndata: b\ndata: {"x', ['a']],
    ['nothing', '', []],
    ['empty lines', '\n\n\r\n', []],
    ['text beyond ASCII', 'data: Grüße 👋🏽\n\n', ['Grüße 👋🏽']],
  ])('reads %s', (_name, text, events) => {
    expect(parse(text)).toEqual(events);
  });

  it('gives the same events however the bytes are split', () => {
    const line = fc.constantFrom('data: ä👋', 'data:', ': c', 'event: e', '', '', 'data: {"a":1}', 'datax: 1');
    const ending = fc.constantFrom('\n', '\r\n', '\r');
    const text = fc
      .array(
        fc.tuple(line, ending).map((pair) => pair.join('')),
        { maxLength: 12 },
      )
      .map((lines) => lines.join(''));
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 40 }), (stream, sizes) => {
        const parser = new SseParser(1_000);
        const all = bytes(stream);
        const events: string[] = [];
        for (let at = 0, n = 0; at < all.length; n++) {
          const size = sizes[n % sizes.length] ?? 1;
          events.push(...parser.push(all.subarray(at, at + size)));
          at += size;
        }
        expect([...events, ...parser.end()]).toEqual(parse(stream));
      }),
    );
  });

  it('refuses an event beyond its bound, in one line or many', () => {
    expect(() => parse(`data: ${'x'.repeat(200)}`, 100)).toThrow(/larger than 100/);
    expect(() => parse('data: 0123456789\n'.repeat(20), 100)).toThrow(/larger than 100/);
    expect(parse(`data: ${'x'.repeat(90)}\n\n`.repeat(50), 100)).toHaveLength(50);
  });

  it('refuses what is not UTF-8, also when it is cut', () => {
    const broken = new SseParser(100);
    expect(() => broken.push(new Uint8Array([0x64, 0xff]))).toThrow(/UTF-8/);
    const cut = new SseParser(100);
    expect(cut.push(new Uint8Array([0x64, 0xc3]))).toEqual([]);
    expect(() => cut.end()).toThrow(/UTF-8/);
  });

  it('takes a long event in small pieces in linear time', () => {
    const parser = new SseParser(5_000_000);
    const piece = bytes('x'.repeat(100));
    parser.push(bytes('data: '));
    for (let n = 0; n < 40_000; n++) parser.push(piece);
    expect(parser.push(bytes('\n\n'))[0]).toHaveLength(4_000_000);
  });
});
