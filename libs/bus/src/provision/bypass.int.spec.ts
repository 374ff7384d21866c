import {
  type AccountName,
  ACCOUNTS,
  ACCOUNT_SERVICES,
  BUCKETS,
  type Channel,
  channelList,
  CONSUMERS,
  inboxPrefix,
  OBJECT_STORES,
  objectStream,
  type ObjectStoreSpec,
  type ServiceName,
  SAMPLED,
  STREAMS,
  subjects,
} from '@signalbox/contracts';
import { startMesh, type TestMesh, waitFor } from '@signalbox/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Probe } from './probe.js';
import { selfTest } from './self-test.js';
import { connectService, connectTenant } from './user-connection.js';

const REQUEST = { timeout: 3_000 };
const RUN_ID = 'run_00_0123456789abcdefghjkmnpqrs';
const reply = (message: Msg): Record<string, unknown> => message.json<Record<string, unknown>>();

let mesh: TestMesh;
const open: NatsConnection[] = [];

beforeAll(async () => {
  mesh = await startMesh({ tenants: ['acme', 'globex'] });
});
afterAll(async () => {
  await Promise.all(open.map((connection) => connection.close()));
  await mesh.stop();
});

async function as(service: ServiceName, account: AccountName = 'CORE'): Promise<Probe> {
  const connection = await connectService({ url: mesh.url, keysDir: mesh.keysRoot }, service, account);
  open.push(connection);
  return new Probe(service, connection);
}

async function asTenant(tenant: string): Promise<Probe> {
  const connection = await connectTenant({ url: mesh.url, keysDir: mesh.keysRoot }, tenant);
  open.push(connection);
  return new Probe(tenant, connection);
}

async function administer(account: AccountName) {
  return jetstreamManager((await as('provisioner', account)).connection, { checkAPI: false });
}

const stored = async (account: AccountName, stream: string): Promise<number> =>
  (await (await administer(account)).streams.info(stream)).state.messages;

/** Takes one message from a durable and acknowledges it. */
async function takeOne({ connection, name }: Probe, stream: string, durable: string): Promise<Msg> {
  const inbox = `${inboxPrefix(name)}.take`;
  const arrived: Msg[] = [];
  const subscription = connection.subscribe(inbox, { callback: (_, message) => void arrived.push(message) });
  connection.publish(
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
    JSON.stringify({ batch: 1, expires: 3_000_000_000 }),
    {
      reply: inbox,
    },
  );
  const message = await waitFor(() => arrived[0], { what: `a message of ${durable}` });
  await connection.request(message.reply ?? '', '', REQUEST);
  subscription.unsubscribe();
  return message;
}

/** Asks and collects what comes until an empty message ends it. */
async function askStreamed({ connection }: Probe, subject: string, inbox: string): Promise<string[]> {
  const parts: string[] = [];
  const subscription = connection.subscribe(inbox, { callback: (_, message) => void parts.push(message.string()) });
  connection.publish(subject, '{}', { reply: inbox });
  await waitFor(() => parts.at(-1) === '', { what: 'the end of the streamed reply' });
  subscription.unsubscribe();
  return parts.slice(0, -1);
}

describe('the self-test', () => {
  it('finds no way round the guard, quickly, and leaves nothing behind', async () => {
    const started = performance.now();
    const report = await selfTest({ url: mesh.url, keysDir: mesh.keysRoot, tenants: mesh.tenants });
    const tookMs = performance.now() - started;
    expect(report.attempts.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.attempts.length).toBeGreaterThan(150);
    expect(tookMs).toBeLessThan(10_000);
    for (const account of ACCOUNTS) {
      for (const { name } of STREAMS.filter((stream) => stream.account === account))
        expect(await stored(account, name)).toBe(0);
    }
  });
});

