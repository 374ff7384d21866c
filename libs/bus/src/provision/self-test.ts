import { randomBytes } from 'node:crypto';
import { inboxPrefix, subjects } from '@signalbox/contracts';
import { connectService, connectTenant, type ServerAccess } from './user-connection.js';
import { type Forbidden, forbiddenOutside, forbiddenToTenant, HARMLESS_BODY } from './forbidden.js';
import { Probe } from './probe.js';

export interface SelfTestOptions extends ServerAccess {
  /** Two of them are used where there are two; at least one. */
  tenants: readonly string[];
}

export interface Attempt {
  /** Who tries it. */
  user: string;
  what: string;
  /** `works`: a control, without which the refusals would prove nothing. */
  expected: 'refused' | 'no effect' | 'works';
  outcome: 'refused' | 'no effect' | 'works' | 'GOT THROUGH' | 'BROKEN';
  ok: boolean;
}

export interface SelfTestReport {
  ok: boolean;
  attempts: Attempt[];
}

interface Cast {
  gateway: Probe;
  tenant: Probe;
  /** Answers every ask, to wherever the asker says, as a careless service would. */
  guard: Probe;
  listeners: Probe[];
  all: Probe[];
}

/**
 * Tries to get round the guard with the credentials of the gateway and of a tenant: straight into CORE, by replies of
 * the server and of a service, by consumers, by listening and by administration. Stores nothing and harms nothing,
 * so it may run on a living bus. `ok` is false when one attempt got through, or when a control did not work.
 */
export async function selfTest(options: SelfTestOptions): Promise<SelfTestReport> {
  const [tenant, other = 'nobody'] = options.tenants;
  if (tenant === undefined) return { ok: true, attempts: [] };
  const marker = `probe-${randomBytes(8).toString('hex')}`;
  const cast = await assemble(options, tenant);
  try {
    const heard = await listen(cast, marker);
    const attempts = [
      ...(await tryAll(cast.gateway, forbiddenOutside(tenant, marker))),
      ...(await tryAll(cast.tenant, forbiddenOutside(tenant, marker))),
      ...(await tryAll(cast.tenant, forbiddenToTenant(other))),
      ...(await tryReplies(cast, { tenant, other, marker }, heard)),
    ];
    return { ok: attempts.every(({ ok }) => ok), attempts };
  } finally {
    await Promise.all(cast.all.map(({ connection }) => connection.close()));
  }
}

async function assemble(options: SelfTestOptions, tenant: string): Promise<Cast> {
  const [gateway, asTenant, guard, ...listeners] = await Promise.all([
    connectService(options, 'gateway', 'GATE').then((connection) => new Probe('gateway', connection)),
    connectTenant(options, tenant).then((connection) => new Probe(`tenant ${tenant}`, connection)),
    connectService(options, 'guard', 'GATE').then((connection) => new Probe('guard', connection)),
    connectService(options, 'provisioner', 'CORE').then((connection) => new Probe('provisioner', connection)),
    connectService(options, 'provisioner', 'GATE').then((connection) => new Probe('provisioner', connection)),
    connectService(options, 'router', 'CORE').then((connection) => new Probe('router', connection)),
  ]);
  return { gateway, tenant: asTenant, guard, listeners, all: [gateway, asTenant, guard, ...listeners] };
}

/** Subjects that held the marker, by the account in which they were heard. */
interface Heard {
  CORE: Set<string>;
  GATE: Set<string>;
}

/** Listens where nothing may arrive: all of CORE's subjects, a trusted inbox, and GATE's own. */
async function listen({ guard, listeners: [core, gate, router] }: Cast, marker: string): Promise<Heard> {
  const heard: Heard = { CORE: new Set(), GATE: new Set() };
  await Promise.all([
    core?.listen('sb.v1.>', marker, heard.CORE),
    core?.listen('$KV.>', marker, heard.CORE),
    router?.listen(`${inboxPrefix('router')}.>`, marker, heard.CORE),
    gate?.listen('sb.v1.>', marker, heard.GATE),
  ]);
  guard.connection.subscribe('sb.v1.ask.*.status', {
    // Real questions have a body, and their own answer.
    callback: (error, message) => void (error ?? (message.data.length > 0 || message.respond('{}'))),
  });
  await guard.connection.flush();
  return heard;
}

async function tryAll(probe: Probe, forbidden: Forbidden): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  for (const { what, subject } of forbidden.publish) {
    attempts.push(
      judge(probe, what, 'refused', await probe.isPublishRefused(subject, { body: HARMLESS_BODY, storeNothing: true })),
    );
  }
  for (const { what, subject, queue } of forbidden.subscribe) {
    attempts.push(judge(probe, what, 'refused', await probe.isSubscribeRefused(subject, queue)));
  }
  return attempts;
}

