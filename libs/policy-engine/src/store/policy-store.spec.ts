import { describe, expect, it } from 'vitest';
import { bytesOf, faultOf, HOUR_MS, keys, NOW, signed, tool } from '../bundle.fixture.js';
import { floorMemory, type FloorPort } from './floor.js';
import { type PolicyEvent, PolicyStore } from './policy-store.js';
import { type WatchableBucket, watchBundles, type WatchedEntry } from './watch-bundles.js';

function storeAt(clock = { now: NOW }, floors: FloorPort = floorMemory()): PolicyStore {
  return new PolicyStore({ publicKey: keys.publicKey, floors, now: () => clock.now });
}

const outcome = (event: PolicyEvent): string =>
  event.type === 'accepted' ? `v${event.bundle.version}` : String(event.fault.details['reason'] ?? event.fault.code);

describe('PolicyStore', () => {
  it('has nothing in force at first, then the bundle that was offered', () => {
    const store = storeAt();
    expect(faultOf(() => store.forTenant('demo'))).toBe('BUNDLE_MISSING');
    expect(outcome(store.offer('demo', bytesOf(signed())))).toBe('v1');
    expect(store.forTenant('demo').bundle).toEqual({ version: 1, hash: signed().hash });
    expect(faultOf(() => store.forTenant('other'))).toBe('BUNDLE_MISSING');
    expect(store.tenants()).toEqual(['demo']);
  });

  it('keeps the last good one when what comes is bad, older, foreign or a fork', () => {
    const store = storeAt();
    const good = signed({ version: 5 });
    store.offer('demo', bytesOf(good));
    expect(outcome(store.offer('demo', new Uint8Array([0xff, 0xfe])))).toBe('format');
    expect(outcome(store.offer('demo', bytesOf({ ...good, hash: 'a'.repeat(64) })))).toBe('hash');
    expect(outcome(store.offer('demo', bytesOf(signed({ version: 4 }))))).toBe('rollback');
    expect(
      outcome(store.offer('demo', bytesOf(signed({ version: 5, tools: [tool('read'), tool('write'), tool('more')] })))),
    ).toBe('fork');
    expect(outcome(store.offer('demo', bytesOf(signed({ version: 6, tenant: 'other' }))))).toBe('tenant');
    expect(outcome(store.offer('demo', bytesOf(signed({ version: 6, models: [] }))))).toBe('schema');
    expect(store.forTenant('demo').bundle.version).toBe(5);
    expect(outcome(store.offer('demo', bytesOf(good)))).toBe('v5');
    expect(outcome(store.offer('demo', bytesOf(signed({ version: 9 }))))).toBe('v9');
  });

  it('denies once the last good bundle has expired, until a new one comes', () => {
    const clock = { now: NOW };
    const store = storeAt(clock);
    store.offer('demo', bytesOf(signed()));
    clock.now += 24 * HOUR_MS;
    expect(faultOf(() => store.forTenant('demo'))).toBe('BUNDLE_INVALID expired');
    expect(outcome(store.offer('demo', bytesOf(signed())))).toBe('expired');
    store.offer('demo', bytesOf(signed({ version: 2, issuedAt: clock.now, expiresAt: clock.now + HOUR_MS })));
    expect(store.forTenant('demo').bundle.version).toBe(2);
  });

  it('refuses after a restart what is older than it saw before', () => {
    const floors = floorMemory();
    storeAt({ now: NOW }, floors).offer('demo', bytesOf(signed({ version: 7 })));
    const restarted = storeAt({ now: NOW }, floors);
    expect(outcome(restarted.offer('demo', bytesOf(signed({ version: 6 }))))).toBe('rollback');
    expect(faultOf(() => restarted.forTenant('demo'))).toBe('BUNDLE_MISSING');
    expect(outcome(restarted.offer('demo', bytesOf(signed({ version: 7 }))))).toBe('v7');
  });

  it('does not raise the floor for what it refuses', () => {
    const floors = floorMemory();
    const store = storeAt({ now: NOW }, floors);
    store.offer('demo', bytesOf(signed({ version: 99, expiresAt: NOW - 1 })));
    store.offer('demo', bytesOf({ ...signed({ version: 98 }), signature: 'AAAA' }));
    expect(floors.load('demo')).toBeUndefined();
    expect(outcome(store.offer('demo', bytesOf(signed())))).toBe('v1');
  });

  it('takes a newer bundle even if the floor cannot be kept, and says so', () => {
    const full: FloorPort = {
      load: () => undefined,
      save: () => {
        throw new Error('disk full');
      },
    };
    const event = storeAt({ now: NOW }, full).offer('demo', bytesOf(signed()));
    expect(event).toMatchObject({ type: 'accepted', floorFault: { code: 'STORE_UNAVAILABLE' } });
  });

  it('tells its listeners until they stop', () => {
    const store = storeAt();
    const heard: string[] = [];
    const listener = store.listen((event) => heard.push(outcome(event)));
    store.offer('demo', bytesOf(signed({ version: 2 })));
    store.offer('demo', bytesOf(signed({ version: 1 })));
    listener.stop();
    store.offer('demo', bytesOf(signed({ version: 3 })));
    expect(heard).toEqual(['v2', 'rollback']);
  });
});

describe('watchBundles', () => {
  it('feeds the store from the bucket, and forgets nothing when a key is deleted', () => {
    const store = storeAt();
    let say: (entry: WatchedEntry) => void = () => undefined;
    let stopped = false;
    const bucket: WatchableBucket = {
      watch: (_filter, handler) => ((say = handler), { stop: () => void (stopped = true) }),
    };
    const watch = watchBundles(bucket, store);
    say({ key: 'demo.other', value: bytesOf(signed()) });
    say({ key: 'Bad Tenant.bundle', value: bytesOf(signed()) });
    expect(store.tenants()).toEqual([]);
    say({ key: 'demo.bundle', value: bytesOf(signed()) });
    say({ key: 'demo.bundle', value: null });
    expect(store.forTenant('demo').bundle.version).toBe(1);
    watch.stop();
    expect(stopped).toBe(true);
  });
});