describe('what must work', () => {
  it('takes a tenant’s request through its own account to the guard', async () => {
    const [tenant, guard] = [await asTenant('acme'), await as('guard', 'GATE')];
    const receipt = reply(await tenant.connection.request(subjects.in('acme', 'run'), '{"n":1}', REQUEST));
    expect(receipt).toMatchObject({ stream: 'IN' });
    expect(receipt).not.toHaveProperty('error');
    const message = await takeOne(guard, 'IN', 'guard-in');
    expect([message.subject, message.string()]).toEqual(['sb.v1.in.acme.run', '{"n":1}']);
    expect(await stored('GATE', 'IN')).toBe(0);
  });

  it('gives streamed replies to the gateway and to a tenant, whole', async () => {
    const [guard, gateway, tenant] = [await as('guard', 'GATE'), await as('gateway', 'GATE'), await asTenant('globex')];
    guard.connection.subscribe('sb.v1.ask.*.watch', {
      queue: 'guard',
      callback: (_, message) => ['1', '2', '3', '4', '5', ''].forEach((part) => message.respond(part)),
    });
    await guard.connection.flush();
    const parts = ['1', '2', '3', '4', '5'];
    expect(await askStreamed(gateway, subjects.ask('acme', 'watch'), '_INBOX_gateway.watch')).toEqual(parts);
    expect(await askStreamed(tenant, subjects.ask('globex', 'watch'), '_INBOX.watch')).toEqual(parts);
  });

  it('lets the router append and read a journal, and each worker take its work', async () => {
    const [router, inference] = [await as('router'), await as('inference')];
    const subject = subjects.run('acme', RUN_ID);
    expect(reply(await router.connection.request(subject, 'entry', REQUEST))).toMatchObject({ stream: 'RUN_00' });
    const last = await router.connection.request(`$JS.API.DIRECT.GET.RUN_00.${subject}`, '', REQUEST);
    expect(last.string()).toBe('entry');
    await router.connection.request(subjects.workInfer('any', 'acme'), 'work', REQUEST);
    expect((await takeOne(inference, 'WORK_INFER', 'inference-default')).string()).toBe('work');
    expect(await stored('CORE', 'WORK_INFER')).toBe(0);
  });

  it('lets policy publish a bundle that the others read', async () => {
    const [policy, router] = [await as('policy'), await as('router')];
    expect(reply(await policy.connection.request('$KV.policy.acme.bundle', 'bundle', REQUEST))).toMatchObject({
      stream: 'KV_policy',
    });
    const bundle = await router.connection.request('$JS.API.DIRECT.GET.KV_policy.$KV.policy.acme.bundle', '', REQUEST);
    expect(bundle.string()).toBe('bundle');
  });

  it('republishes tokens live to the guard', async () => {
    const [inference, guard] = [await as('inference'), await as('guard')];
    const live: Msg[] = [];
    guard.connection.subscribe(subjects.live('acme', RUN_ID), { callback: (_, message) => void live.push(message) });
    await guard.connection.flush();
    await inference.connection.request(subjects.tok('acme', RUN_ID), 'delta', REQUEST);
    const message = await waitFor(() => live[0], { what: 'the live token' });
    expect([message.string(), message.headers?.get('Nats-Stream')]).toEqual(['delta', 'TOK']);
  });
});