interface Names {
  tenant: string;
  other: string;
  marker: string;
}

/** Makes the server, then a service, answer to where the asker may not write, and looks whether it arrived. */
async function tryReplies(cast: Cast, names: Names, heard: Heard): Promise<Attempt[]> {
  const stored = subjects.in(names.tenant, 'cancel');
  const asked = subjects.ask(names.tenant, 'status');
  const attempts: Attempt[] = [];
  for (const probe of [cast.gateway, cast.tenant]) {
    // Within GATE the server itself answers anywhere, and the gateway may write for all tenants there: only what
    // reaches CORE counts. A tenant's reply, and any answer of a service, may reach nothing in GATE either.
    const receiptTargets =
      probe === cast.tenant ? [...coreTargets(names), ...foreignTargets(names)] : coreTargets(names);
    for (const reply of receiptTargets) await probe.isPublishRefused(stored, { reply, storeNothing: true });
    // Receipts and answers come in order: when the control's is here, those of the attempts have been sent.
    attempts.push(judge(probe, 'get the receipt of a stream', 'works', await probe.isReceiptGiven(stored)));
    const places = probe === cast.tenant ? [heard.CORE, heard.GATE] : [heard.CORE];
    attempts.push(...(await arrivals(cast, probe, 'the receipt of a stream', receiptTargets, places)));
    heard.GATE.clear();

    const answerTargets = [...coreTargets(names), ...foreignTargets(names)];
    for (const reply of answerTargets) await probe.isPublishRefused(asked, { reply });
    attempts.push(judge(probe, 'get the answer of a service', 'works', await probe.isAnswered(asked)));
    attempts.push(...(await arrivals(cast, probe, 'the answer of a service', answerTargets, [heard.CORE, heard.GATE])));
  }
  return [...attempts, ...(await controls(cast, names, heard))];
}

const coreTargets = ({ tenant, marker }: Names): string[] => [
  `sb.v1.run.00.${tenant}.${marker}`,
  `sb.v1.work.tool.any.${marker}`,
  `$KV.policy.${marker}`,
  `${inboxPrefix('router')}.${marker}`,
];

const foreignTargets = ({ other, marker }: Names): string[] => [
  `sb.v1.in.${other}.${marker}`,
  `sb.v1.ask.${other}.${marker}`,
];

async function arrivals(
  { listeners }: Cast,
  probe: Probe,
  what: string,
  targets: string[],
  places: Set<string>[],
): Promise<Attempt[]> {
  await Promise.all(listeners.map(({ connection }) => connection.flush()));
  return targets.map((target) => {
    const arrived = places.some((place) => place.has(target));
    return judge(probe, `send ${what} to ${target.slice(0, target.lastIndexOf('.'))}.…`, 'no effect', !arrived);
  });
}

/** The listeners must be able to hear: a subject said without being stored, and the server's answer in a trusted inbox. */
async function controls({ gateway, listeners }: Cast, { tenant, marker }: Names, heard: Heard): Promise<Attempt[]> {
  const [core, gate, router] = listeners;
  if (!core || !gate || !router) return [];
  const subject = `sb.v1.audit.selftest.${marker}`;
  await core.isPublishRefused(subject, { storeNothing: true });
  const inbox = `${inboxPrefix('router')}.${marker}-control`;
  await router.isPublishRefused(subject, { reply: inbox, storeNothing: true });
  await router.isReceiptGiven(subject);
  const inGate = `sb.v1.selftest.${marker}`;
  await gateway.isPublishRefused(subjects.in(tenant, 'cancel'), { reply: inGate, storeNothing: true });
  await gateway.isReceiptGiven(subjects.in(tenant, 'cancel'));
  await Promise.all(listeners.map(({ connection }) => connection.flush()));
  return [
    judge(core, 'hear what is said in CORE', 'works', heard.CORE.has(subject)),
    judge(router, 'hear what comes to its inbox', 'works', heard.CORE.has(inbox)),
    judge(gate, 'hear what is said in GATE', 'works', heard.GATE.has(inGate)),
  ];
}

function judge(probe: Probe, what: string, expected: Attempt['expected'], ok: boolean): Attempt {
  const failed = expected === 'works' ? 'BROKEN' : 'GOT THROUGH';
  return { user: probe.name, what, expected, outcome: ok ? expected : failed, ok };
}
