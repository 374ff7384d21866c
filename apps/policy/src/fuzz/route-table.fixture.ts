import { KINDS } from '../storage/policy.repository.js';

/** Who may call each operation: `public`, or a role and what it must be held in. The fuzz holds the live API against it. */
export const ROUTE_TABLE: Record<string, string> = {
  'GET /admin/v1/openapi.json': 'public',
  'GET /admin/v1/whoami': 'reader any',
  'GET /admin/v1/changes': 'reader mesh',
  'GET /admin/v1/admin-keys': 'admin any',
  'POST /admin/v1/admin-keys': 'admin any',
  'GET /admin/v1/admin-keys/{id}': 'admin any',
  'PUT /admin/v1/admin-keys/{id}': 'admin any',
  'DELETE /admin/v1/admin-keys/{id}': 'admin any',
  'POST /admin/v1/admin-keys/{id}/rotate': 'admin any',
  'GET /admin/v1/users': 'admin mesh',
  'POST /admin/v1/users': 'admin mesh',
  'GET /admin/v1/users/{id}': 'admin mesh',
  'PUT /admin/v1/users/{id}': 'admin mesh',
  'DELETE /admin/v1/users/{id}': 'admin mesh',
  'GET /admin/v1/tenants': 'reader any',
  'POST /admin/v1/tenants': 'admin mesh',
  ...ofTenant({
    'GET ': 'reader',
    'GET /bundle': 'reader',
    'POST /publish': 'author',
    'GET /changes': 'reader',
    'GET /limits': 'reader',
    'PUT /limits': 'admin',
    'GET /tools/{id}/cedar-schema': 'reader',
    'POST /policies/{id}/validate': 'reader',
    'GET /schedules': 'reader',
    'GET /schedules/{id}': 'reader',
    'PUT /schedules/{id}': 'author',
    'DELETE /schedules/{id}': 'author',
    'GET /schedules/{id}/upcoming': 'reader',
    'POST /schedules/{id}/enable': 'author',
    'POST /schedules/{id}/disable': 'author',
    'GET /review': 'reader',
    'PUT /review': 'admin',
    'GET /drafts': 'reader',
    'POST /drafts': 'author',
    'GET /drafts/{id}': 'reader',
    'PUT /drafts/{id}/changes': 'author',
    'POST /drafts/{id}/rebase': 'author',
    'POST /drafts/{id}/validate': 'reader',
    'POST /drafts/{id}/approve': 'approver',
    'POST /drafts/{id}/publish': 'author',
    'DELETE /drafts/{id}': 'author',
    'POST /drafts/{id}/dry-run': 'reader',
    'GET /shadow': 'reader',
    'POST /drafts/{id}/shadow': 'author',
    'POST /drafts/{id}/unshadow': 'author',
    'GET /recheck': 'reader',
    'GET /bundles': 'reader',
    'GET /bundles/{version}': 'reader',
    'GET /bundles/{version}/diff': 'reader',
    'POST /bundles/{version}/rollback': 'author',
    'POST /tests/run': 'reader',
    'GET /redaction/classes': 'reader',
    'POST /redaction/try': 'reader',
    'POST /redaction/compare': 'reader',
    'GET /vault': 'reader',
    'POST /vault/rotation': 'admin',
    'DELETE /vault/subjects/{subject}': 'admin',
    'POST /keys': 'admin',
    'POST /keys/{id}/rotate': 'admin',
    ...Object.fromEntries(
      KINDS.flatMap((kind) => {
        const changed = kind === 'keys' ? 'admin' : 'author';
        return [
          [`GET /${kind}`, 'reader'],
          [`GET /${kind}/{id}`, 'reader'],
          [`PUT /${kind}/{id}`, changed],
          [`DELETE /${kind}/{id}`, changed],
        ];
      }),
    ),
  }),
};

/** Below `/admin/v1/tenants/{tenant}`. */
function ofTenant(routes: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(routes).map(([route, role]) => {
      const [method, path] = route.split(' ');
      return [`${method} /admin/v1/tenants/{tenant}${path}`, `${role} tenant`];
    }),
  );
}