describe('what must not', () => {
  it('lets nobody empty a stream by making its receipt an order', async () => {
    const [gateway, inference, router] = [await as('gateway', 'GATE'), await as('inference'), await as('router')];
    const request = subjects.in('acme', 'run');
    for (let n = 0; n < 3; n++) await gateway.connection.request(request, 'kept', REQUEST);
    for (const verb of ['STREAM.PURGE', 'STREAM.MSG.DELETE', 'STREAM.DELETE', 'CONSUMER.DELETE']) {
      gateway.connection.publish(request, 'kept', {
        reply: `$JS.API.${verb}.IN${verb.startsWith('CONSUMER') ? '.guard-in' : ''}`,
      });
      await gateway.isPublishRefused(request, { reply: `$JS.API.${verb}.IN`, storeNothing: true });
    }
    await gateway.connection.request(request, 'kept', REQUEST);
    expect(await stored('GATE', 'IN')).toBe(8);
    expect((await (await administer('GATE')).consumers.info('IN', 'guard-in')).name).toBe('guard-in');

    const before = await stored('CORE', 'RUN_00');
    await router.connection.request(subjects.run('acme', RUN_ID), 'entry', REQUEST);
    for (let n = 0; n < 5; n++) await inference.connection.request(subjects.tok('acme', RUN_ID), 'delta', REQUEST);
    for (const verb of ['STREAM.PURGE', 'STREAM.MSG.DELETE']) {
      inference.connection.publish(subjects.tok('acme', RUN_ID), 'delta', { reply: `$JS.API.${verb}.RUN_00` });
    }
    await inference.connection.request(subjects.tok('acme', RUN_ID), 'delta', REQUEST);
    expect(await stored('CORE', 'RUN_00')).toBe(before + 1);
  });

  it('gives a tenant neither JetStream nor another tenant’s replies', async () => {
    const [acme, globex, guard] = [await asTenant('acme'), await asTenant('globex'), await as('guard', 'GATE')];
    for (const subject of [
      '$JS.API.INFO',
      '$JS.API.STREAM.LIST',
      '$JS.API.STREAM.CREATE.OWN',
      '$JS.API.STREAM.MSG.GET.IN',
    ]) {
      expect({ subject, refused: await acme.isPublishRefused(subject) }).toEqual({ subject, refused: true });
    }
    const repliesSeen: string[] = [];
    guard.connection.subscribe('sb.v1.ask.*.auth', {
      callback: (_, message) => {
        repliesSeen.push(message.reply ?? '');
        message.respond('for acme');
      },
    });
    await guard.connection.flush();
    const overheard: string[] = [];
    globex.connection.subscribe('_INBOX.>', { callback: (_, message) => void overheard.push(message.string()) });
    await globex.connection.flush();
    const answer = await acme.connection.request(subjects.ask('acme', 'auth'), '{}', REQUEST);
    acme.connection.publish(subjects.ask('acme', 'auth'), '{}', { reply: '_INBOX.of.globex' });
    await waitFor(() => repliesSeen.length === 2, { what: 'both questions' });
    await guard.connection.flush();
    await globex.connection.flush();
    expect([answer.string(), overheard]).toEqual(['for acme', []]);
    expect(repliesSeen.every((subject) => subject.startsWith('_R_.'))).toBe(true);
  });

  it('lets the gateway make no push consumer, whoever it would deliver to', async () => {
    const gateway = await as('gateway', 'GATE');
    const config = { deliver_subject: subjects.run('acme', RUN_ID), ack_policy: 'none', deliver_policy: 'all' };
    const body = JSON.stringify({ stream_name: 'IN', config });
    for (const end of ['IN', 'IN.evil', 'IN.evil.sb.v1.in.*.*']) {
      expect(await gateway.isPublishRefused(`$JS.API.CONSUMER.CREATE.${end}`, { body })).toBe(true);
    }
    expect(await gateway.isPublishRefused('$JS.API.CONSUMER.DURABLE.CREATE.IN.evil', { body })).toBe(true);
  });

  it('acknowledges nobody else’s work', async () => {
    const [router, toolRunner, inference] = [await as('router'), await as('tool-runner'), await as('inference')];
    await router.connection.request(subjects.workTool('t0', 'acme'), 'work', REQUEST);
    const inbox = '_INBOX_tool_runner.hold';
    const held: Msg[] = [];
    toolRunner.connection.subscribe(inbox, { callback: (_, message) => void held.push(message) });
    const next = '$JS.API.CONSUMER.MSG.NEXT.WORK_TOOL.tool-runner-default';
    toolRunner.connection.publish(next, JSON.stringify({ batch: 1, expires: 3_000_000_000 }), { reply: inbox });
    const message = await waitFor(() => held[0], { what: 'the work' });
    expect(await inference.isPublishRefused(message.reply ?? '')).toBe(true);
    // The long form that servers with a domain use must not pass for the short form of another consumer.
    await inference.isPublishRefused('$JS.ACK.WORK_TOOL.tool-runner-default.WORK_INFER.inference-default.1.1.1');
    const { num_ack_pending } = await (await administer('CORE')).consumers.info('WORK_TOOL', 'tool-runner-default');
    expect(num_ack_pending).toBe(1);
    await toolRunner.connection.request(message.reply ?? '', '', REQUEST);
  });

  it('lets the keys of one zone into no other', async () => {
    const gateway = await as('gateway', 'GATE');
    const names = new Set<string>();
    const core = await as('provisioner');
    await core.listen('sb.v1.>', RUN_ID, names);
    await gateway.isPublishRefused(subjects.run('acme', RUN_ID));
    await core.connection.flush();
    expect([...names]).toEqual([]);
  });
});

