import { describe, expect, it } from 'vitest';
import { readResponseRequest, responseIdOf, runIdOf, toRunRequest } from './response-request.js';

const caller = { tenant: 'demo', keyDigest: '0'.repeat(64) };
const requestId = 'req_00000000000000000000000000';
const RUN = `run_03_${'0'.repeat(26)}`;

const asRun = (body: object) => toRunRequest(readResponseRequest({ model: 'analyst', ...body }), caller, requestId);

describe('a Responses request', () => {
  it('with a text is one message of the user', () => {
    expect(asRun({ input: 'Hello.' })).toEqual({
      keyDigest: caller.keyDigest,
      requestId,
      agent: 'analyst',
      input: [{ role: 'user', content: 'Hello.' }],
      stream: false,
    });
  });

  it('with parts, a developer and instructions is one conversation', () => {
    const input = [
      { role: 'developer', content: 'Be exact.' },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'a' },
          { type: 'input_text', text: 'b' },
        ],
      },
    ];
    expect(asRun({ input, instructions: 'Be short.' }).input).toEqual([
      { role: 'system', content: 'Be short.' },
      { role: 'system', content: 'Be exact.' },
      { role: 'user', content: 'ab' },
    ]);
  });

  it('says of messages that are only passed on that they are', () => {
    const input = [
      { role: 'user', content: 'Sum this up.' },
      { role: 'user', content: 'Dear sir', untrusted: true },
    ];
    const run = asRun({ input, signalbox: { readers: ['hr'] } });
    expect(run).toMatchObject({ readers: ['hr'] });
    expect(run.input).toEqual(input);
  });

  it.each(['input_image', 'image_url', 'input_audio', 'audio', 'input_file', 'file', 'video_url'])(
    'is refused with a part of type %s, which cannot be scanned',
    (type) => {
      const part = { type, image_url: 'data:image/png;base64,AAAA', file_id: 'f' };
      const refused = expect.objectContaining({
        code: 'CONTENT_BLOCKED',
        message: expect.stringContaining(`input.1: ${type} cannot be scanned`) as string,
        details: { fields: ['input.1'], class: 'UNSCANNED' },
      }) as Error;
      const text = { role: 'user', content: 'Look.' };
      expect(() =>
        asRun({ input: [text, { role: 'user', content: [{ type: 'input_text', text: 'a' }, part] }] }),
      ).toThrow(refused);
      expect(() => asRun({ input: [text, part] })).toThrow(refused);
    },
  );

  it('keeps its place in a conversation, its profile and its limits', () => {
    expect(asRun({ input: 'x', conversation: { id: 'c' } }).session).toBe('c');
    expect(asRun({ input: 'x', previous_response_id: responseIdOf(RUN) }).previousRunId).toBe(RUN);
    const signalbox = { profile: { names: ['Ann Lee'] }, limits: { stepsMax: 2 } };
    expect(asRun({ input: 'x', signalbox, stream: true })).toMatchObject({ ...signalbox, stream: true });
  });

  it('may fork a run, with words of its own or without', () => {
    const fork = { runId: RUN, step: 2, model: 'other', instructions: 'Be brief.' };
    expect(asRun({ signalbox: { fork } })).toMatchObject({ fork, input: [] });
    expect(asRun({ signalbox: { fork }, input: 'And now?' }).input).toEqual([{ role: 'user', content: 'And now?' }]);
    for (const wrong of [{ ...fork, step: -1 }, { ...fork, runId: 'run' }, { ...fork, tools: [] }, { runId: RUN }])
      expect(() => asRun({ signalbox: { fork: wrong } })).toThrow(
        expect.objectContaining({ code: 'REQUEST_INVALID' }) as Error,
      );
    expect(() => asRun({})).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', details: { fields: ['input'] } }) as Error,
    );
  });

  it.each([
    { temperature: 0.2, top_p: 1, max_output_tokens: 5, metadata: { a: 'b' }, user: 'u', store: true },
    { tools: [], tool_choice: 'auto', include: null },
  ])('may tune what does not govern: %j', (tuning) => {
    expect(asRun({ input: 'x', ...tuning })).toEqual(asRun({ input: 'x' }));
  });

  it.each(['tools', 'tool_choice', 'prompt', 'include'])('may not set %s', (name) => {
    expect(() => asRun({ input: 'x', [name]: ['anything'] })).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', details: { fields: [name] } }) as Error,
    );
  });
});

describe('the id of a response', () => {
  it('is the run’s under another name', () => {
    expect(runIdOf(responseIdOf(RUN))).toBe(RUN);
  });

  it.each(['', 'resp_', RUN, `resp_99_${'0'.repeat(26)}`, `resp_03_${'0'.repeat(25)}`, 'resp_03_*', 'resp_03_>'])(
    '%j is unknown',
    (id) => {
      expect(() => runIdOf(id)).toThrow(expect.objectContaining({ code: 'RUN_UNKNOWN' }) as Error);
    },
  );
});
