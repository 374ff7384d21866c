import { type AccountName, inboxPrefix, type Right, rightsOf, type ServiceName, tenantSubjects } from '@signalbox/contracts';
import { apiRights } from './api-rights.js';

/** Allow lists of one NATS user. The server refuses the rest. */
export interface Permissions {
  publish: string[];
  subscribe: string[];
}

/** The least that a service's user needs in an account. */
export function permissionsOf(service: ServiceName, account: AccountName): Permissions {
  const rights = rightsOf(service, account).map(toPermissions);
  if (service === 'provisioner') rights.push(administration(account));
  return {
    publish: sorted(rights.flatMap((right) => right.publish)),
    subscribe: sorted(rights.flatMap((right) => right.subscribe)),
  };
}

/** A tenant's own system: its channels, and inboxes inside its own account, where nobody else is. */
export function tenantPermissions(tenant: string): Permissions {
  return {
    publish: sorted(tenantSubjects(tenant).map(({ subject }) => subject)),
    subscribe: ['_INBOX.>', `${inboxPrefix(`tenant-${tenant}`)}.>`],
  };
}

function toPermissions(right: Right): Permissions {
  switch (right.kind) {
    case 'publish':
      return { publish: [right.subject], subscribe: [] };
    case 'subscribe':
      return { publish: [], subscribe: [right.subject] };
    case 'answer':
      return { publish: [`${right.inbox}.>`], subscribe: [] };
    case 'work':
      return apiRights.work(right.stream, right.consumer);
    case 'read':
      return apiRights.read(right.stream, right.filter);
    case 'bucket-read':
      return apiRights.bucketRead(right.bucket);
    case 'bucket-write':
      return { publish: [`$KV.${right.bucket}.>`], subscribe: [] };
    case 'objects':
      return apiRights.objects(right.store);
  }
}

/** The one-shot provisioner makes streams, durables and buckets, and listens while the self-test attacks. */
function administration(account: AccountName): Permissions {
  const listens = account === 'CORE' ? ['sb.v1.>', '$KV.>'] : ['sb.v1.>'];
  return { publish: ['$JS.API.>'], subscribe: listens };
}

const sorted = (subjects: string[]): string[] => [...new Set(subjects)].toSorted();