/** A subject of the channel's pattern. */
const example = ({ subject }: Channel): string => subject.replaceAll('*', 'probe');

const everyUser = ACCOUNTS.flatMap((account) =>
  ACCOUNT_SERVICES[account].map((service) => ({ service, account })),
).filter(({ service }) => service !== 'provisioner');

describe.each(everyUser)('$service in $account', ({ service, account }) => {
  const own = channelList.filter((channel) => channel.account === account);
  let probe: Probe;
  beforeAll(async () => {
    probe = await as(service, account);
  });

  it('publishes to its own channels and to no other', async () => {
    for (const channel of channelList) {
      const isOwn = own.includes(channel) && channel.publishers.includes(service);
      const refused = await probe.isPublishRefused(example(channel), { storeNothing: true });
      expect({ channel: channel.name, refused }).toEqual({ channel: channel.name, refused: !isOwn });
    }
  });

  it('hears its own channels and no other, each by its pattern, not by a wider one', async () => {
    // Audit alone hears all of CORE, to check what the gates let through; it may publish nothing for that.
    const samples = service === 'audit' && account === 'CORE' ? SAMPLED : [];
    for (const channel of channelList) {
      const isServed = channel.carrier.kind !== 'stream';
      const isHeard = isServed && own.includes(channel) && channel.subscribers.includes(service);
      const isOwn = isHeard || samples.length > 0;
      const refused = await probe.isSubscribeRefused(channel.subject);
      expect({ channel: channel.name, refused }).toEqual({ channel: channel.name, refused: !isOwn });
    }
    for (const wide of ['>', 'sb.>', 'sb.v1.>', '_R_.>', '$JS.>', '$KV.>', '$SYS.>', '_INBOX.>']) {
      const refused = !samples.includes(wide);
      expect({ wide, refused: await probe.isSubscribeRefused(wide) }).toEqual({ wide, refused });
    }
  });

  it('hears no inbox but its own, and answers only who may ask it', async () => {
    const askers = own
      .filter(({ carrier, subscribers }) => carrier.kind === 'request' && subscribers.includes(service))
      .flatMap(({ publishers }) => publishers);
    for (const other of ACCOUNT_SERVICES[account]) {
      const inbox = inboxPrefix(other);
      expect({ other, refused: await probe.isSubscribeRefused(`${inbox}.>`) }).toEqual({
        other,
        refused: other !== service,
      });
      const refused = await probe.isPublishRefused(`${inbox}.probe`);
      expect({ other, refused }).toEqual({ other, refused: !askers.includes(other) });
    }
  });

  it('takes its own work, reads its own streams and buckets, and writes its own buckets', async () => {
    const takes = new Set<string>(
      own.filter((c) => c.subscribers.includes(service)).flatMap((c) => consumerOf(c) ?? []),
    );
    for (const { durable, stream } of Object.values(CONSUMERS)) {
      const refused = await probe.isPublishRefused(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, {
        body: 'not a request',
      });
      expect({ durable, refused }).toEqual({
        durable,
        refused: !takes.has(durable) || CONSUMERS[durable].account !== account,
      });
    }
    for (const { name, stream } of streamReads) {
      const isReader = own.some((c) => c.name === name && c.subscribers.includes(service));
      const refused = await probe.isPublishRefused(`$JS.API.CONSUMER.CREATE.${stream}.probe`, {
        body: 'not a request',
      });
      expect({ stream, refused }).toEqual({ stream, refused: !isReader });
    }
    for (const { name, readers, writers } of Object.values(BUCKETS)) {
      const [isReader, isWriter] = [readers, writers].map(
        (list: readonly string[]) => account === 'CORE' && list.includes(service),
      );
      // A writer looks whether a write of unknown outcome landed.
      expect(await probe.isPublishRefused(`$JS.API.DIRECT.GET.KV_${name}.$KV.${name}.probe`), `read ${name}`).toBe(
        !isReader && !isWriter,
      );
      expect(await probe.isPublishRefused(`$KV.${name}.probe`, { storeNothing: true }), `write ${name}`).toBe(
        !isWriter,
      );
    }
  });

  it('puts objects and looks how full their stores are as the registry says, and learns nothing else of them', async () => {
    for (const { name, users, inspectors } of Object.values<ObjectStoreSpec>(OBJECT_STORES)) {
      const [isUser, isInspector] = [users, inspectors].map((list) => account === 'CORE' && list.includes(service));
      const refused = async (subject: string) => ({ subject, refused: await probe.isPublishRefused(subject) });
      const put = `$O.${name}.M.probe`;
      expect(await probe.isPublishRefused(put, { storeNothing: true }), put).toBe(!isUser);
      const info = `$JS.API.STREAM.INFO.${objectStream(name)}`;
      expect(await refused(info)).toEqual({ subject: info, refused: !isInspector });
      for (const verb of ['CONSUMER.CREATE', 'CONSUMER.NAMES', 'CONSUMER.LIST', 'STREAM.MSG.GET']) {
        const subject = `$JS.API.${verb}.${objectStream(name)}`;
        expect(await refused(subject)).toEqual({ subject, refused: true });
      }
    }
  });

  it('administers nothing', async () => {
    const verbs = ['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'MSG.GET', 'MSG.DELETE', 'SNAPSHOT', 'RESTORE'].map(
      (verb) => `STREAM.${verb}`,
    );
    for (const stream of [
      ...STREAMS.map(({ name }) => name),
      'KV_policy',
      'OBJ_artifacts',
      'OBJ_journals',
      'ANOTHER',
    ]) {
      for (const verb of verbs) {
        const subject = `$JS.API.${verb}.${stream}`;
        // The one thing that the archivist is for.
        if (service === 'archivist' && verb === 'STREAM.PURGE' && /^(RUN_|OBJ_journals)/.test(stream)) continue;
        expect({ subject, refused: await probe.isPublishRefused(subject, { body: 'not a request' }) }).toEqual({
          subject,
          refused: true,
        });
      }
    }
    for (const { stream, durable } of Object.values(CONSUMERS)) {
      for (const verb of [
        `DELETE.${stream}.${durable}`,
        `CREATE.${stream}.${durable}`,
        `DURABLE.CREATE.${stream}.other`,
      ]) {
        const subject = `$JS.API.CONSUMER.${verb}`;
        expect({ subject, refused: await probe.isPublishRefused(subject, { body: 'not a request' }) }).toEqual({
          subject,
          refused: true,
        });
      }
    }
    expect(await probe.isPublishRefused('$SYS.REQ.SERVER.PING')).toBe(true);
  });
});

/** Streams that are read without a durable, with the channel that says so. */
const streamReads = channelList.flatMap(({ name, carrier }) =>
  carrier.kind === 'stream' && carrier.consumer === undefined
    ? STREAMS.filter(
        (stream) => stream.name === carrier.stream || stream.name.startsWith(carrier.stream.replace('*', '')),
      ).map((stream) => ({
        name,
        stream: stream.name,
      }))
    : [],
);

function consumerOf({ carrier }: Channel): string | undefined {
  return carrier.kind === 'stream' ? carrier.consumer : undefined;
}

describe('a hole in the configuration', () => {
  const holes = [
    {
      hole: 'the gateway may write journals',
      alter: (config: string) => allow(config, 'gateway', 'publish', 'sb.v1.run.>'),
      found: 'publish to run of CORE',
    },
    {
      hole: 'the gateway hears the guard’s inbox',
      alter: (config: string) => allow(config, 'gateway', 'subscribe', '_INBOX_guard.>'),
      found: 'listen on _INBOX_guard.>',
    },
    {
      hole: 'the gateway may make consumers',
      alter: (config: string) => allow(config, 'gateway', 'publish', '$JS.API.CONSUMER.CREATE.IN'),
      found: 'call $JS.API.CONSUMER.CREATE.IN',
    },
    {
      hole: 'the guard answers anywhere',
      alter: (config: string) => allow(config, 'guard', 'publish', 'sb.v1.>'),
      found: 'send the answer of a service to sb.v1.in.globex.…',
    },
    {
      hole: 'a tenant may write for another',
      alter: (config: string) => allow(config, 'tenant-acme', 'publish', 'sb.v1.in.*.run'),
      found: 'publish inRun for another tenant',
    },
    {
      hole: 'GATE leaks into CORE',
      alter: (config: string) =>
        config
          .replace(/"GATE" \{\n(.*?)exports: \[/s, '"GATE" {\n$1exports: [\n{stream: "sb.v1.run.>"}')
          .replace('"CORE" {', '"CORE" {\nimports: [{stream: {account: GATE, subject: "sb.v1.run.>"}}]'),
      found: 'send the receipt of a stream to sb.v1.run.00.acme.…',
    },
    {
      hole: 'a listener is deaf',
      alter: (config: string) => config.replaceAll('"sb.v1.>"', '"sb.v1.nothing"'),
      found: 'hear what is said in CORE',
    },
  ];

  it.each(holes)('is found: $hole', async ({ alter, found }) => {
    let altered = false;
    const leaky = await startMesh({
      tenants: ['acme', 'globex'],
      alterConfig: (config) => {
        const after = alter(config);
        altered = after !== config;
        return after;
      },
    });
    try {
      expect(altered).toBe(true);
      const report = await selfTest({ url: leaky.url, keysDir: leaky.keysRoot, tenants: leaky.tenants });
      expect(report.ok).toBe(false);
      expect(report.attempts.filter(({ ok }) => !ok).map(({ what }) => what)).toContain(found);
    } finally {
      await leaky.stop();
    }
  });

  it('in which a tenant imports another’s subjects does not even load', async () => {
    const loading = startMesh({
      tenants: ['acme', 'globex'],
      alterConfig: (config) =>
        config.replace(
          '{service: {account: GATE, subject: "sb.v1.in.acme.run"}}',
          '{service: {account: GATE, subject: "sb.v1.in.globex.run"}}',
        ),
    });
    await expect(loading).rejects.toThrow(/did not start/);
  });
});

/** The configuration with one more permission for a user (its first block: GATE before CORE). */
function allow(config: string, user: string, kind: 'publish' | 'subscribe', subject: string): string {
  const start = config.indexOf(`# ${user}\n`);
  const list = config.indexOf('allow: [', config.indexOf(`${kind} {`, start)) + 'allow: ['.length;
  return `${config.slice(0, list)}\n${JSON.stringify(subject)}${config.slice(list)}`;
}
